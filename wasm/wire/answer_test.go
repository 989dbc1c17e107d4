package wire

import (
	stdjson "encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestAppendAnswer(t *testing.T) {
	golden(t, "answer.json", AppendAnswer(nil, Answer{
		Screen:   sampleScreen(),
		Decision: &Decision{Refusal: &transfer.Refusal{Reason: transfer.ReasonTargetUnavailable, Field: "target"}},
	}))
	golden(t, "answer-empty.json", AppendAnswer(nil, Answer{Decision: new(Decision)}))
	golden(t, "answer-error.json", AppendAnswer(nil, Answer{Err: &Error{Code: CodeBadRecords, Path: "task.sid", Message: "expected a string"}}))
}

// sampleScreen has something in each of its places.
func sampleScreen() transfer.Screen {
	tr := sampleTransfer()
	enabled := transfer.Button{State: transfer.ButtonEnabled}
	return transfer.Screen{
		Button: transfer.Button{State: transfer.ButtonDisabled, Reason: transfer.ReasonInviteOutstanding},
		Cold:   transfer.Button{State: transfer.ButtonBusy, Reason: transfer.ReasonTransferUnderWay},
		Warm:   transfer.Button{State: transfer.ButtonHidden, Reason: transfer.ReasonMultiParticipantOff},
		Exit:   transfer.Exit{Kind: transfer.ExitLeave, Button: transfer.Button{State: transfer.ButtonDisabled, Reason: transfer.ReasonLastAgent}},
		Notice: transfer.ReasonNativeTransfersOn,
		Participants: []transfer.ParticipantView{{
			SID: one("UT", "1"), Type: "agent", WorkerSID: one("WK", "1"), Name: "Ada", Me: true, Leaving: true,
			Remove: transfer.Button{State: transfer.ButtonHidden, Reason: transfer.ReasonCannotRemoveSelf},
		}},
		Parties: 2,
		Invites: []transfer.InviteView{{
			TransferID: tr.ID, Target: tr.Target, Mode: transfer.ModeWarm, Phase: transfer.PhaseRinging, By: "Ada", Since: tr.RequestedAt,
			Deadline: tr.Deadline, Mine: true, Cancel: enabled,
		}},
		Progress: &transfer.ProgressView{TransferID: tr.ID, Mode: tr.Mode, LeaveOn: tr.LeaveOn, Phase: tr.Phase, Target: tr.Target, Asked: tr.Asked,
			From: tr.From, Tried: tr.Tried, Over: tr.Over, AcceptedBy: tr.AcceptedBy, Since: tr.RequestedAt, Ringing: tr.InvitedAt,
			Deadline: tr.Deadline, Failure: tr.Failure, Mine: true, Cancel: transfer.Button{State: transfer.ButtonHidden, Reason: transfer.ReasonInviteOver}},
		Briefing: &transfer.BriefingView{Briefing: tr.Briefing, Rescued: true, Digest: tr.Digest, Pending: true},
		Targets: []transfer.TargetView{
			{Target: tr.Target, Enabled: true},
			{Target: transfer.Target{Kind: transfer.TargetWorker, SID: one("WK", "2"), Name: "Bob"}, Detail: "Busy", Reason: transfer.ReasonTargetUnavailable},
		},
	}
}

func TestDecide(t *testing.T) {
	golden(t, "question-answer.json", Decide(readFile(t, "testdata/question.json")))
}

func TestDecideAnswersWhatItCannotRead(t *testing.T) {
	for question, code := range map[string]string{
		``:           CodeBadRecords,
		`{"wire":9}`: CodeUnknownWireFormat,
		`{"wire":1,"worker":{"sid":"WK1","attributes":"[]"}}`: CodeBadRecords,
		`{"wire":1,"task":{"sid":"WT1","attributes":"{"}}`:    CodeBadRecords,
	} {
		var answer struct {
			Wire   int
			Error  struct{ Code, Message string }
			Screen any
		}
		if err := stdjson.Unmarshal(Decide(question), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Wire != 1 || answer.Error.Code != code || answer.Error.Message == "" || answer.Screen != nil {
			t.Errorf("%s: %+v", question, answer)
		}
	}
}

func TestAnswerExplainsEveryReasonInIt(t *testing.T) {
	for _, reason := range transfer.Reasons() {
		for place, a := range map[string]Answer{
			"button":   {Screen: transfer.Screen{Button: transfer.Button{Reason: reason}}},
			"cold":     {Screen: transfer.Screen{Cold: transfer.Button{Reason: reason}}},
			"warm":     {Screen: transfer.Screen{Warm: transfer.Button{Reason: reason}}},
			"exit":     {Screen: transfer.Screen{Exit: transfer.Exit{Button: transfer.Button{Reason: reason}}}},
			"remove":   {Screen: transfer.Screen{Participants: []transfer.ParticipantView{{Remove: transfer.Button{Reason: reason}}}}},
			"invite":   {Screen: transfer.Screen{Invites: []transfer.InviteView{{Cancel: transfer.Button{Reason: reason}}}}},
			"over":     {Screen: transfer.Screen{Progress: &transfer.ProgressView{Over: reason}}},
			"tried":    {Screen: transfer.Screen{Progress: &transfer.ProgressView{Tried: []transfer.Tried{{Outcome: reason}}}}},
			"cancel":   {Screen: transfer.Screen{Progress: &transfer.ProgressView{Cancel: transfer.Button{Reason: reason}}}},
			"digest":   {Screen: transfer.Screen{Briefing: &transfer.BriefingView{Digest: &transfer.Digest{Failure: reason}}}},
			"notice":   {Screen: transfer.Screen{Notice: reason}},
			"progress": {Screen: transfer.Screen{Progress: &transfer.ProgressView{Failure: reason}}},
			"target":   {Screen: transfer.Screen{Targets: []transfer.TargetView{{Reason: reason}, {Reason: reason}}}},
			"decision": {Decision: &Decision{Refusal: &transfer.Refusal{Reason: reason}}},
		} {
			var got struct{ Reasons map[string]string }
			if err := stdjson.Unmarshal(AppendAnswer(nil, a), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Reasons) != 1 || got.Reasons[string(reason)] != reason.Message() || reason.Message() == "" {
				t.Errorf("%s in %s: %v", reason, place, got.Reasons)
			}
		}
	}
}

func TestRecords(t *testing.T) {
	worker := transfer.WorkerRecord{SID: one("WK", "1"), FriendlyName: "ada", Attributes: `{"full_name":"Ada"}`, ActivityName: "Available", Available: true}
	queue := transfer.QueueRecord{SID: one("WQ", "1"), FriendlyName: "Everyone", Unserved: true,
		Skills: []string{"en", "billing"}, Figures: &transfer.QueueFigures{Available: 3, Waiting: 2, LongestWait: 61}}
	settings := transfer.Settings{ColdTransfer: true}
	golden(t, "directory.json", AppendDirectory(nil, Directory{
		Workers: []transfer.WorkerRecord{worker}, Queues: []transfer.QueueRecord{queue}, Settings: settings,
	}))
	golden(t, "hello.json", AppendHello(nil, settings))
	golden(t, "error.json", AppendError(nil, "BAD_REQUEST", "target.sid: is missing", "target.sid"))
	if got := string(AppendError(nil, "NOT_FOUND", "No.", "")); got != `{"code":"NOT_FOUND","message":"No."}` {
		t.Error(got)
	}
	// The directory's records are what a question carries.
	text := `{"wire":1,"workers":[` + string(AppendWorker(nil, worker)) + `],"queues":[` + string(AppendQueue(nil, queue)) +
		`],"settings":` + string(AppendSettings(nil, settings)) + `}`
	q, err := DecodeQuestion(text)
	if err != nil || q.Records.Workers[0] != worker || !reflect.DeepEqual(q.Records.Queues[0], queue) {
		t.Errorf("%s was read as %+v, %v", text, q.Records, err)
	}
	if strings.Contains(text, "\n") {
		t.Error("a record does not fit a line of the stream")
	}
}

func BenchmarkDecide(b *testing.B) {
	question := readFile(b, "testdata/question.json")
	b.ReportAllocs()
	for b.Loop() {
		Decide(question)
	}
}
