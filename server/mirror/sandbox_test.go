package mirror_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/mirror"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// lab is a conversation in a sandbox that is as far away as Twilio is.
type lab struct {
	*testing.T
	api          *twilioapi.Client
	conversation string
	random       *rand.Rand
}

var labs atomic.Uint64

// distant lets each request travel for a while, there and back.
type distant struct {
	http.RoundTripper
	mu     sync.Mutex
	random *rand.Rand
}

func (d *distant) travel() {
	d.mu.Lock()
	ms := 10 + d.random.Float64()*5
	d.mu.Unlock()
	time.Sleep(time.Duration(ms * float64(time.Millisecond)))
}

func (d *distant) RoundTrip(r *http.Request) (*http.Response, error) {
	d.travel()
	resp, err := d.RoundTripper.RoundTrip(r)
	d.travel()
	return resp, err
}

func newLab(t *testing.T) *lab {
	t.Helper()
	seed := labs.Add(1)
	account := sandbox.New(sandbox.Options{Seed: 3, Limits: &sandbox.Limits{}})
	t.Cleanup(func() { _ = account.Close() })
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	api, err := twilioapi.New(twilioapi.Options{
		AccountSID: account.AccountSID(), WorkspaceSID: account.WorkspaceSID(), APIKey: account.APIKey(),
		APISecret: account.APISecret(), Pace: twilioapi.Unpaced,
		Transport: &distant{RoundTripper: account.RoundTripper(), random: rand.New(rand.NewPCG(1, seed))},
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := account.StartConversation(sandbox.Customer{Name: "Cleo"}, "Hello")
	if err != nil {
		t.Fatal(err)
	}
	return &lab{T: t, api: api, conversation: started.ConversationSID, random: rand.New(rand.NewPCG(2, seed))}
}

func (l *lab) read() map[string]json.RawMessage {
	l.Helper()
	conv, err := l.api.Conversation(l.Context(), l.conversation)
	if err != nil {
		l.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(conv.Attributes), &all); err != nil {
		l.Fatalf("%s: %v", conv.Attributes, err)
	}
	return all
}

// somebodyElse sets a key as any script does: read, change, write, and no look back.
func (l *lab) somebodyElse(key, value string) error {
	conv, err := l.api.Conversation(l.Context(), l.conversation)
	if err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(conv.Attributes), &all); err != nil {
		return err
	}
	all[key] = json.RawMessage(value)
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return l.api.UpdateConversationAttributes(l.Context(), l.conversation, string(text))
}

func invites(round int) []transfer.Transfer {
	var all []transfer.Transfer
	for i := range round % 4 {
		all = append(all, transfer.Transfer{
			Invite: transfer.Invite{TaskSID: fmt.Sprintf("WT%032d", round*10+i)},
			Target: transfer.Target{Kind: transfer.TargetQueue, SID: "WQ1", Name: "Billing"}, InvitedAt: time.Now(),
		})
	}
	return all
}

// race writes the mirror while somebody else sets a key, at any moment of it.
func (l *lab) race(round int) mirror.Outcome {
	l.Helper()
	var foreign sync.WaitGroup
	wait := time.Duration(l.random.Float64() * float64(60*time.Millisecond))
	foreign.Go(func() {
		if err := l.somebodyElse(fmt.Sprint("key", round%20), fmt.Sprint(round)); err != nil {
			l.Error(err)
		}
	})
	time.Sleep(wait)
	settle := func(context.Context) error { foreign.Wait(); return nil }
	o, err := mirror.Write(l.Context(), l.api, l.conversation, invites(round), settle)
	foreign.Wait()
	if err != nil {
		l.Fatal(err)
	}
	return o
}

// In hundreds of races with somebody who writes without a look, our key is there at the end of each, and what they wrote
// is too, save where Twilio tells nobody that it was overwritten: that is rare, and it would be common without the look.
func TestRaces(t *testing.T) {
	const conversations, rounds = 12, 25
	var restored, lost atomic.Int32
	var all sync.WaitGroup // not t.Parallel: that runs no more than there are processors
	for range conversations {
		all.Go(func() {
			t.Run("conversation", func(t *testing.T) {
				l := newLab(t)
				for round := 1; round <= rounds; round++ {
					before := l.read()
					restored.Add(int32(l.race(round).Restored))
					if !l.check(round, before, l.read()) {
						lost.Add(1)
					}
				}
			})
		})
	}
	all.Wait()
	t.Logf("%d rounds: %d keys of somebody else put back, %d lost", conversations*rounds, restored.Load(), lost.Load())
	if restored.Load() < 3*lost.Load() || restored.Load() < conversations*rounds/20 {
		t.Errorf("%d keys were put back, %d lost: the race was not run, or not won", restored.Load(), lost.Load())
	}
}

// check looks at the attributes after a round, and reports whether what somebody else wrote in it is there.
func (l *lab) check(round int, before, after map[string]json.RawMessage) bool {
	l.Helper()
	var shown map[string]struct{ TargetName string }
	if after["invites"] != nil {
		if err := json.Unmarshal(after["invites"], &shown); err != nil {
			l.Fatal(err)
		}
	}
	wanted := invites(round)
	if len(shown) != len(wanted) {
		l.Fatalf("round %d: the mirror shows %d invites, want %d", round, len(shown), len(wanted))
	}
	for _, w := range wanted {
		if shown[w.Invite.TaskSID].TargetName != "Billing" {
			l.Fatalf("round %d: %s is not in %s", round, w.Invite.TaskSID, after["invites"])
		}
	}
	theirs := fmt.Sprint("key", round%20)
	for key, value := range before {
		if key != "invites" && key != theirs && string(after[key]) != string(value) {
			l.Fatalf("round %d: %s was %s and is %s", round, key, value, after[key])
		}
	}
	return string(after[theirs]) == fmt.Sprint(round)
}

// Through failing, hanging and doubting calls the attributes stay JSON with everybody's keys.
func TestFaults(t *testing.T) {
	l := &lab{T: t, random: rand.New(rand.NewPCG(5, 6))}
	account := sandbox.New(sandbox.Options{Seed: 5, Limits: &sandbox.Limits{}})
	t.Cleanup(func() { _ = account.Close() })
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	api, err := twilioapi.New(twilioapi.Options{
		AccountSID: account.AccountSID(), WorkspaceSID: account.WorkspaceSID(), APIKey: account.APIKey(),
		APISecret: account.APISecret(), Pace: twilioapi.Unpaced, Transport: account.RoundTripper(),
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := account.StartConversation(sandbox.Customer{Name: "Cleo"}, "Hello")
	if err != nil {
		t.Fatal(err)
	}
	l.api, l.conversation = api, started.ConversationSID
	if err := l.somebodyElse("theirs", `"x"`); err != nil {
		t.Fatal(err)
	}
	for round := 1; round < 200; round++ {
		l.fault(account)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		_, err := mirror.Write(ctx, api, l.conversation, invites(round), nil)
		cancel()
		account.Faults().Clear()
		after := l.read()
		if string(after["theirs"]) != `"x"` {
			t.Fatalf("round %d: theirs is %s", round, after["theirs"])
		}
		if shown := strings.Count(string(after["invites"]), "invitesTaskSid"); err == nil && shown != len(invites(round)) {
			t.Fatalf("round %d: %d invites are shown, want %d", round, shown, len(invites(round)))
		}
	}
}

func (l *lab) fault(account *sandbox.Account) {
	kinds := []string{sandbox.FaultHang, sandbox.FaultHangAfter, sandbox.FaultLostAnswer, sandbox.FaultHTML, sandbox.FaultReset}
	rule := sandbox.Rule{
		Match: sandbox.Match{Method: []string{"GET", "POST"}[l.random.IntN(2)], Path: "*/Conversations/*"},
		Do:    sandbox.Action{Kind: kinds[l.random.IntN(len(kinds))]}, Times: 1 + l.random.IntN(2),
	}
	if err := account.Faults().Add(rule); err != nil {
		l.Fatal(err)
	}
}
