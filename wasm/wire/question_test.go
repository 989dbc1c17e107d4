package wire

import (
	stdjson "encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestDecodeQuestion(t *testing.T) {
	q, err := DecodeQuestion(readFile(t, "testdata/question.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := q.Records
	if !r.Now.Equal(moment0()) || !r.Settings.ColdTransfer || r.Settings.NativeTransfers || r.Query != "be" {
		t.Errorf("the plain members: %+v", r)
	}
	if r.Worker.SID != one("WK", "1") || r.Worker.Attributes != `{"full_name":"Ada Lovelace"}` || !r.Worker.Available {
		t.Errorf("the worker: %+v", r.Worker)
	}
	wantTask := transfer.TaskRecord{
		SID: one("WT", "1"), AssignmentStatus: "assigned", TaskChannelName: "chat", ReservationStatus: "accepted", QueueName: "Everyone", QueueSID: one("WQ", "7"),
		Attributes: `{"flexInteractionSid":"` + one("KD", "1") + `","flexInteractionChannelSid":"` + one("UO", "1") + `","customerName":"Zoë"}`,
	}
	if r.Task != wantTask {
		t.Errorf("the task: %+v", r.Task)
	}
	if want := (transfer.ChannelRecord{SID: one("UO", "1"), InteractionSID: one("KD", "1"), Type: "web", Status: "active"}); r.Channel != want {
		t.Errorf("the channel: %+v", r.Channel)
	}
	if len(r.Participants) != 4 || r.Participants[2].WorkerSID != one("WK", "3") || r.Participants[0].TaskSID != "" {
		t.Errorf("the participants: %+v", r.Participants)
	}
	if got := r.Workers[0].Attributes; got != `{"full_name": "Ada Lovelace"}` {
		t.Errorf("attributes that are an object: %s", got)
	}
	if !r.Queues[1].Unserved || len(r.Transfers) != 1 || r.Transfers[0].Failure != transfer.ReasonInviteCanceled {
		t.Errorf("queues %+v, transfers %+v", r.Queues, r.Transfers)
	}
	if len(r.Departures) != 1 || r.Departures[0].Agent.ParticipantSID != one("UT", "3") || !r.Departures[0].Open() {
		t.Errorf("departures %+v", r.Departures)
	}
	want := transfer.Request{
		Mode: "cold", InteractionSID: one("KD", "1"), InteractionChannelSID: one("UO", "1"), TaskSID: one("WT", "1"),
		Target: transfer.Target{Kind: transfer.TargetWorker, SID: one("WK", "2")}, Rules: "development",
	}
	if q.Request == nil || *q.Request != want {
		t.Errorf("the request: %+v", q.Request)
	}
}

func TestDecodeQuestionOfNothing(t *testing.T) {
	for _, text := range []string{
		`{"wire":1}`,
		`{"wire":1,"now":null,"settings":null,"worker":null,"roles":null,"task":null,"channel":null,"participants":null,
		  "transfers":null,"departures":null,"requesting":null,"workers":null,"queues":null,"query":null,"request":null,"new":{"a":[1]}}`,
	} {
		q, err := DecodeQuestion(text)
		if err != nil || !reflect.DeepEqual(q, Question{}) {
			t.Errorf("%s: %+v, %v", text, q, err)
		}
	}
	q, err := DecodeQuestion(`{"wire":1,"participants":[],"request":{}}`)
	if err != nil || q.Records.Participants == nil || q.Request == nil {
		t.Errorf("an empty list of participants is known, a null is not: %+v, %v", q, err)
	}
}

func TestDecodeQuestionOfEveryAction(t *testing.T) {
	for text, want := range map[string]transfer.Request{
		`{}`:                                    {},
		`{"action":""}`:                         {},
		`{"action":null}`:                       {},
		`{"kind":null}`:                         {},
		`{"action":"cancel","transferId":"t1"}`: {Action: transfer.ActionCancel, TransferID: "t1"},
		`{"kind":"remove","participantSid":"UT1"}`:                                                      {Action: transfer.ActionRemove, ParticipantSID: "UT1"},
		`{"kind":"leave","action":"leave"}`:                                                             {Action: transfer.ActionLeave},
		`{"action":"end","taskSid":null,"participantSid":null}`:                                         {Action: transfer.ActionEnd},
		`{"action":"transfer","leaveOn":"","reason":"x","notes":"` + strings.Repeat("n", 30_000) + `"}`: {Action: transfer.ActionTransfer, Reason: "x", Notes: strings.Repeat("n", 30_000)},
	} {
		q, err := DecodeQuestion(`{"wire":1,"request":` + text + `}`)
		if err != nil || *q.Request != want {
			t.Errorf("%.80s: %+v, %v", text, q.Request, err)
		}
	}
	for text, want := range map[string]string{
		`{"action":"hack"}`:                  `request.action: expected "transfer", "cancel", "leave", "remove" or "end"`,
		`{"kind":"cancel"}`:                  `request.kind: expected "leave", "remove" or "end"`,
		`{"action":"leave","kind":"remove"}`: `request.kind: expected "leave", as before`,
		`{"action":1}`:                       "request.action: at offset 30: expected a string, found a number",
	} {
		_, err := DecodeQuestion(`{"wire":1,"request":` + text + `}`)
		refused(t, text, err, CodeBadRecords, want)
	}
}

// The rules do not read the labels of the reasons, and a question is asked
// often: they are not even taken in.
func TestQuestionsGoWithoutLabels(t *testing.T) {
	q, err := DecodeQuestion(`{"wire":1,"settings":` + string(AppendSettings(nil, sampleSettings())) + `}`)
	want := sampleSettings()
	for i := range want.Handover.Reasons {
		want.Handover.Reasons[i].Labels = nil
	}
	if err != nil || !reflect.DeepEqual(q.Records.Settings, want) {
		t.Errorf("%+v, %v", q.Records.Settings, err)
	}
}

func TestDecodeQuestionRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:             "at offset 0: expected an object, found the end",
		`[]`:           "at offset 0: expected an object, found an array",
		`{}`:           "wire: is missing",
		`{"wire":"1"}`: "wire: at offset 8: expected a number, found a string",
		`{"wire":1} x`: `at offset 11: expected the end, found "x"`,
		`{"wire":1,"participants":[{},{},{"sid":7}]}`:                          "participants[2].sid: at offset 39: expected a string, found a number",
		`{"wire":1,"participants":{}}`:                                         "participants: at offset 25: expected an array, found an object",
		`{"wire":1,"participants":[{"routing_properties":{"task_sid":true}}]}`: "participants[0].routing_properties.task_sid: at offset 60: expected a string, found true or false",
		`{"wire":1,"now":"yesterday"}`:                                         "now: at offset 16: expected a time such as 2006-01-02T15:04:05.000Z",
		`{"wire":1,"transfers":[{"from":{"name":[]}}]}`:                        "transfers[0].from.name: at offset 39: expected a string, found an array",
		`{"wire":1,"departures":[{"agent":[]}]}`:                               "departures[0].agent: at offset 33: expected an object, found an array",
		`{"wire":1,"queues":[{"figures":{"waiting":"1"}}]}`:                    "queues[0].figures.waiting: at offset 42: expected a number, found a string",
		`{"wire":1,"queues":[{"skills":[null,2]}]}`:                            "queues[0].skills[1]: at offset 36: expected a string, found a number",
		`{"wire":1,"settings":{"permissions":[{"teams":"x"}]}}`:                "settings.permissions[0].teams: at offset 46: expected an array, found a string",
		`{"wire":1,"transfers":[null,3]}`:                                      "transfers[1]: at offset 28: expected an object, found a number",
		`{"wire":1,"workers":[{"available":"yes"}]}`:                           "workers[0].available: at offset 34: expected true or false, found a string",
		`{"wire":1,"task":{"attributes":{"a":}}}`:                              "task.attributes.a: at offset 36: expected a value, found \"}\"",
		`{"wire":1,"request":{"colour":1}}`:                                    "request.colour: is not a known field",
		`{"wire":1,"roles":["agent",1]}`:                                       "roles[1]: at offset 27: expected a string, found a number",
		`{"wire":1,"new":[}`:                                                   "new[0]: at offset 17: expected a value, found \"}\"",
	} {
		_, err := DecodeQuestion(text)
		refused(t, text, err, CodeBadRecords, want)
	}
	_, err := DecodeQuestion(`{"wire":2}`)
	refused(t, "wire 2", err, CodeUnknownWireFormat, "wire: format 2 is not known; this side speaks 1")
	_, err = DecodeQuestion(`{"wire":1,"request":{"wire":3}}`)
	refused(t, "wire 3", err, CodeUnknownWireFormat, "request.wire: format 3 is not known; this side speaks 1")
}

func TestPathsDoNotRepeatLongKeys(t *testing.T) {
	text := `{"wire":1,"request":{"` + strings.Repeat("ö", 5000) + `":1}}`
	_, err := DecodeQuestion(text)
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("%v", err)
	}
}

// The question as encoding/json writes it: what our reader is compared with.
type stdQuestion struct {
	Wire         int              `json:"wire"`
	Now          time.Time        `json:"now"`
	Worker       stdWorker        `json:"worker"`
	Roles        []string         `json:"roles"`
	Participants []stdParticipant `json:"participants"`
	Workers      []stdWorker      `json:"workers"`
	Query        string           `json:"query"`
	Requesting   bool             `json:"requesting"`
	Unknown      any              `json:"unknown"`
}

type stdWorker struct {
	SID        string `json:"sid"`
	Name       string `json:"friendly_name"`
	Attributes string `json:"attributes"`
	Activity   string `json:"activity_name"`
	Available  bool   `json:"available"`
}

type stdParticipant struct {
	SID     string     `json:"sid"`
	Type    string     `json:"type"`
	Routing stdRouting `json:"routing_properties"`
}

type stdRouting struct {
	Task        string `json:"task_sid"`
	Worker      string `json:"worker_sid"`
	Reservation string `json:"reservation_sid"`
}

func (w stdWorker) record() transfer.WorkerRecord {
	return transfer.WorkerRecord{SID: w.SID, FriendlyName: w.Name, Attributes: w.Attributes, ActivityName: w.Activity, Available: w.Available}
}

func (q stdQuestion) records() transfer.Records {
	r := transfer.Records{Now: q.Now, Worker: q.Worker.record(), Roles: q.Roles, Query: q.Query, Requesting: q.Requesting}
	for _, p := range q.Participants {
		r.Participants = append(r.Participants, transfer.ParticipantRecord{
			SID: p.SID, Type: p.Type, TaskSID: p.Routing.Task, WorkerSID: p.Routing.Worker, ReservationSID: p.Routing.Reservation,
		})
	}
	for _, w := range q.Workers {
		r.Workers = append(r.Workers, w.record())
	}
	return r
}

func TestDecodeQuestionReadsWhatTheStandardWrites(t *testing.T) {
	worker := rapid.Custom(func(t *rapid.T) stdWorker {
		s := rapid.String()
		return stdWorker{s.Draw(t, "sid"), s.Draw(t, "name"), s.Draw(t, "attributes"), s.Draw(t, "activity"), rapid.Bool().Draw(t, "available")}
	})
	participant := rapid.Custom(func(t *rapid.T) stdParticipant {
		s := rapid.String()
		return stdParticipant{s.Draw(t, "sid"), s.Draw(t, "type"), stdRouting{s.Draw(t, "task"), s.Draw(t, "worker"), s.Draw(t, "reservation")}}
	})
	rapid.Check(t, func(t *rapid.T) {
		q := stdQuestion{
			Wire: 1, Now: time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(t, "now")).UTC(),
			Worker: worker.Draw(t, "worker"), Roles: rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "roles"),
			Participants: rapid.SliceOfN(participant, 1, 4).Draw(t, "participants"),
			Workers:      rapid.SliceOfN(worker, 1, 4).Draw(t, "workers"),
			Query:        rapid.String().Draw(t, "query"), Requesting: rapid.Bool().Draw(t, "requesting"),
			Unknown: map[string]any{rapid.String().Draw(t, "key"): []any{rapid.Float64().Draw(t, "n"), nil}},
		}
		text, err := stdjson.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeQuestion(string(text))
		if err != nil || !reflect.DeepEqual(got.Records, q.records()) {
			t.Fatalf("%s\nwas read as %+v, %v", text, got.Records, err)
		}
	})
}

func FuzzDecodeQuestion(f *testing.F) {
	f.Add(readFile(f, "testdata/question.json"))
	f.Add(`{"wire":1,"settings":` + string(AppendSettings(nil, sampleSettings())) + `,"departures":[` +
		string(AppendDeparture(nil, "", "", sampleDeparture())) + `],"transfers":[` + string(AppendTransfer(nil, "", "", sampleTransfer())) +
		`],"request":{"action":"cancel","transferId":"t-1"}}`)
	f.Add(`{"wire":1,"participants":[{"routing_properties":null}],"request":{"target":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := DecodeQuestion(text)
		checkFuzzed(t, text, err, CodeBadRecords)
		if answer := Decide(text); !stdjson.Valid(answer) {
			t.Fatalf("%q: the answer is not JSON: %s", text, answer)
		}
	})
}

// checkFuzzed checks what holds of every decoder: it reads only JSON, and its
// errors have a code and a text.
func checkFuzzed(t *testing.T, text string, err error, code string) {
	t.Helper()
	if err == nil {
		if !stdjson.Valid([]byte(text)) {
			t.Fatalf("%q is not JSON and was read", text)
		}
		return
	}
	e, ok := err.(*Error)
	if !ok || e.Message == "" || (e.Code != code && e.Code != CodeUnknownWireFormat) {
		t.Fatalf("%q: the error is %#v", text, err)
	}
}
