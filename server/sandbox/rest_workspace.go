package sandbox

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
)

func taskRouterRoutes(get, post, del func(string, handler)) {
	const ws = "/v1/Workspaces/{WorkspaceSid}"
	get("/v1/Workspaces", restListWorkspaces)
	get("/v1/Workspaces/{Sid}", restFetchWorkspace)
	post("/v1/Workspaces/{Sid}", restUpdateWorkspace)
	get(ws+"/Activities", restListActivities)
	post(ws+"/Activities", restCreateActivity)
	get(ws+"/Activities/{Sid}", restFetchActivity)
	get(ws+"/TaskChannels", restListTaskChannels)
	get(ws+"/TaskChannels/{Sid}", restFetchTaskChannel)
	get(ws+"/Events", restListEvents)
	get(ws+"/Events/{Sid}", restFetchEvent)
	workerRoutes(get, post, del)
	queueRoutes(get, post, del)
	taskRoutes(get, post, del)
}

func itoa(n int) string { return strconv.Itoa(n) }

// workspace is the account's workspace as something that a list can show.
type workspace struct{ entity }

func restListWorkspaces(a *Account, c *call) (answer, error) {
	only := []*workspace{{entity{sid: a.workspaceSID, seq: 1}}}
	if name := c.query.Get("FriendlyName"); name != "" && name != a.store.workspaceName {
		only = nil
	}
	return answerList(c, "workspaces", slices.Values(only), func(*workspace) Workspace { return a.viewWorkspace() })
}

func restFetchWorkspace(a *Account, c *call) (answer, error) {
	if c.value("Sid") != a.workspaceSID {
		return answer{}, c.notFound()
	}
	return answer{body: a.viewWorkspace()}, nil
}

func restUpdateWorkspace(a *Account, c *call) (answer, error) {
	if c.value("Sid") != a.workspaceSID {
		return answer{}, c.notFound()
	}
	defaultActivity, timeoutActivity := a.store.defaultActivity, a.store.timeoutActivity
	for name, to := range map[string]**activity{"DefaultActivitySid": &defaultActivity, "TimeoutActivitySid": &timeoutActivity} {
		if sid := c.form.Get(name); sid != "" {
			v, ok := a.store.activities.get(sid)
			if !ok {
				return answer{}, invalid("%s %q does not exist", name, sid)
			}
			*to = v
		}
	}
	order := c.form.Get("PrioritizeQueueOrder")
	if order != "" && order != "FIFO" && order != "LIFO" {
		return answer{}, invalid("PrioritizeQueueOrder %q is not one of FIFO, LIFO", order)
	}
	address := c.optional("EventCallbackUrl")
	if address != nil && *address != "" && !strings.HasPrefix(*address, "http://") && !strings.HasPrefix(*address, "https://") {
		return answer{}, invalid("EventCallbackUrl is not a valid URL")
	}
	a.store.defaultActivity, a.store.timeoutActivity = defaultActivity, timeoutActivity
	if order != "" {
		a.store.queueOrder = order
	}
	if address != nil {
		a.webhooks.taskRouter.url = *address
	}
	if c.has("EventsFilter") {
		a.webhooks.taskRouter.events = splitComma(c.form.Get("EventsFilter"))
	}
	if name := c.form.Get("FriendlyName"); name != "" {
		a.store.workspaceName = name
	}
	a.store.workspaceUpdate = a.now()
	return answer{body: a.viewWorkspace()}, nil
}

func splitComma(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func restListActivities(a *Account, c *call) (answer, error) {
	name, available := c.query.Get("FriendlyName"), c.query.Get("Available")
	wanted := keep(a.store.activities.all(), func(v *activity) bool {
		return (name == "" || v.name == name) && (available == "" || strconv.FormatBool(v.available) == strings.ToLower(available))
	})
	return answerList(c, "activities", wanted, a.viewActivity)
}

func restFetchActivity(a *Account, c *call) (answer, error) {
	v, ok := a.store.activities.get(c.value("Sid"))
	if !ok {
		return answer{}, c.notFound()
	}
	return answer{body: a.viewActivity(v)}, nil
}

func restCreateActivity(a *Account, c *call) (answer, error) {
	name, err := c.required("FriendlyName")
	if err != nil {
		return answer{}, err
	}
	available, err := c.boolean("Available", false)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: a.viewActivity(a.addActivity("", name, available))}, nil
}

func restListTaskChannels(a *Account, c *call) (answer, error) {
	return answerList(c, "channels", a.store.taskChannels.all(), a.viewTaskChannel)
}

func restFetchTaskChannel(a *Account, c *call) (answer, error) {
	v := a.taskChannelNamed(c.value("Sid"))
	if v == nil {
		return answer{}, c.notFound()
	}
	return answer{body: a.viewTaskChannel(v)}, nil
}

// eventView is the REST shape of a TaskRouter event.
type eventView struct {
	AccountSID      string         `json:"account_sid"`
	ActorSID        *string        `json:"actor_sid"`
	ActorType       *string        `json:"actor_type"`
	ActorURL        *string        `json:"actor_url"`
	Description     string         `json:"description"`
	EventData       map[string]any `json:"event_data"`
	EventDate       string         `json:"event_date"`
	EventDateMS     int64          `json:"event_date_ms"`
	EventType       string         `json:"event_type"`
	ResourceSID     string         `json:"resource_sid"`
	ResourceType    string         `json:"resource_type"`
	ResourceURL     *string        `json:"resource_url"`
	SID             string         `json:"sid"`
	Source          string         `json:"source"`
	SourceIPAddress string         `json:"source_ip_address"`
	URL             string         `json:"url"`
	WorkspaceSID    string         `json:"workspace_sid"`
}

func (a *Account) viewEvent(e *event) eventView {
	ws := a.workspaceURL()
	actor := "workspace"
	return eventView{
		AccountSID: a.accountSID, ActorSID: &a.workspaceSID, ActorType: &actor, ActorURL: &ws,
		Description: e.description(), EventData: e.eventData(), EventDate: stamp(e.created),
		EventDateMS: e.created.UnixMilli(), EventType: e.kind, ResourceSID: e.resourceSID, ResourceType: e.resourceType,
		SID: e.sid, Source: "twilio", SourceIPAddress: "127.0.0.1", URL: ws + "/Events/" + e.sid,
		WorkspaceSID: a.workspaceSID,
	}
}

// restListEvents shows the newest first; without dates it goes back 4 hours, as Twilio's does.
func restListEvents(a *Account, c *call) (answer, error) {
	from, err := c.queryTime("StartDate")
	if err != nil {
		return answer{}, err
	}
	to, err := c.queryTime("EndDate")
	if err != nil {
		return answer{}, err
	}
	minutes := 240
	if text := c.query.Get("Minutes"); text != "" {
		if minutes, err = strconv.Atoi(text); err != nil || minutes < 0 {
			return answer{}, invalid("Minutes must be a number")
		}
	}
	if from.IsZero() {
		from = a.now().Add(-time.Duration(minutes) * time.Minute)
	}
	is := func(parameter, got string) bool { v := c.query.Get(parameter); return v == "" || v == got }
	wanted := keep(a.store.events.newestFirst, func(e *event) bool {
		return !e.created.Before(from) && (to.IsZero() || !e.created.After(to)) && is("EventType", e.kind) &&
			is("Sid", e.sid) && e.concerns(is)
	})
	return answerListBy(c, "events", wanted, a.viewEvent, true)
}

// concerns asks, for each filter of the list, whether the event is about that object.
func (e *event) concerns(is func(parameter, got string) bool) bool {
	var task, queue, workflow, channel, worker, reservation string
	if f := e.task; f != nil {
		task, channel = f.task.sid, f.task.channel.uniqueName
		if f.queue != nil {
			queue = f.queue.sid
		}
		if f.task.workflow != nil {
			workflow = f.task.workflow.sid
		}
	}
	if e.queue != nil {
		queue = e.queue.sid
	}
	if e.worker != nil {
		worker = e.worker.worker.sid
	}
	if e.reservation != nil {
		reservation = e.reservation.sid
	}
	return is("TaskSid", task) && is("TaskQueueSid", queue) && is("WorkflowSid", workflow) && is("TaskChannel", channel) &&
		is("WorkerSid", worker) && is("ReservationSid", reservation)
}

func restFetchEvent(a *Account, c *call) (answer, error) {
	for e := range iter.Seq[*event](a.store.events.newestFirst) {
		if e.sid == c.value("Sid") {
			return answer{body: a.viewEvent(e)}, nil
		}
	}
	return answer{}, c.notFound()
}

// parseWorkerExpression reads an expression about workers from the query.
func parseWorkerExpression(c *call, parameter string) (*expression.Expression, error) {
	source := c.query.Get(parameter)
	if source == "" {
		return nil, nil
	}
	e, err := expression.Parse(source)
	if err != nil {
		return nil, invalid("%s is not a valid expression: %v", parameter, err)
	}
	return e, nil
}
