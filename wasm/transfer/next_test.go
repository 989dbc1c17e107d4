package transfer

import (
	"strings"
	"testing"
	"time"
)

var (
	wqOrigin = sid("WQ", 8)
	wqExtra  = sid("WQ", 9)
)

// TestNext shows who is asked once Bea has not taken over what Ada handed to
// her.
func TestNext(t *testing.T) {
	declined := Transfer{
		ID: "XT1", Mode: ModeCold, Phase: PhaseWithdrawing, Over: ReasonTargetDeclined, From: fromAda, LeftAt: noon,
		Target: Target{Kind: TargetWorker, SID: bea}, OriginQueueSID: wqOrigin, Invite: Invite{TaskSID: wtB},
	}
	queue := func(sid string) Target { return Target{Kind: TargetQueue, SID: sid} }
	with := func(change func(*Transfer)) Transfer {
		c := declined
		change(&c)
		return c
	}
	adaGone := func(r *Records) { r.Participants = r.Participants[:1] }
	adaOff := func(r *Records) {
		for i := range r.Workers {
			r.Workers[i].Available = r.Workers[i].Available && r.Workers[i].SID != ada
		}
	}
	fallbacks := func(always bool, list ...Fallback) func(*Records) {
		return func(r *Records) { r.Settings.Fallbacks, r.Settings.FallbackAlways = list, always }
	}
	for _, c := range []struct {
		name    string
		t       Transfer
		records []func(*Records)
		want    NextKind
		target  Target
		last    bool
	}{
		{"the agent is still there", with(func(t *Transfer) { t.LeftAt = time.Time{} }), nil, NextNothing, Target{}, false},
		{"a colleague is there", declined, []func(*Records){adaGone, withBea}, NextNothing, Target{}, false},
		{"another target is being asked", declined, []func(*Records){adaGone, having(Transfer{ID: "XT2", Phase: PhaseRinging})}, NextNothing, Target{}, false},
		{"another invite is on its way, and decides in its turn", declined, []func(*Records){adaGone, having(Transfer{ID: "XT2", Phase: PhaseInviting}), fallbacks(false, Fallback{Kind: FallbackClose})}, NextNothing, Target{}, false},
		{"nobody: back to the agent", declined, []func(*Records){adaGone}, NextTarget, Target{Kind: TargetWorker, SID: ada}, false},
		{"the list still shows the agent who left", declined, []func(*Records){having(declined)}, NextTarget, Target{Kind: TargetWorker, SID: ada}, false},
		{"the agent went off: the queue it came from", declined, []func(*Records){adaGone, adaOff}, NextTarget, queue(wqOrigin), true},
		{"the agent was asked already", with(func(t *Transfer) { t.Target = Target{Kind: TargetWorker, SID: ada} }), []func(*Records){adaGone}, NextTarget, queue(wqOrigin), true},
		{"a list of targets", declined, []func(*Records){adaGone, fallbacks(false, Fallback{Kind: FallbackQueue, SID: wqExtra}, Fallback{Kind: FallbackAgent})}, NextTarget, queue(wqExtra), false},
		{"… the second", with(func(t *Transfer) { t.Target = queue(wqExtra) }), []func(*Records){adaGone, fallbacks(false, Fallback{Kind: FallbackQueue, SID: wqExtra}, Fallback{Kind: FallbackAgent})}, NextTarget, Target{Kind: TargetWorker, SID: ada}, false},
		{"… exhausted: the queue it came from", with(func(t *Transfer) { t.Target = queue(wqExtra) }), []func(*Records){adaGone, fallbacks(false, Fallback{Kind: FallbackQueue, SID: wqExtra})}, NextTarget, queue(wqOrigin), true},
		{"a worker of the list", declined, []func(*Records){adaGone, fallbacks(false, Fallback{Kind: FallbackWorker, SID: cyd}, Fallback{Kind: FallbackWorker, SID: ada})}, NextTarget, Target{Kind: TargetWorker, SID: ada}, false},
		{"close", declined, []func(*Records){adaGone, fallbacks(false, Fallback{Kind: FallbackClose})}, NextClose, Target{}, false},
		{"never close on somebody", declined, []func(*Records){adaGone, withBea, fallbacks(true, Fallback{Kind: FallbackClose})}, NextNothing, Target{}, false},
		{"always, with somebody there", with(func(t *Transfer) { t.LeftAt = time.Time{} }), []func(*Records){fallbacks(true, Fallback{Kind: FallbackQueue, SID: wqExtra})}, NextTarget, queue(wqExtra), true},
		{"… but not what was taken back", with(func(t *Transfer) { t.LeftAt, t.Over = time.Time{}, ReasonInviteWithdrawn }), []func(*Records){fallbacks(true, Fallback{Kind: FallbackQueue, SID: wqExtra})}, NextNothing, Target{}, false},
		{"… and nobody whom another invite is asking", with(func(t *Transfer) { t.LeftAt = time.Time{} }), []func(*Records){
			having(Transfer{ID: "XT2", Phase: PhaseRinging, Target: queue(wqExtra)}), fallbacks(true, Fallback{Kind: FallbackQueue, SID: wqExtra}),
		}, NextNothing, Target{}, false},
		{"… but the next of the list", with(func(t *Transfer) { t.LeftAt = time.Time{} }), []func(*Records){
			having(Transfer{ID: "XT2", Phase: PhaseRinging, Target: queue(wqExtra)}),
			fallbacks(true, Fallback{Kind: FallbackQueue, SID: wqExtra}, Fallback{Kind: FallbackOrigin}),
		}, NextTarget, queue(wqOrigin), true},
		{"no origin: the queue that was asked, once more", with(func(t *Transfer) { t.Target, t.OriginQueueSID = queue(wqB), "" }), []func(*Records){adaGone, adaOff}, NextTarget, queue(wqB), true},
		{"nobody at all", with(func(t *Transfer) { t.OriginQueueSID = "" }), []func(*Records){adaGone, adaOff}, NextNothing, Target{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(t, append([]func(*Records){func(r *Records) {
				r.Workers = append(r.Workers, WorkerRecord{SID: ada, FriendlyName: "ada", Available: true})
				r.Queues = append(r.Queues, QueueRecord{SID: wqOrigin, FriendlyName: "Everyone"}, QueueRecord{SID: wqExtra, FriendlyName: "Extra"})
			}}, c.records...)...)
			n, err := f.Next(c.t)
			if err != nil {
				t.Fatal(err)
			}
			if n.Kind != c.want || !n.Target.Same(c.target) || n.Last != c.last {
				t.Fatalf("%+v, want %s %+v, last %t", n, c.want, c.target, c.last)
			}
			if n.Kind != NextTarget {
				return
			}
			if id, round := ReadStamp(n.Attributes); id != "XT1" || round != 1 {
				t.Errorf("stamped %q, %d", id, round)
			}
			if n.Target.Name == "" || !strings.Contains(n.Attributes, n.Target.SID) {
				t.Errorf("target %+v in %s", n.Target, n.Attributes)
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	only := func(p Permission) func(*Records) {
		return func(r *Records) { r.Settings.Permissions = append(r.Settings.Permissions, p) }
	}
	mine := func(attributes string) func(*Records) {
		return func(r *Records) { r.Worker.Attributes = attributes }
	}
	north := Permission{Teams: []string{"care n*"}, ToQueues: Patterns{Deny: []string{"BILL*"}}}
	for _, c := range []struct {
		name   string
		change []func(*Records)
		mode   Mode
		target Target
		want   Reason
	}{
		{"nothing is set", nil, ModeWarm, Target{Kind: TargetQueue, SID: wqB}, ""},
		{"a denied queue", []func(*Records){only(Permission{ToQueues: Patterns{Deny: []string{"bill*"}}})}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"denied by its SID", []func(*Records){only(Permission{ToQueues: Patterns{Deny: []string{wqB}}})}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"one of two allowed", []func(*Records){only(Permission{ToQueues: Patterns{Allow: []string{"Sales", "?illing"}}})}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ""},
		{"not among the allowed", []func(*Records){only(Permission{ToQueues: Patterns{Allow: []string{"Sales"}}})}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"allowed and denied", []func(*Records){only(Permission{ToQueues: Patterns{Allow: []string{"*"}, Deny: []string{"Billing"}}})}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"for another team", []func(*Records){only(north), mine(`{"full_name":"Ada","team_name":"Sales"}`)}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ""},
		{"for the team", []func(*Records){only(north), mine(`{"full_name":"Ada","team_name":"Care North"}`)}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"by name", []func(*Records){only(Permission{Workers: []string{"ada *"}, ToWorkers: Patterns{Deny: []string{"Bea*"}}})}, ModeCold, Target{Kind: TargetWorker, SID: bea}, ReasonTargetNotAllowed},
		{"by skill", []func(*Records){only(Permission{Skills: []string{"trainee"}, NoCold: true}), mine(`{"routing":{"skills":["chat","trainee"]}}`)}, ModeCold, Target{Kind: TargetWorker, SID: bea}, ReasonModeNotAllowed},
		{"by skill, warm", []func(*Records){only(Permission{Skills: []string{"trainee"}, NoCold: true}), mine(`{"routing":{"skills":["chat","trainee"]}}`)}, ModeWarm, Target{Kind: TargetWorker, SID: bea}, ""},
		{"by role", []func(*Records){only(Permission{Roles: []string{"supervisor"}, NoCold: true})}, ModeCold, Target{Kind: TargetWorker, SID: bea}, ""},
		{"by the queue it came from", []func(*Records){only(Permission{FromQueues: []string{"VIP"}, NoCold: true}), func(r *Records) { r.Task.QueueName = "vip" }}, ModeCold, Target{Kind: TargetWorker, SID: bea}, ReasonModeNotAllowed},
		{"two at once", []func(*Records){only(Permission{ToQueues: Patterns{Allow: []string{"Bill*"}}}), only(Permission{ToQueues: Patterns{Allow: []string{"Sales"}}})}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"the agent's own attributes", []func(*Records){mine(`{"transferDirectory":{"queues":{"deny":["Bill*"]}}}`)}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"the template's filter", []func(*Records){mine(`{"enforcedQueueFilter":["sal","cross"]}`)}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
		{"the template's filter lets it through", []func(*Records){mine(`{"enforcedQueueFilter":"LLIN"}`)}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ""},
		{"a team", []func(*Records){only(Permission{ToTeams: Patterns{Allow: []string{"Care*"}}})}, ModeCold, Target{Kind: TargetWorker, SID: bea}, ReasonTargetNotAllowed},
		{"a skill of the queue that the agent lacks", []func(*Records){func(r *Records) {
			r.Settings.Directory.QueuesBySkill = true
			r.Queues[0].Skills = []string{"billing"}
		}}, ModeCold, Target{Kind: TargetQueue, SID: wqB}, ReasonTargetNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(t, c.change...)
			r := request(c.target.Kind, c.target.SID)
			r.Mode = c.mode
			if _, err := Decide(f, r); reasonOf(err) != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "anything", true}, {"a*c", "abc", true}, {"a*c", "ac", true}, {"a*c", "acb", false},
		{"*b*", "abc", true}, {"**b", "ab", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"?", "é", true}, {"É*", "éa", true},
		{"abc", "abcd", false}, {"abcd", "abc", false}, {"*ab*ab", "abab", true}, {"*aab", "aaab", true}, {"a\x80*", "a\x80b", true},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("match(%q, %q) = %t", c.pattern, c.name, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		_ = match(pattern, name)
		if !match("*", name) {
			t.Errorf("* does not match %q", name)
		}
		if strings.ToValidUTF8(name, "") == name && !strings.ContainsAny(name, "*?") && !match(name, name) {
			t.Errorf("%q does not match itself", name)
		}
	})
}

func TestBriefing(t *testing.T) {
	h := HandoverSettings{Reasons: []ReasonOption{{Code: "billing"}}, Required: true, NotesMax: 10}
	for _, c := range []struct {
		name, reason, notes string
		want                Reason
	}{
		{"given", "billing", "é123456789", ""},
		{"missing", "", "", ReasonReasonRequired},
		{"unknown", "other", "", ReasonUnknownReason},
		{"too long", "billing", "12345678901", ReasonNotesTooLong},
	} {
		f := facts(t, func(r *Records) { r.Settings.Handover = h })
		r := request(TargetWorker, bea)
		r.Reason, r.Notes = c.reason, c.notes
		p, err := Decide(f, r)
		if reasonOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && (p.Briefing != Briefing{From: "Ada Lindqvist", Reason: "billing", Notes: c.notes} || !strings.Contains(p.Attributes, c.notes)) {
			t.Errorf("%+v", p)
		}
	}
}

func TestOnlyTheBeginningOfLongNotesTravels(t *testing.T) {
	r := request(TargetWorker, bea)
	r.Notes = strings.Repeat("né", 500)
	p, err := Decide(facts(t), r)
	if err != nil {
		t.Fatal(err)
	}
	if p.Briefing.Notes != r.Notes || strings.Contains(p.Attributes, strings.Repeat("né", 101)) || !strings.Contains(p.Attributes, strings.Repeat("né", 99)) {
		t.Errorf("%s", p.Attributes)
	}
}

func TestPingPong(t *testing.T) {
	round := func(n int) func(*Records) {
		return func(r *Records) {
			r.Settings.PingPong = PingPong{Transfers: 3, Within: 10 * time.Minute, QueueSID: wqExtra}
			r.Queues = append(r.Queues, QueueRecord{SID: wqExtra, FriendlyName: "Supervisors"})
			for i := range n {
				r.Transfers = append(r.Transfers, Transfer{ID: sid("XT", i+10), Mode: ModeCold, Phase: PhaseCompleted, RequestedAt: noon.Add(-time.Minute)})
			}
		}
	}
	for _, c := range []struct {
		name    string
		records []func(*Records)
		want    string
	}{
		{"not often", []func(*Records){round(2)}, bea},
		{"often", []func(*Records){round(3)}, wqExtra},
		{"long ago", []func(*Records){round(3), func(r *Records) { r.Transfers[0].RequestedAt = noon.Add(-time.Hour) }}, bea},
		{"by a supervisor", []func(*Records){round(3), func(r *Records) { r.Roles = []string{"supervisor"} }}, bea},
		{"the queue is not served", []func(*Records){round(3), func(r *Records) { r.Queues[1].Unserved = true }}, bea},
	} {
		p, err := Decide(facts(t, c.records...), request(TargetWorker, bea))
		if err != nil || p.Target.SID != c.want || (p.Asked != nil) != (c.want == wqExtra) {
			t.Errorf("%s: %+v, %v", c.name, p.Target, err)
		}
	}
}

// Settings are shared by all who decide: nobody writes beside what they hold.
func TestSettingsAreNotWrittenTo(t *testing.T) {
	shared := make([]Fallback, 1, 2)
	shared[0] = Fallback{Kind: FallbackQueue, SID: wqB}
	s := Settings{Fallbacks: shared}
	if got := s.NextTargets(Transfer{OriginQueueSID: sid("WQ", 7)}); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if beside := shared[:2][1]; beside != (Fallback{}) {
		t.Errorf("%+v was written beside the settings", beside)
	}
}
