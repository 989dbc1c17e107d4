package app

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// play lets the step happen before the golden case's request.
func (s goldenStep) play(r *rig) {
	r.Helper()
	switch s.Do {
	case "join": // the world begins with them
	case "activity":
		r.setActivity(s.Worker, s.Activity)
		// The backend hears of it from Twilio.
		r.eventually("the roster has heard", func() bool {
			w, _ := r.backend.roster.Known(r.worker(s.Worker).SID)
			return w.ActivityName == s.Activity
		})
	case "wrapup":
		res, _ := r.reservation(s.Worker, "accepted")
		if _, err := r.account.WrapUp(res.SID); err != nil {
			r.Fatal(err)
		}
	case "close": // and complete the tasks
		closeChannel(r)
	case "call":
		r.takeCall(s.Worker)
	case "attributes":
		r.setAttributes(r.taskOf(s.Worker), s.Set)
	case "transfer":
		if a := r.post(s.By, s.To.body(r, r.taskOf(s.By)), "before"); a.status != 201 {
			r.Fatalf("%d %s", a.status, a.text)
		} else {
			r.phase(s.By, a.id(), "ringing")
		}
	case "accept": // of the transfer that was made by By
		r.accept(s.Worker)
		a := r.post(s.By, r.body(r.firstTask(), "worker", r.worker(s.Worker).SID), "before")
		r.phase(s.By, a.id(), "completed")
	case "transfer-held": // the invite exists, the removal gets no answer
		if err := r.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Product: sandbox.ProductFlex, Method: "POST", Path: pathParticipant},
			Do: sandbox.Action{Kind: sandbox.FaultHang}}); err != nil {
			r.Fatal(err)
		}
		if a := r.post("ada", s.To.body(r, r.taskOf("ada")), "before"); a.status != 201 {
			r.Fatalf("%d %s", a.status, a.text)
		}
	default:
		r.Fatalf("unknown step %q", s.Do)
	}
}

// setAttributes replaces members of a task's attributes, as a program beside
// the backend would.
func (r *rig) setAttributes(taskSID string, set map[string]any) {
	r.Helper()
	for _, task := range r.account.Snapshot().Tasks {
		if task.SID != taskSID {
			continue
		}
		var attributes map[string]any
		if err := json.Unmarshal([]byte(task.Attributes), &attributes); err != nil {
			r.Fatal(err)
		}
		maps.Copy(attributes, set)
		text, err := json.Marshal(attributes)
		if err != nil {
			r.Fatal(err)
		}
		r.twilio("https://taskrouter.twilio.com/v1/Workspaces/"+r.account.WorkspaceSID()+"/Tasks/"+taskSID, "Attributes", string(text))
		return
	}
	r.Fatalf("there is no task %s", taskSID)
}

// firstTask is the task with which the conversation began.
func (r *rig) firstTask() string {
	r.Helper()
	tasks := r.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"})
	if len(tasks) == 0 {
		r.Fatal("there is no task")
	}
	return tasks[0].SID
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
