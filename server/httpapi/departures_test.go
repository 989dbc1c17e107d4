package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const cancelPath = "/v1/transfers/{id}/cancel"

// conversationBody is a body with the members that all requests have, and more.
func conversationBody(more string) string {
	return fmt.Sprintf(`{"wire":1,"rules":"r1","interactionSid":"%s","interactionChannelSid":"%s","taskSid":"%s"%s}`, sid("KD"), sid("UO"), sid("WT"), more)
}

func removal() string { return `,"kind":"remove","participantSid":"` + sid("UT") + `"` }

// small makes a request of ada's to one of the routes with a small body.
func small(path, body string) *http.Request {
	return signedIn("POST", strings.Replace(path, "{id}", sid("XT"), 1), body, "Content-Type", "application/json")
}

func TestCancelPassesOnWhatWasAsked(t *testing.T) {
	for body, task := range map[string]string{
		conversationBody(""): sid("WT"),
		strings.Replace(conversationBody(""), sid("WT"), "", 1): "",
	} {
		w := newWorld()
		w.cancel = func(_ context.Context, by Caller, r transfer.Request) (Outcome, error) {
			want := transfer.Request{
				Action: transfer.ActionCancel, TransferID: sid("XT"), InteractionSID: sid("KD"), InteractionChannelSID: sid("UO"), TaskSID: task, Rules: "r1",
			}
			if by.WorkerSID != ada.WorkerSID || r != want {
				t.Errorf("got %+v %+v", by, r)
			}
			return outcome(transfer.PhaseWithdrawing), nil
		}
		resp := do(w.api(t), small(cancelPath, body))
		var got struct{ ID, Phase, InteractionChannelSid string }
		if err := json.Unmarshal([]byte(bodyOf(t, resp)), &got); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, err)
		}
		if got.ID != sid("XT") || got.Phase != "withdrawing" || got.InteractionChannelSid != sid("UO") {
			t.Errorf("got %+v", got)
		}
	}
}

func TestCancelOfWhatIsNoTransfer(t *testing.T) {
	w := newWorld()
	w.cancel = func(context.Context, Caller, transfer.Request) (Outcome, error) {
		t.Error("asked")
		return Outcome{}, nil
	}
	a := w.api(t)
	for _, id := range []string{"x", sid("WT"), sid("XT") + "0", "..%2f..%2fetc", "%00", "XT" + strings.Repeat("G", 32)} {
		expect(t, do(a, signedIn("POST", "/v1/transfers/"+id+"/cancel", conversationBody(""), "Content-Type", "application/json")), 404, transfer.ReasonNotFound)
	}
}

func TestDepartPassesOnWhatWasAsked(t *testing.T) {
	for more, want := range map[string]transfer.Request{
		`,"kind":"leave"`: {Action: transfer.ActionLeave},
		`,"kind":"end"`:   {Action: transfer.ActionEnd},
		removal():         {Action: transfer.ActionRemove, ParticipantSID: sid("UT")},
	} {
		want.InteractionSID, want.InteractionChannelSID, want.TaskSID, want.Rules = sid("KD"), sid("UO"), sid("WT"), "r1"
		w := newWorld()
		w.depart = func(_ context.Context, by Caller, r transfer.Request) (DepartureOutcome, error) {
			if by.WorkerSID != ada.WorkerSID || r != want {
				t.Errorf("got %+v %+v", by, r)
			}
			return departure(transfer.DepartureGone), nil
		}
		resp := do(w.api(t), small("/v1/departures", conversationBody(more)))
		var got struct {
			ID, Kind, Phase, InteractionSid, RequestedAt string
			Agent                                        struct{ ParticipantSid string }
		}
		if err := json.Unmarshal([]byte(bodyOf(t, resp)), &got); err != nil || resp.StatusCode != 201 {
			t.Fatal(resp.StatusCode, err)
		}
		if got.ID != sid("XD") || got.Phase != "gone" || got.InteractionSid != sid("KD") || got.Agent.ParticipantSid != sid("UT") || got.RequestedAt != "2026-01-02T03:04:05.006Z" {
			t.Errorf("got %+v", got)
		}
	}
}

func TestDepartStatuses(t *testing.T) {
	for _, c := range []struct {
		phase    transfer.DeparturePhase
		repeated bool
		want     int
	}{
		{transfer.DepartureLeaving, false, 202},
		{transfer.DepartureLeaving, true, 202},
		{transfer.DepartureGone, false, 201},
		{transfer.DepartureGone, true, 200},
	} {
		w := newWorld()
		w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
			o := departure(c.phase)
			o.Repeated = c.repeated
			return o, nil
		}
		if resp := do(w.api(t), small("/v1/departures", conversationBody(`,"kind":"leave"`))); resp.StatusCode != c.want {
			t.Errorf("%+v: status %d", c, resp.StatusCode)
		}
	}
}

func TestDepartureThatFailedSaysWhyAndShowsIt(t *testing.T) {
	for _, c := range []struct{ failure, want transfer.Reason }{
		{transfer.ReasonLeaveRefused, transfer.ReasonLeaveRefused},
		{"", transfer.ReasonLeaveRefused},
		{"NEVER_HEARD_OF", transfer.ReasonLeaveRefused},
	} {
		w := newWorld()
		w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
			o := departure(transfer.DepartureFailed)
			o.Departure.Failure, o.Departure.FailureDetail = c.failure, "80906 secret words"
			return o, nil
		}
		f := expect(t, do(w.api(t), small("/v1/departures", conversationBody(`,"kind":"leave"`))), 409, c.want)
		if !strings.Contains(string(f.Departure), sid("XD")) || !strings.Contains(string(f.Departure), `"phase":"failed"`) || f.Message != c.want.Message() {
			t.Errorf("got %+v %s", f, f.Departure)
		}
		if strings.Contains(string(f.Departure), "secret words") || !strings.Contains(w.log.String(), "secret words") {
			t.Error("Twilio's words belong into the log, and only there")
		}
	}
}

// smallRoutes are the routes with a small body, and a good body for each.
var smallRoutes = map[string]string{cancelPath: conversationBody(""), "/v1/departures": conversationBody(removal())}

func TestSmallBodiesAreRefusedBeforeAnythingIsDone(t *testing.T) {
	w := newWorld()
	w.cancel = func(context.Context, Caller, transfer.Request) (Outcome, error) {
		t.Error("canceled")
		return Outcome{}, nil
	}
	w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
		t.Error("departed")
		return DepartureOutcome{}, nil
	}
	a := w.api(t)
	for path, good := range smallRoutes {
		with := func(old, new string) string {
			if !strings.Contains(good, old) {
				t.Fatalf("%s is not in the body", old)
			}
			return strings.Replace(good, old, new, 1)
		}
		for body, field := range map[string]string{
			"":                                       "",
			"null":                                   "",
			"[]":                                     "",
			"{":                                      "",
			good[:len(good)-1]:                       "",
			good + good:                              "",
			strings.Repeat(`{"wire":`, 400):          "wire",
			strings.Repeat("[", 4000):                "",
			"\xff\xfe" + good:                        "",
			with(`"wire":1`, `"wire":"1"`):           "wire",
			with(`"wire":1,`, ``):                    "wire",
			with(`"wire":1`, `"wire":null`):          "wire",
			with(`"wire":1`, `"evil":1,"wire":1`):    "evil",
			with(`"wire":1`, `"wire":1,"wire":1`):    "wire",
			with(`"wire":1`, `"target":{},"wire":1`): "target",
			with(`"wire":1`, `"deep":`+strings.Repeat("[", 900)+strings.Repeat("]", 900)+`,"wire":1`): "deep",
			with(sid("WT"), "WT/../../Workers"):         "taskSid",
			with(sid("WT"), sid("WR")):                  "taskSid",
			with(`"`+sid("WT")+`"`, `["x"]`):            "taskSid",
			with(sid("KD"), ""):                         "interactionSid",
			with(sid("UO"), strings.ToUpper(sid("UO"))): "interactionChannelSid",
			with(`"rules":"r1"`, `"rules":"a\nb"`):      "rules",
			with(`"rules":"r1"`, `"rules":7`):           "rules",
		} {
			if f := expect(t, do(a, small(path, body)), 400, transfer.ReasonBadRequest); f.Field != field {
				t.Errorf("%s %.80s: field %q, want %q", path, body, f.Field, field)
			}
		}
		if f := expect(t, do(a, small(path, with(`"wire":1`, `"wire":2`))), 400, transfer.ReasonUnknownWireFormat); f.Field != "wire" {
			t.Errorf("field %q", f.Field)
		}
		expect(t, do(a, small(path, good+strings.Repeat(" ", maxSmallRequest))), 413, transfer.ReasonTooLarge)
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"} {
			r := small(path, good)
			r.Header.Set("Content-Type", kind)
			expect(t, do(a, r), 415, transfer.ReasonUnsupportedMedia)
		}
		r := small(path, good)
		r.Header.Set("Content-Encoding", "gzip")
		expect(t, do(a, r), 415, transfer.ReasonUnsupportedMedia)
		r = small(path, good)
		r.Header.Del("Authorization")
		expect(t, do(a, r), 401, transfer.ReasonUnauthenticated)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			r := small(path, good)
			r.Method = method
			if resp := do(a, r); resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
				t.Errorf("%s %s: %d, Allow %q", method, path, resp.StatusCode, resp.Header.Get("Allow"))
			}
		}
	}
}

func TestDepartRefusesKindsAndParticipants(t *testing.T) {
	w := newWorld()
	w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
		t.Error("departed")
		return DepartureOutcome{}, nil
	}
	a := w.api(t)
	for more, field := range map[string]string{
		``:                                     "kind",
		`,"kind":""`:                           "kind",
		`,"kind":"Leave"`:                      "kind",
		`,"kind":"cancel"`:                     "kind",
		`,"kind":["leave"]`:                    "kind",
		`,"kind":"remove"`:                     "participantSid",
		`,"kind":"remove","participantSid":""`: "participantSid",
		`,"kind":"remove","participantSid":"` + sid("MB") + `"`: "participantSid",
		`,"kind":"leave","participantSid":"` + sid("UT") + `"`:  "participantSid",
		`,"kind":"leave","action":"leave"`:                      "action",
	} {
		if f := expect(t, do(a, small("/v1/departures", conversationBody(more))), 400, transfer.ReasonBadRequest); f.Field != field {
			t.Errorf("%s: field %q, want %q", more, f.Field, field)
		}
	}
}

func TestSmallRoutesRefuseWithTheRulesReason(t *testing.T) {
	for reason, status := range map[transfer.Reason]int{
		"LAST_AGENT": 409, "OTHERS_IN_CONVERSATION": 409, "NOBODY_WOULD_STAY": 409, "INVITE_OVER": 409, "LEAVING_UNDER_WAY": 409,
		"PARTICIPANT_NOT_FOUND": 409, "CANNOT_REMOVE_SELF": 422, "CANNOT_REMOVE_CUSTOMER": 422, "NOT_IN_CONVERSATION": 403, "NOT_FOUND": 404,
		"NATIVE_TRANSFERS_ON": 422, "SERVICE_UNAVAILABLE": 503,
	} {
		w := newWorld()
		refusal := &transfer.Refusal{Reason: reason, Field: "x"}
		w.cancel = func(context.Context, Caller, transfer.Request) (Outcome, error) { return Outcome{}, refusal }
		w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
			return DepartureOutcome{}, refusal
		}
		a := w.api(t)
		for path, body := range smallRoutes {
			if f := expect(t, do(a, small(path, body)), status, reason); f.Field != "x" {
				t.Errorf("%s %s: %+v", path, reason, f)
			}
		}
	}
}

func TestSmallRoutesOutliveTheirClient(t *testing.T) {
	w := newWorld()
	asked := 0
	check := func(ctx context.Context) {
		asked++
		if _, bounded := ctx.Deadline(); ctx.Err() != nil || !bounded {
			t.Errorf("it ends with its client (%v), or never", ctx.Err())
		}
	}
	w.cancel = func(ctx context.Context, _ Caller, _ transfer.Request) (Outcome, error) {
		check(ctx)
		return outcome(transfer.PhaseCanceled), nil
	}
	w.depart = func(ctx context.Context, _ Caller, _ transfer.Request) (DepartureOutcome, error) {
		check(ctx)
		return departure(transfer.DepartureGone), nil
	}
	a := w.api(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for path, body := range smallRoutes {
		do(a, small(path, body).WithContext(ctx))
	}
	if asked != len(smallRoutes) {
		t.Errorf("asked %d times", asked)
	}
}

func TestStartTakesReasonsAndNotes(t *testing.T) {
	w := newWorld()
	var got transfer.Request
	w.start = func(_ context.Context, _ Caller, r transfer.Request, _ string) (Outcome, error) {
		got = r
		return outcome(transfer.PhaseRinging), nil
	}
	a := w.api(t)
	with := func(more string) string { return strings.Replace(goodBody(), `"mode":"cold"`, `"mode":"warm"`+more, 1) }
	notes := strings.Repeat(`\n`, 20_000)
	if resp := do(a, post(with(`,"leaveOn":"accept","reason":"billing","notes":"`+notes+`"`))); resp.StatusCode != 201 {
		t.Fatal(resp.StatusCode, bodyOf(t, resp))
	}
	if got.Mode != transfer.ModeWarm || got.LeaveOn != transfer.LeaveOnAccept || got.Reason != "billing" || got.Notes != strings.Repeat("\n", 20_000) {
		t.Errorf("got %.200v", got)
	}
	for more, field := range map[string]string{
		`,"notes":"` + notes + `x"`:                    "notes",
		`,"notes":null`:                                "notes",
		`,"notes":["x"]`:                               "notes",
		`,"reason":"` + strings.Repeat("r", 101) + `"`: "reason",
		`,"reason":{}`:                                 "reason",
		`,"leaveOn":true`:                              "leaveOn",
		`,"participantSid":"` + sid("UT") + `"`:        "participantSid",
		`,"transferId":"` + sid("XT") + `"`:            "transferId",
		`,"action":"end"`:                              "action",
	} {
		if f := expect(t, do(a, post(with(more))), 400, transfer.ReasonBadRequest); f.Field != field {
			t.Errorf("%.80s: field %q, want %q", more, f.Field, field)
		}
	}
}
