package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// player plays one golden case.
type player struct {
	*rig
	made []string // the transfers that the steps made
	by   []string // and who asked for each
	// participants are those with whom the world begins.
	participants []sandbox.InteractionParticipant
}

func newPlayer(r *rig) *player {
	return &player{rig: r, participants: r.account.Snapshot().InteractionParticipants}
}

// play lets the step happen before the golden case's request.
func (p *player) play(s goldenStep) {
	p.Helper()
	switch s.Do {
	case "join": // the world begins with them
	case "activity":
		p.setActivity(s.Worker, s.Activity)
		// The backend hears of it from Twilio.
		p.eventually("the roster has heard", func() bool {
			w, _ := p.backend.roster.Known(p.worker(s.Worker).SID)
			return w.ActivityName == s.Activity
		})
	case "wrapup":
		res, _ := p.reservation(s.Worker, "accepted")
		if _, err := p.account.WrapUp(res.SID); err != nil {
			p.Fatal(err)
		}
	case "close": // and complete the tasks
		closeChannel(p.rig)
	case "call":
		p.takeCall(s.Worker)
	case "attributes":
		p.setAttributes(p.taskOf(s.Worker), s.Set)
	case "worker-attributes":
		p.setWorkerAttributes(s.Worker, s.Set)
	case "transfer", "transfer-held":
		p.transfer(s)
	case "accept":
		p.accept(s.Worker)
		p.last("completed")
	case "cancel":
		p.mustPost(s.By, "/v1/transfers/"+p.made[len(p.made)-1]+"/cancel", p.asking(s.By), 200)
		p.last("canceled")
	case "leave", "leave-held":
		p.leave(s)
	default:
		p.Fatalf("unknown step %q", s.Do)
	}
}

// transfer makes a transfer and waits until its target is asked; one that is
// held has its agent still in: the removal gets no answer.
func (p *player) transfer(s goldenStep) {
	p.Helper()
	phase := "ringing"
	if s.Do == "transfer-held" {
		p.hangRemovals()
		phase = "leaving"
	}
	body := s.To.body(p.rig, p.taskOf(s.By))
	if s.Mode != "" {
		body["mode"] = s.Mode
	}
	if s.LeaveOn != "" {
		body["leaveOn"] = s.LeaveOn
	}
	a := p.mustPost(s.By, "/v1/transfers", body, 201)
	p.made, p.by = append(p.made, a.id()), append(p.by, s.By)
	p.last(phase)
}

// leave lets a worker leave; one who is held has asked and is still in.
func (p *player) leave(s goldenStep) {
	p.Helper()
	body := p.asking(s.Worker)
	body["kind"] = "leave"
	if s.Do == "leave" {
		p.mustPost(s.Worker, "/v1/departures", body, 201)
		return
	}
	p.hangRemovals()
	// The answer takes as long as an agent may be kept waiting.
	p.mustPost(s.Worker, "/v1/departures", body, 202)
}

// hangRemovals lets Twilio not answer when a participant is removed.
func (p *player) hangRemovals() {
	p.Helper()
	if err := p.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Product: sandbox.ProductFlex, Method: "POST", Path: pathParticipant},
		Do: sandbox.Action{Kind: sandbox.FaultHang}}); err != nil {
		p.Fatal(err)
	}
}

// last waits until the last transfer is in the phase.
func (p *player) last(phase string) {
	p.Helper()
	i := len(p.made) - 1
	p.phase(p.by[i], p.made[i], phase)
}

// asking is the part of a request that is common to all.
func (p *player) asking(worker string) map[string]any {
	p.Helper()
	return map[string]any{
		"wire": 1, "rules": "test", "interactionSid": p.conv.interaction, "interactionChannelSid": p.conv.channel, "taskSid": p.taskOf(worker),
	}
}

func (p *player) mustPost(worker, path string, body map[string]any, status int) answer {
	p.Helper()
	a := p.sendUntilAnswered("POST", path, p.json(body), p.header(worker, "before "+strconv.Itoa(len(p.made))))
	if a.status != status && (status != http.StatusCreated || !a.begun()) {
		p.Fatalf("%s: %d %s", path, a.status, a.text)
	}
	return a
}

func (p *player) json(v any) string {
	p.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		p.Fatal(err)
	}
	return string(text)
}

func (p *player) header(worker, key string) map[string]string {
	p.Helper()
	return map[string]string{"Authorization": "Bearer " + p.token(worker), "Content-Type": "application/json", "Idempotency-Key": key}
}

// participant is the SID of a worker or the customer who was in the conversation
// as it began; a SID is itself.
func (p *player) participant(who string) string {
	p.Helper()
	if strings.HasPrefix(who, "UT") {
		return who
	}
	for _, in := range p.participants {
		if who == in.Type || in.RoutingProperties != nil && who != "customer" && in.RoutingProperties.WorkerSID == p.worker(who).SID {
			return in.SID
		}
	}
	p.Fatalf("%s is not in the conversation", who)
	return ""
}

// check waits until the conversation stands so.
func (g *goldenAfter) check(p *player, s *goldenServer, a answer) {
	p.Helper()
	if done := s.Action == "cancel" && a.status == http.StatusOK || s.Action != "cancel" && a.begun(); !done {
		p.Fatalf("%d %s", a.status, a.text)
	}
	want := []string{}
	for _, name := range g.Agents {
		want = append(want, p.worker(name).SID)
	}
	slices.Sort(want)
	p.eventually(fmt.Sprintf("%v are in, and the channel is %s", g.Agents, g.Channel), func() bool {
		now, in := p.account.Snapshot(), []string{}
		for _, x := range now.InteractionParticipants {
			if x.RoutingProperties != nil && now.InteractionChannels[0].Status == "active" {
				in = append(in, x.RoutingProperties.WorkerSID)
			}
		}
		slices.Sort(in)
		return slices.Equal(in, want) && now.InteractionChannels[0].Status == g.Channel
	})
	if g.Transfer != "" {
		id := s.transferID(p)
		p.phase(p.by[slices.Index(p.made, id)], id, g.Transfer)
	}
}

// setWorkerAttributes replaces members of a worker's attributes, and waits until
// the backend has heard of it.
func (p *player) setWorkerAttributes(worker string, set map[string]any) {
	p.Helper()
	w := p.worker(worker)
	attributes := p.merged(w.Attributes, set)
	p.twilio("https://taskrouter.twilio.com/v1/Workspaces/"+p.account.WorkspaceSID()+"/Workers/"+w.SID, "Attributes", attributes)
	p.eventually("the roster has heard", func() bool {
		known, _ := p.backend.roster.Known(w.SID)
		for key := range set {
			if !strings.Contains(known.Attributes, key) {
				return false
			}
		}
		return true
	})
}

// merged are attributes in which members are replaced.
func (r *rig) merged(text string, set map[string]any) string {
	r.Helper()
	var attributes map[string]any
	if err := json.Unmarshal([]byte(text), &attributes); err != nil {
		r.Fatal(err)
	}
	maps.Copy(attributes, set)
	changed, err := json.Marshal(attributes)
	if err != nil {
		r.Fatal(err)
	}
	return string(changed)
}

// setAttributes replaces members of a task's attributes, as a program beside
// the backend would.
func (r *rig) setAttributes(taskSID string, set map[string]any) {
	r.Helper()
	for _, task := range r.account.Snapshot().Tasks {
		if task.SID != taskSID {
			continue
		}
		r.twilio("https://taskrouter.twilio.com/v1/Workspaces/"+r.account.WorkspaceSID()+"/Tasks/"+taskSID, "Attributes", r.merged(task.Attributes, set))
		return
	}
	r.Fatalf("there is no task %s", taskSID)
}

// takeCall lets the worker accept a call, which is a task without a
// conversation.
func (r *rig) takeCall(worker string) {
	r.Helper()
	path := "https://taskrouter.twilio.com/v1/Workspaces/" + r.account.WorkspaceSID() + "/Tasks"
	call := r.twilio(path, "TaskChannel", "voice", "WorkflowSid", r.account.WorkflowSID("Assign to Anyone"), "Attributes", `{"call_sid":"CA1"}`)
	sid, _ := call["sid"].(string)
	for range 10 {
		for _, res := range r.account.Snapshot().Reservations {
			if res.TaskSID != sid || res.ReservationStatus != "pending" {
				continue
			}
			act := r.account.RejectReservation
			if res.WorkerName == worker {
				act = r.account.AcceptReservation
			}
			if _, err := act(res.SID); err != nil {
				r.Fatal(err)
			}
			if res.WorkerName == worker {
				return
			}
		}
	}
	r.Fatalf("%s is not called", worker)
}

func (g goldenTarget) body(r *rig, taskSID string) map[string]any {
	switch {
	case g.Worker != "":
		return r.body(taskSID, "worker", r.worker(g.Worker).SID)
	case g.Queue != "":
		return r.body(taskSID, "queue", r.queue(g.Queue))
	case strings.HasPrefix(g.SID, "WQ"):
		return r.body(taskSID, "queue", g.SID)
	}
	return r.body(taskSID, "worker", g.SID)
}
