package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func TestTheSameSeedAndCallsGiveTheSameAccount(t *testing.T) {
	play := func(seed uint64) string {
		l := newLab(t, sandbox.Options{Seed: seed})
		s := l.talk("Chris")
		task := must[string](t)(l.transfer(s, toWorker(l.WorkerSID("bea"))))
		l.clock.Advance(119 * time.Second)
		must[sandbox.Reservation](t)(l.RejectReservation(*l.pending(task).Sid))
		token := must[string](t)(l.IssueToken(l.WorkerSID("ada"), time.Hour))
		l.clock.Advance(25 * time.Hour)
		snapshot := l.Snapshot()
		snapshot.Trace = nil // durations are real
		text, err := json.Marshal(struct {
			S      sandbox.Snapshot
			R      []sandbox.RecordEntry
			Others []string
		}{snapshot, l.Record().Entries(sandbox.Query{}), []string{token, l.AuthToken(), l.APIKey(), l.InstanceSID()}})
		noError(t, err)
		return string(text)
	}
	first, again, other := play(1), play(1), play(2)
	if first != again {
		t.Fatal("two runs of one seed differ")
	}
	if first == other {
		t.Fatal("another seed gives the same account")
	}
}

func TestObserversHearChangesInOrder(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	var kinds []string
	cancel := l.Subscribe(func(c sandbox.Change) {
		if c.Kind == "trace" {
			return
		}
		text := c.Kind
		switch o := c.Object.(type) {
		case sandbox.Task:
			text += " " + o.AssignmentStatus
		case sandbox.Reservation:
			text += " " + o.ReservationStatus + " " + o.Task.AssignmentStatus
		case sandbox.InteractionParticipant:
			text += fmt.Sprint(" ", o.Type, " ", o.MediaProperties.Identity != "", " ", o.Left)
		}
		kinds = append(kinds, text)
	})
	s := l.talk("Chris")
	want := []string{"conversation", "conversation_participant", "message", "interaction_channel", "interaction_participant customer true false",
		"task pending", "task reserved", "reservation pending reserved", "invite", "reservation accepted reserved", "task assigned",
		"conversation_participant", "interaction_participant agent true false"}
	if !slices.Equal(kinds, want) {
		t.Fatalf("heard %s", strings.Join(kinds, "\n"))
	}
	kinds = nil
	noError(t, l.setParticipant(s, l.agents(s)[l.WorkerSID("ada")], "closed"))
	if !slices.Contains(kinds, "interaction_participant agent true true") {
		t.Fatalf("nobody left: %v", kinds)
	}
	cancel()
	kinds = nil
	l.talk("Dana")
	is(t, "after cancel", len(kinds), 0)
}

func TestAnObserverMayActItself(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	defer l.Subscribe(func(c sandbox.Change) {
		if r, ok := c.Object.(sandbox.Reservation); ok && r.ReservationStatus == "pending" {
			if _, err := l.AcceptReservation(r.SID); err != nil {
				t.Error(err)
			}
		}
	})()
	s := must[sandbox.StartedConversation](t)(l.StartConversation(sandbox.Customer{Name: "Chris"}, "Hi"))
	is(t, "task", l.status(s.TaskSID), "assigned")
}

func TestWatchHasNoGapAndEndsForTheSlow(t *testing.T) {
	before := goleak.IgnoreCurrent()
	defer func() {
		if err := leaktest.Find(before); err != nil {
			t.Error(err)
		}
	}()
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	ctx, cancel := context.WithCancel(soon(t))
	snapshot, changes := l.Watch(ctx, 1000)
	is(t, "conversations", len(snapshot.Conversations), 1)
	is(t, "messages", len(snapshot.Messages[s.ConversationSID]), 1)
	is(t, "participants", len(snapshot.InteractionParticipants), 2)
	is(t, "workers", len(snapshot.Workers), 4)
	must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, "ada", "Hi"))
	c := <-changes
	is(t, "change", c.Kind, "message")
	is(t, "body", *c.Object.(sandbox.Message).Body, "Hi")
	cancel()
	for range changes {
	}
	_, slow := l.Watch(soon(t), 2)
	for range 5 {
		must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, "ada", "Hi"))
	}
	n := 0
	for range slow {
		n++
	}
	is(t, "what the slow one got", n, 2)
	_, closed := l.Watch(soon(t), 2)
	noError(t, l.Close())
	for range closed {
	}
}

func TestResetBringsTheWorldBack(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	first := l.talk("Chris")
	token := must[string](t)(l.IssueToken(l.WorkerSID("ada"), time.Hour))
	l.setActivity("bea", "Break")
	var reset bool
	defer l.Subscribe(func(c sandbox.Change) { reset = reset || c.Kind == "reset" })()
	noError(t, l.Reset())
	is(t, "told", reset, true)
	s := l.Snapshot()
	is(t, "conversations", len(s.Conversations)+len(s.Tasks)+len(s.InteractionChannels), 0)
	is(t, "bea", l.activity("bea"), "Available")
	is(t, "token", l.validate(l.AccountSID(), token, 200)["valid"], any(true))
	l.clock.Advance(48 * time.Hour) // timers of before the reset do nothing
	second := l.talk("Chris")
	if first.ConversationSID == second.ConversationSID || first.TaskSID == second.TaskSID {
		t.Fatal("SIDs come back after a reset")
	}
}

func TestWorlds(t *testing.T) {
	w, err := sandbox.ParseWorld([]byte(`{
		"activities":[{"friendly_name":"Offline"},{"friendly_name":"Available","available":true}],
		"workers":[{"friendly_name":"ada","full_name":"Ada L","activity":"Available","attributes":{"contact_uri":"client:ada"}},
			{"friendly_name":"bea","activity":"Available","capacity":{"chat":1}}],
		"queues":[{"friendly_name":"All","target_workers":"1==1"}],
		"workflows":[{"friendly_name":"Any","configuration":{"task_routing":{"default_filter":{"queue":"All"}}}},
			{"friendly_name":"To","configuration":{"task_routing":{"filters":[{"expression":"1==1","targets":[{"queue":"All","known_worker_friendly_name":"task.to"}]}]}}}],
		"conversations":[{"customer":{"name":"Chris"},"agents":["ada","bea"],"attributes":{"x":1},
			"messages":[{"author":"customer","body":"Help"},{"author":"ada","body":"Sure"}],
			"pending":[{"workflow":"To","attributes":{"to":"ada"}}]}]}`))
	noError(t, err)
	l := newLabOf(t, sandbox.Options{}, w)
	s := l.Snapshot()
	is(t, "participants", len(s.InteractionParticipants), 3)
	is(t, "tasks", len(s.Tasks), 3)
	messages := s.Messages[s.Conversations[0].SID]
	is(t, "author", messages[1].Author, "ada")
	is(t, "attributes", s.Conversations[0].Attributes, `{"x":1}`)
	is(t, "full_name", attributesOf(t, s.Workers[0].Attributes)["full_name"], any("Ada L"))
	is(t, "pending for", *l.pending(s.Tasks[2].SID).WorkerName, "ada")
	is(t, "quiet", l.Trace().Count() > 0, true)

	for want, text := range map[string]string{
		"unknown field":    `{"colour":1}`,
		"more than one":    `{} {}`,
		`"Nowhere"`:        `{"activities":[{"friendly_name":"Offline"}],"workers":[{"friendly_name":"x","activity":"Nowhere"}]}`,
		`queue "Q"`:        `{"queues":[{"friendly_name":"Q","target_workers":"HAS"}]}`,
		`workflow "W"`:     `{"workflows":[{"friendly_name":"W","configuration":{"task_routing":{"default_filter":{"queue":"None"}}}}]}`,
		"conversations[0]": `{"conversations":[{"customer":{"name":"C"}}]}`,
	} {
		w, err := sandbox.ParseWorld([]byte(text))
		if err == nil {
			a := sandbox.New(sandbox.Options{})
			err = a.Load(w)
			_ = a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v", text, err)
		}
	}
}

func TestTheRecordHoldsTheTruth(t *testing.T) {
	l := newLab(t, sandbox.Options{RecordLimit: 60})
	s := l.talk("Chris")
	got := l.Record().Entries(sandbox.Query{Kind: "participant", ChannelSID: s.InteractionChannelSID})
	is(t, "joined", len(got), 2)
	is(t, "agent", got[1].WorkerSID, l.WorkerSID("ada"))
	is(t, "task's attributes", strings.Contains(l.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"})[0].Detail, "Chris"), true)
	for range 8 {
		l.talk("Dana")
	}
	is(t, "kept", len(l.Record().Entries(sandbox.Query{})), 60)
	if l.Record().Dropped() == 0 {
		t.Fatal("nothing was dropped")
	}
}

func TestManyAtOnce(t *testing.T) {
	a := sandbox.New(sandbox.Options{Limits: &sandbox.Limits{}})
	defer func() { _ = a.Close() }()
	world := sandbox.DemoWorld()
	for i := range world.Workers {
		world.Workers[i].Capacity = map[string]int{"chat": 100_000}
	}
	noError(t, a.Load(world))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 40 {
				s, err := a.StartConversation(sandbox.Customer{Name: fmt.Sprint("c", g, i)}, "Hi")
				if err != nil {
					t.Error(err)
					return
				}
				for _, r := range a.Record().Entries(sandbox.Query{Kind: "reservation", TaskSID: s.TaskSID}) {
					if _, err := a.AcceptReservation(r.SID); err != nil {
						t.Error(err)
					}
					if _, err := a.CompleteTask(r.SID); err != nil {
						t.Error(err)
					}
				}
				if i%10 == 0 {
					_ = a.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	is(t, "completed", len(a.Record().Entries(sandbox.Query{Kind: "task", Status: "completed"})), 320)
	is(t, "left", len(a.Record().Entries(sandbox.Query{Kind: "participant", Status: "left"})), 320)
}
