package app

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The addresses that plugins call. Source: the Flex project template.
const (
	dropInInvite     = "/features/conversation-transfer/flex/invite-participant"
	dropInRemove     = "/features/conversation-transfer/flex/remove-participant"
	dropInAttributes = "/common/flex/conversations/update-attributes"
	dropInStatus     = "/common/flex/taskrouter/update-task-assignment-status"
	dropInQueues     = "/common/flex/taskrouter/get-queues"
	dropInSample     = "/transferConversation"
)

// dropInRig is a backend with the drop-in switched on.
func dropInRig(t *testing.T, agents ...string) *rig {
	t.Helper()
	return dropInRigOn(t, nil, agents...)
}

// dropInRigOn is the same on a ledger.
func dropInRigOn(t *testing.T, l ledger.Ledger, agents ...string) *rig {
	t.Helper()
	return dropInRigWith(t, func(c *Config) { c.Ledger = l }, agents...)
}

// dropInRigWith is the same configured otherwise.
func dropInRigWith(t *testing.T, change func(*Config), agents ...string) *rig {
	t.Helper()
	return newRig(t, rigOptions{agents: agents, config: func(c *Config) {
		change(c)
		c.Listen.Origins = []string{"https://flex.twilio.com"}
		c.Settings = settings.Fixed(settings.Config{
			Transfer: transfer.Settings{ColdTransfer: true, MultiParticipant: true}, Mirror: true, DropIn: true,
		})
	}})
}

// ask sends a request and waits as long as it takes.
func (r *rig) ask(method, address, body string, header map[string]string) answer {
	r.Helper()
	return r.askAt(r.server.URL, method, address, body, header)
}

// askAt does so at another backend.
func (r *rig) askAt(backend, method, address, body string, header map[string]string) answer {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, backend+address, strings.NewReader(body))
	if err != nil {
		r.Error(err)
		return answer{}
	}
	for name, value := range header {
		q.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Error(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	return a
}

// encoded is a form as the template's plugin writes it: with %20 for a space.
func encoded(fields map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		pairs = append(pairs, name+"="+strings.ReplaceAll(url.QueryEscape(fields[name]), "+", "%20"))
	}
	return strings.Join(pairs, "&")
}

var formHeader = map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://flex.twilio.com"}

// plugin asks as the template's plugin does: with a form, and again where it is
// told to.
func (r *rig) plugin(worker, path string, fields map[string]string) answer {
	r.Helper()
	fields = maps.Clone(fields)
	fields["Token"] = r.token(worker)
	a := answer{}
	for range 11 {
		if a = r.ask("POST", path, encoded(fields), formHeader); a.status != http.StatusTooManyRequests {
			break
		}
		time.Sleep(time.Second) // what Retry-After says
	}
	return a
}

// participant is the SID of the agent's participant in the conversation.
func (r *rig) participant(worker string) string {
	r.Helper()
	sid := r.worker(worker).SID
	for _, p := range r.account.FlexParticipants(r.conv.channel) {
		if p.RoutingProperties != nil && p.RoutingProperties.WorkerSID == sid {
			return p.SID
		}
	}
	r.Fatalf("%s is not in the conversation", worker)
	return ""
}

// inviting is what the template's plugin sends to invite somebody; absent
// values are written as it writes them.
func (r *rig) inviting(worker, targetSID string, cold bool) map[string]string {
	r.Helper()
	task := r.task(r.taskOf(worker))
	fields := map[string]string{
		"taskSid": task.SID, "conversationId": task.SID, "conversationSid": r.conv.ch, "jsonAttributes": task.Attributes,
		"transferTargetSid": targetSID, "transferQueueName": "", "transferWorkerName": "undefined",
		"workersToIgnore":    `{"workerSidsInConversation":["` + r.worker(worker).SID + `"]}`,
		"flexInteractionSid": r.conv.interaction, "flexInteractionChannelSid": r.conv.channel,
		"removeFlexInteractionParticipantSid": "", "taskChannelUniqueName": "chat",
	}
	if cold {
		fields["removeFlexInteractionParticipantSid"] = r.participant(worker)
	}
	return fields
}

// removing is what it sends to let a participant go.
func (r *rig) removing(participantSID string) map[string]string {
	return map[string]string{
		"conversationSid": r.conv.ch, "flexInteractionSid": r.conv.interaction,
		"flexInteractionChannelSid": r.conv.channel, "flexInteractionParticipantSid": participantSID,
	}
}

func (a answer) field(name string) string { s, _ := a.body[name].(string); return s }

func (r *rig) mustSucceed(a answer) answer {
	r.Helper()
	if a.status != http.StatusOK || a.body["success"] != true {
		r.Fatalf("%d %s", a.status, a.text)
	}
	return a
}

func (r *rig) mustRefuse(a answer, message string) {
	r.Helper()
	if a.status != http.StatusInternalServerError || a.body["success"] != false || !strings.Contains(a.field("message"), message) {
		r.Errorf("%d %s, not refused with %q", a.status, a.text, message)
	}
}

// conversationAttributes are those of the conversation.
func (r *rig) conversationAttributes() map[string]any {
	r.Helper()
	for _, c := range r.account.Snapshot().Conversations {
		if c.SID == r.conv.ch {
			var m map[string]any
			if err := json.Unmarshal([]byte(c.Attributes), &m); err != nil {
				r.Fatal(err)
			}
			return m
		}
	}
	r.Fatal("no conversation")
	return nil
}

// mirrored waits until the conversation's attributes show these invites, and
// returns them.
func (r *rig) mirrored(taskSIDs ...string) map[string]any {
	r.Helper()
	var invites map[string]any
	r.eventually("the attributes show the invites "+strings.Join(taskSIDs, " "), func() bool {
		invites, _ = r.conversationAttributes()["invites"].(map[string]any)
		return slices.Equal(slices.Sorted(maps.Keys(invites)), slices.Sorted(slices.Values(taskSIDs)))
	})
	return invites
}
