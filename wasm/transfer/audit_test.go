package transfer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// stage is a scene that tests change: Ada talks to a customer and has handed
// nothing over.
func stage(change ...func(*Scene)) Scene {
	s := Scene{
		Now: noon, Settings: Settings{ColdTransfer: true},
		Channel: ChannelRecord{SID: uo, InteractionSID: kd, Type: "web", Status: "active"},
		Participants: []ParticipantRecord{
			{SID: sid("UT", 9), Type: "customer"},
			{SID: sid("UT", 1), Type: "agent", TaskSID: sid("WT", 1), WorkerSID: ada},
		},
		Tasks: []SceneTask{sceneTaskOf(1, "assigned", `{"customerName":"Cust Omer"}`)},
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func sceneTaskOf(n int, status, attributes string) SceneTask {
	return SceneTask{
		TaskRecord: TaskRecord{SID: sid("WT", n), AssignmentStatus: status, Attributes: attributes, QueueSID: wqB, TaskChannelName: "chat"},
		Created:    noon.Add(-time.Hour + time.Duration(n)*time.Minute), Changed: noon.Add(-time.Duration(20-n) * time.Minute),
	}
}

// stampOf are the attributes of an invite of the transfer.
func stampOf(t Transfer) string {
	p := Plan{TransferID: t.ID, Mode: t.Mode, LeaveOn: t.LeaveOn, From: t.From, Target: t.Target, OriginQueueSID: wqB,
		RequestedBy: t.From.WorkerSID, Rescue: t.Rescue, Briefing: t.Briefing}
	text, _, err := inviteAttributes(p.stamp(t.Round), "{}", nil)
	if err != nil {
		panic(err)
	}
	return text
}

// someone is an agent by the SIDs of the number.
func someone(worker string, n int) Agent {
	return Agent{WorkerSID: worker, ParticipantSID: sid("UT", n), TaskSID: sid("WT", n)}
}

func xt(n int) string { return sid("XT", n) }

// handing is a transfer of Ada's to Bea, whose invite's task is the second.
func handing(phase Phase, change ...func(*Transfer)) Transfer {
	t := Transfer{
		ID: xt(1), Mode: ModeCold, LeaveOn: LeaveOnInvite, From: someone(ada, 1), Target: Target{Kind: TargetWorker, SID: bea, Name: "Bea"},
		OriginQueueSID: wqB, RequestedBy: ada, Phase: phase, Invite: Invite{SID: sid("KG", 2), TaskSID: sid("WT", 2)}, Due: noon.Add(time.Minute),
		RequestedAt: noon.Add(-time.Minute),
	}
	if phase.Ended() {
		t.Due, t.EndedAt = time.Time{}, noon.Add(-30*time.Second)
	}
	for _, f := range change {
		f(&t)
	}
	return t
}

func leaveOnAccept(t *Transfer) { t.LeaveOn = LeaveOnAccept }
func warmly(t *Transfer)        { t.Mode, t.LeaveOn = ModeWarm, "" }
func left(t *Transfer)          { t.LeftAt = noon.Add(-50 * time.Second) }

func wonByBea(t *Transfer) { t.AcceptedBy, t.AcceptedAt = bea, noon.Add(-40*time.Second) }

// recorded puts transfers into the ledger's state.
func recorded(transfers ...Transfer) func(*Scene) {
	return func(s *Scene) {
		s.State = State{InteractionSID: kd, InteractionChannelSID: uo, Transfers: transfers}
	}
}

func tasks(all ...SceneTask) func(*Scene) { return func(s *Scene) { s.Tasks = all } }

// in are the agents, each with the task of the same number.
func in(workers map[int]string) func(*Scene) {
	return func(s *Scene) {
		s.Participants = s.Participants[:1:1]
		for n := range 10 {
			if w := workers[n]; w != "" {
				s.Participants = append(s.Participants, ParticipantRecord{SID: sid("UT", n), Type: "agent", TaskSID: sid("WT", n), WorkerSID: w})
			}
		}
	}
}

func status(s string) func(*Scene) { return func(sc *Scene) { sc.Channel.Status = s } }

var auditCases = []struct {
	name  string
	scene Scene
	want  []string // code and subject
}{
	{"all is well", stage(), nil},
	{"the customer is alone", stage(in(nil), tasks(sceneTaskOf(1, "completed", "{}"))), []string{"stranded UO"}},
	{"the only agent wraps up, and is still listed", stage(tasks(sceneTaskOf(1, "wrapping", "{}"))), []string{"left-unnoticed UT1", "stranded UO"}},
	{"and the task has been deleted", stage(tasks(SceneTask{TaskRecord: TaskRecord{SID: sid("WT", 1), AssignmentStatus: TaskDeleted}})),
		[]string{"left-unnoticed UT1", "stranded UO"}},
	{"all tasks are gone", stage(in(nil), tasks()), []string{"stranded UO"}},
	{"nobody is left, not even the customer", stage(func(s *Scene) { s.Participants = nil }, tasks()), nil},
	{"a supervisor looks on", stage(func(s *Scene) { s.Participants[1].Type = "supervisor" }, tasks()), []string{"stranded UO"}},
	{"the conversation has ended", stage(in(nil), tasks(), status("closed")), nil},
	{"the conversation rests", stage(in(nil), tasks(), status("inactive")), nil},
	{"the first agent is being looked for", stage(in(nil), tasks(sceneTaskOf(1, "pending", "{}"))), nil},
	{"somebody is being asked", stage(in(nil), tasks(sceneTaskOf(1, "completed", "{}"), sceneTaskOf(2, "reserved", "{}"))), nil},
	{"somebody accepted just now, and no list shows them", stage(in(nil), func(s *Scene) { s.Tasks[0].Changed = noon.Add(-3 * time.Second) }), nil},
	{"a task is assigned, and nobody is behind it", stage(in(nil)), []string{"stranded UO"}},
	{"a transfer is open", stage(in(nil), tasks(), recorded(handing(PhaseSearching, left))), nil},
	{"somebody joined by a transfer just now", stage(in(nil), tasks(), recorded(handing(PhaseCompleted, left, func(t *Transfer) {
		t.AcceptedBy, t.AcceptedAt = bea, noon.Add(-time.Second)
	}))), nil},

	{"a recorded invite rings", stage(recorded(handing(PhaseRinging, leaveOnAccept)), tasks(sceneTaskOf(1, "assigned", "{}"),
		sceneTaskOf(2, "pending", stampOf(handing(PhaseRinging, leaveOnAccept))))), nil},
	{"its task was canceled in the console", stage(recorded(handing(PhaseRinging, leaveOnAccept)), tasks(sceneTaskOf(1, "assigned", "{}"),
		sceneTaskOf(2, "canceled", stampOf(handing(PhaseRinging))))), []string{"dead-invite WT2"}},
	{"somebody has accepted it, and no webhook came", stage(recorded(handing(PhaseRinging, warmly)), in(map[int]string{1: ada, 2: bea}),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "assigned", stampOf(handing(PhaseRinging, warmly))))), []string{"missed-accept WT2"}},
	{"somebody has accepted the second invite of the round", stage(recorded(handing(PhaseRinging, warmly)), in(map[int]string{1: ada, 3: bea}),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "pending", stampOf(handing(PhaseRinging, warmly))),
			sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging, warmly))))), []string{"missed-accept WT3"}},
	{"the agent of a warm transfer has left by Flex", stage(recorded(handing(PhaseRinging, warmly)),
		tasks(sceneTaskOf(1, "wrapping", "{}"), sceneTaskOf(2, "pending", stampOf(handing(PhaseRinging, warmly))))), []string{"stayer-gone UT1"}},

	{"… of a cold one, while they are being taken out and the target has declined", stage(recorded(handing(PhaseLeaving, func(t *Transfer) { t.Over = ReasonTargetDeclined })),
		tasks(sceneTaskOf(1, "wrapping", "{}"), sceneTaskOf(2, "pending", stampOf(handing(PhaseLeaving))))), nil},

	{"an invite of a transfer that has ended", stage(recorded(handing(PhaseCanceled, warmly)), tasks(sceneTaskOf(1, "assigned", "{}"),
		sceneTaskOf(2, "pending", stampOf(handing(PhaseCanceled, warmly))))), []string{"surplus-invite WT2"}},
	{"the same, but the customer has nobody else", stage(recorded(handing(PhaseCanceled, warmly)), in(nil),
		tasks(sceneTaskOf(2, "pending", stampOf(handing(PhaseCanceled, warmly))))), nil},
	{"a second invite of one round", stage(recorded(handing(PhaseRinging, warmly)), tasks(sceneTaskOf(1, "assigned", "{}"),
		sceneTaskOf(2, "pending", stampOf(handing(PhaseRinging, warmly))), sceneTaskOf(3, "pending", stampOf(handing(PhaseRinging, warmly))))),
		[]string{"surplus-invite WT3"}},
	{"an invite of a former round", stage(recorded(handing(PhaseRinging, warmly, func(t *Transfer) { t.Round = 1 })), tasks(sceneTaskOf(1, "assigned", "{}"),
		sceneTaskOf(2, "pending", stampOf(handing(PhaseRinging, warmly, func(t *Transfer) { t.Round = 1 }))),
		sceneTaskOf(3, "pending", stampOf(handing(PhaseRinging, warmly))))), []string{"surplus-invite WT3"}},
	{"… that stands until the next is asked for", stage(recorded(handing(PhaseSearching, func(t *Transfer) { t.Round, t.Invite.TaskSID, t.Invite.After = 1, "", sid("WT", 3) })),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(3, "pending", stampOf(handing(PhaseRinging))))), nil},
	{"… that is being taken back after the next has taken over", stage(recorded(handing(PhaseCompleted, left, wonByBea, func(t *Transfer) { t.Round, t.Invite.After = 1, sid("WT", 3) })),
		in(map[int]string{2: bea}), tasks(sceneTaskOf(2, "assigned", stampOf(handing(PhaseRinging, func(t *Transfer) { t.Round = 1 }))),
			sceneTaskOf(3, "pending", stampOf(handing(PhaseRinging))))), nil},
	{"an invite that is being looked for", stage(recorded(handing(PhaseSearching, func(t *Transfer) { t.Invite.TaskSID = "" })), tasks(sceneTaskOf(1, "assigned", "{}"),
		sceneTaskOf(2, "pending", stampOf(handing(PhaseSearching))))), nil},
	{"an invite of a conversation that has ended", stage(status("closed"), tasks(sceneTaskOf(2, "reserved", stampOf(handing(PhaseRinging))))),
		[]string{"surplus-invite WT2"}},
	{"two have come by two invites of one transfer", stage(recorded(handing(PhaseCompleted, left, wonByBea)), in(map[int]string{2: bea, 3: cyd}),
		tasks(sceneTaskOf(2, "assigned", stampOf(handing(PhaseRinging))), sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging))))), []string{"surplus-agent UT3"}},
	{"the same, but the winner has left", stage(recorded(handing(PhaseCompleted, left, wonByBea)), in(map[int]string{3: cyd}),
		tasks(sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging))))), nil},

	{"somebody has come by a second invite of a transfer that was canceled", stage(recorded(handing(PhaseCanceled, warmly)), in(map[int]string{1: ada, 3: bea}),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging, warmly))))), []string{"surplus-agent UT3"}},
	{"… of one whose invite could not be made", stage(recorded(handing(PhaseFailed, warmly, func(t *Transfer) { t.Invite = Invite{} })), in(map[int]string{1: ada, 3: bea}),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging, warmly))))), []string{"surplus-agent UT3"}},
	{"… and nobody else is there", stage(recorded(handing(PhaseFailed, warmly, func(t *Transfer) { t.Invite = Invite{} })), in(map[int]string{3: bea}),
		tasks(sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging, warmly))))), nil},
	{"… of a former target who accepted after all", stage(recorded(handing(PhaseTimedOut, warmly, func(t *Transfer) {
		t.Round, t.Tried = 1, []Tried{{Target: t.Target, Outcome: ReasonInviteTimedOut, TaskSID: sid("WT", 3)}}
	})), in(map[int]string{1: ada, 3: bea}), tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging, warmly))))), nil},
	{"… of one that is being made", stage(recorded(handing(PhaseSearching, warmly, func(t *Transfer) { t.Invite.TaskSID = "" })), in(map[int]string{1: ada, 3: bea}),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(3, "assigned", stampOf(handing(PhaseRinging, warmly))))), nil},

	{"a worker is twice in", stage(in(map[int]string{1: ada, 2: ada}), tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "assigned", "{}"))), []string{"doubled UT2"}},
	{"the same, and it is being undone", stage(recorded(handing(PhaseCompleted, warmly, func(t *Transfer) { t.AcceptedBy, t.Doubled = ada, true })),
		in(map[int]string{1: ada, 2: ada}), tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "assigned", "{}"))), nil},
	{"who is recorded as gone is in", stage(recorded(handing(PhaseCompleted, left, wonByBea)), in(map[int]string{1: ada, 2: bea}),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "assigned", stampOf(handing(PhaseRinging))))), []string{"still-in UT1"}},
	{"the same, but nobody else is", stage(recorded(handing(PhaseTimedOut, left)), in(map[int]string{1: ada})), nil},

	{"the attributes show what is not outstanding", stage(func(s *Scene) {
		s.State, s.ShownRead, s.Shown = State{ConversationSID: sid("CH", 1), InteractionChannelSID: uo}, true, []string{sid("WT", 7)}
	}), []string{"stale-mirror CH1"}},
	{"the same, and they are being written", stage(func(s *Scene) {
		s.State, s.ShownRead, s.Shown = State{ConversationSID: sid("CH", 1), MirrorPending: true}, true, []string{sid("WT", 7)}
	}), nil},
	{"a transfer is overdue", stage(recorded(handing(PhaseLeaving, func(t *Transfer) { t.Due = noon.Add(-3 * time.Minute) })),
		tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "pending", stampOf(handing(PhaseLeaving))))), []string{"hangs XT1"}},
	{"the same, and it was handed out anew a minute ago", stage(recorded(handing(PhaseLeaving, func(t *Transfer) {
		t.Due, t.Repairs = noon.Add(-3*time.Minute), []Repair{{Code: FindingHangs, At: noon.Add(-time.Minute)}}
	})), tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, "pending", stampOf(handing(PhaseLeaving))))), nil},
	{"a departure is overdue", stage(func(s *Scene) {
		s.State.Departures = []Departure{{ID: sid("XD", 1), Kind: DepartureLeave, Agent: someone(ada, 1), Phase: DepartureLeaving, Due: noon.Add(-time.Hour)}}
	}), []string{"hangs XD1"}},
}

func TestAudit(t *testing.T) {
	seen := map[FindingCode]bool{}
	for _, c := range auditCases {
		var got []string
		for _, f := range Audit(c.scene) {
			seen[f.Code] = true
			got = append(got, string(f.Code)+" "+short(f.Subject))
			if f.Words == "" || f.Event == nil && f.Withdraw == "" && !f.Rescue && f.Code != FindingHangs {
				t.Errorf("%s: %+v", c.name, f)
			}
			if f.Event != nil {
				if _, err := Advance(c.scene.State, Repaired{Repair: Repair{Code: f.Code}, Event: f.Event, TransferID: f.TransferID, InteractionChannelSID: uo}); err != nil {
					t.Errorf("%s: %s cannot be recorded: %v", c.name, f.Code, err)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
	}
	for _, code := range FindingCodes {
		if !seen[code] && code != FindingUnknownInvite && code != FindingUnfinished {
			t.Errorf("no case finds %s", code)
		}
	}
}

// short names a SID by its prefix and number.
func short(s string) string {
	n := strings.TrimLeft(s[2:], "0")
	if s == uo {
		n = ""
	}
	return s[:2] + n
}

func TestStrandedSince(t *testing.T) {
	s := stage(in(nil), tasks(sceneTaskOf(1, "completed", "{}")), recorded(handing(PhaseTimedOut, left)))
	found := Audit(s)
	if len(found) != 1 || !found[0].Since.Equal(noon.Add(-30*time.Second)) || !found[0].Lasting {
		t.Errorf("the customer is alone since the end of the transfer: %+v", found)
	}
}

func TestRescueWaitsLongerAfterEachFailure(t *testing.T) {
	failed := func(ago time.Duration) Transfer {
		return handing(PhaseFailed, warmly, func(t *Transfer) { t.Rescue, t.EndedAt, t.ID = true, noon.Add(-ago), xt(int(ago)) })
	}
	var last time.Duration
	for n := 1; n <= 12; n++ {
		var all []Transfer
		for i := range n {
			all = append(all, failed(time.Duration(n-i)*time.Second))
		}
		found := Audit(stage(in(nil), tasks(), recorded(all...)))
		wait := found[0].NotBefore.Sub(noon.Add(-time.Second))
		if wait < last || wait > rescueAgain || n > 1 && n < 6 && wait != 2*last {
			t.Errorf("after %d failures it waits %v, before %v", n, wait, last)
		}
		last = wait
	}
}

// TestRebuilt loses the record of every kind of transfer and makes it anew from
// the stamp.
func TestRebuilt(t *testing.T) {
	for _, c := range []struct {
		name   string
		stamp  Transfer
		status string         // of the invite's task
		in     map[int]string // the agents
		want   Phase          // empty: nothing is left to be done
		left   bool
	}{
		{"cold, before the agent has left", handing(""), "pending", map[int]string{1: ada}, PhaseLeaving, false},
		{"cold, after that", handing(""), "reserved", nil, PhaseRinging, true},
		{"cold, and somebody has accepted", handing(""), "assigned", map[int]string{2: bea}, "", false},
		{"cold, somebody has accepted, and the agent is in", handing(""), "assigned", map[int]string{1: ada, 2: bea}, PhaseLeaving, false},
		{"on accept", handing("", leaveOnAccept), "pending", map[int]string{1: ada}, PhaseRinging, false},
		{"on accept, and somebody has", handing("", leaveOnAccept), "assigned", map[int]string{1: ada, 2: bea}, PhaseLeaving, false},
		{"warm", handing("", warmly), "pending", map[int]string{1: ada}, PhaseRinging, false},
		{"warm, and somebody has accepted", handing("", warmly), "assigned", map[int]string{1: ada, 2: bea}, "", false},
		{"a rescue", handing("", warmly, func(t *Transfer) { t.Rescue, t.From = true, Agent{} }), "pending", nil, PhaseRinging, false},
		{"canceled meanwhile", handing(""), "canceled", map[int]string{1: ada}, "", false},
		{"in a later round", handing("", func(t *Transfer) {
			t.Round, t.Target = 2, Target{Kind: TargetQueue, SID: wqB, Name: "Billing"}
			t.Briefing = Briefing{From: "Ada", Reason: "billing", Notes: "soon"}
		}), "pending", nil, PhaseRinging, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := stage(in(c.in), tasks(sceneTaskOf(1, "assigned", "{}"), sceneTaskOf(2, c.status, "{}")))
			s.Invites = []SceneInvite{{SID: sid("KG", 2), TaskSID: sid("WT", 2), Attributes: stampOf(c.stamp)}}
			i := slices.IndexFunc(Audit(s), func(f Finding) bool { return f.Code == FindingUnknownInvite || f.Code == FindingUnfinished })
			if i < 0 {
				if c.want != "" {
					t.Fatalf("nothing is found: %+v", Audit(s))
				}
				return
			}
			next, err := Advance(s.State, Repaired{Repair: Repair{Code: FindingUnknownInvite, At: noon}, Event: Audit(s)[i].Event, InteractionSID: kd, InteractionChannelSID: uo})
			if err != nil {
				t.Fatal(err)
			}
			got := next.Transfers[0]
			if got.Phase != c.want || got.LeftAt.IsZero() == c.left || got.Due.IsZero() {
				t.Errorf("%s, left at %v, due %v", got.Phase, got.LeftAt, got.Due)
			}
			want := c.stamp
			if got.ID != want.ID || got.Mode != want.Mode || got.LeaveOn != want.LeaveOn || got.Round != want.Round || got.Rescue != want.Rescue ||
				got.Target.Kind != want.Target.Kind || got.Target.SID != want.Target.SID || got.From.ParticipantSID != want.From.ParticipantSID ||
				got.From.TaskSID != want.From.TaskSID || got.OriginQueueSID != wqB || got.Invite.TaskSID != sid("WT", 2) || got.Invite.SID != sid("KG", 2) ||
				got.Briefing != want.Briefing || len(got.Repairs) != 1 {
				t.Errorf("%+v is not %+v", got, want)
			}
			if more := Audit(Scene{Now: noon, State: next, Channel: s.Channel, Participants: s.Participants, Tasks: s.Tasks, Invites: s.Invites}); len(more) != 0 && more[0].Code == FindingUnknownInvite {
				t.Errorf("found again: %+v", more)
			}
		})
	}
}

// TestStampsThatMakeNoSense are not taken for transfers.
func TestStampsThatMakeNoSense(t *testing.T) {
	good := stampOf(handing(""))
	for _, change := range [][2]string{
		{xt(1), "XT1"}, {`"cold"`, `"tepid"`}, {`"mode":"cold"`, `"mode":"warm"`}, {bea, "WKnobody"}, {`"worker"`, `"queue"`}, {`{"`, `{"x":,"`},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("%q is not in %s", change[0], good)
		}
		if p, ok := readPlan(text); ok {
			t.Errorf("%s is taken for %+v", text, p)
		}
	}
	if _, ok := readPlan(good); !ok {
		t.Errorf("%s makes sense", good)
	}
}

func FuzzReadPlan(f *testing.F) {
	f.Add(stampOf(handing("")))
	f.Add(stampOf(handing("", warmly, func(t *Transfer) { t.Rescue = true })))
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := readPlan(text)
		if ok && (!ValidSID(p.Target.SID, "WK", "WQ") || p.From.ParticipantSID != "" && !ValidSID(p.From.ParticipantSID, "UT") || p.round < 0) {
			t.Errorf("%q gives %+v", text, p)
		}
	})
}

func TestRescuePlan(t *testing.T) {
	s := stage(in(nil), tasks(sceneTaskOf(1, "completed", fmt.Sprintf(`{"customerName":"Cust Omer","flexInteractionSid":%q,"conversationSid":%q}`, kd, sid("CH", 3)))))
	p, err := s.Rescue(xt(5), QueueRecord{SID: wqB, FriendlyName: "Billing"})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"customerName":"Cust Omer"`, `"transferQueueName":"Billing"`, `"rescue":true`, `"conversation_id":"` + sid("WT", 1)} {
		if !strings.Contains(p.Attributes, part) {
			t.Errorf("%s is not in %s", part, p.Attributes)
		}
	}
	if !p.Rescue || p.Mode != ModeWarm || p.From != (Agent{}) || p.ConversationSID != sid("CH", 3) || p.TaskChannelName != "chat" || p.Timeout != DefaultQueueTimeout {
		t.Errorf("%+v", p)
	}
	if got := s.Origins(); !slices.Equal(got, []string{wqB}) {
		t.Errorf("it came from %v", got)
	}
	next, err := Advance(State{}, Repaired{Repair: Repair{Code: FindingStranded, At: noon}, Event: Requested{Plan: p, At: noon}, InteractionSID: kd, InteractionChannelSID: uo})
	if err != nil || !next.Transfers[0].Rescue || next.Steps()[0].Kind != StepInvite {
		t.Errorf("%+v, %v", next, err)
	}
}
