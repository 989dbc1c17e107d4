package transfer

import (
	"fmt"
	"time"
)

// The people and places of the tests.
var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

	kd  = sid("KD", 1)
	uo  = sid("UO", 1)
	wt  = sid("WT", 1)
	ada = sid("WK", 1)
	bea = sid("WK", 2)
	cyd = sid("WK", 3)
	utA = sid("UT", 1)
	wqB = sid("WQ", 1)
)

func sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }

// records are of a conversation that Ada may transfer to Bea or to Billing.
func records() Records {
	return Records{
		Now:      noon,
		Settings: Settings{ColdTransfer: true},
		Worker:   WorkerRecord{SID: ada, FriendlyName: "ada", Attributes: `{"full_name":"Ada Lindqvist"}`, ActivityName: "Available", Available: true},
		Roles:    []string{"agent"},
		Task: TaskRecord{
			SID: wt, AssignmentStatus: "assigned", TaskChannelName: "chat",
			Attributes: fmt.Sprintf(`{"flexInteractionSid":%q,"flexInteractionChannelSid":%q,"customerName":"Cust Omer"}`, kd, uo),
		},
		Channel: ChannelRecord{SID: uo, InteractionSID: kd, Type: "web", Status: "active"},
		Participants: []ParticipantRecord{
			{SID: sid("UT", 9), Type: "customer"},
			{SID: utA, Type: "agent", TaskSID: wt, WorkerSID: ada, ReservationSID: sid("WR", 1)},
		},
		Workers: []WorkerRecord{
			{SID: bea, FriendlyName: "bea", Attributes: `{"full_name":"Bea Ortiz"}`, ActivityName: "Available", Available: true},
			{SID: cyd, FriendlyName: "chidi", ActivityName: "Offline"},
		},
		Queues: []QueueRecord{{SID: wqB, FriendlyName: "Billing"}},
	}
}

func request(kind TargetKind, target string) Request {
	return Request{
		Mode: ModeCold, InteractionSID: kd, InteractionChannelSID: uo, TaskSID: wt,
		Target: Target{Kind: kind, SID: target}, TransferID: "XT1",
	}
}
