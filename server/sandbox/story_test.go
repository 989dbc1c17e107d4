package sandbox_test

import (
	"slices"
	"testing"

	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	flex "github.com/twilio/twilio-go/rest/flex/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// The whole of a cold transfer, as Twilio's own client sees it.
func TestColdTransferToAnAgent(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ada, bea := l.WorkerSID("ada"), l.WorkerSID("bea")
	s := l.talk("Chris Customer")
	is(t, "first agent", len(l.agents(s)), 1)
	adasUT := l.agents(s)[ada]
	if adasUT == "" {
		t.Fatalf("ada is not in the channel: %v", l.agents(s))
	}
	taskSID := must[string](t)(l.transfer(s, toWorker(bea)))
	is(t, "task", l.status(taskSID), "reserved")
	is(t, "offered to", *l.pending(taskSID).WorkerSid, bea)
	attributes := attributesOf(t, *l.task(taskSID).Attributes)
	is(t, "flexInteractionSid", attributes["flexInteractionSid"], any(s.InteractionSID))
	is(t, "flexInteractionChannelSid", attributes["flexInteractionChannelSid"], any(s.InteractionChannelSID))
	is(t, "conversationSid", attributes["conversationSid"], any(s.ConversationSID))
	if attributes["flexChannelInviteSid"] == nil || attributes["conversations"] == nil {
		t.Fatalf("Twilio's keys are missing: %v", attributes)
	}
	if attributes["customerName"] != nil {
		t.Fatal("the old task's attributes were carried over")
	}
	p := (&flex.UpdateInteractionChannelParticipantParams{}).SetStatus("closed")
	must[*flex.FlexV1InteractionChannelParticipant](t)(
		l.flex.UpdateInteractionChannelParticipant(s.InteractionSID, s.InteractionChannelSID, adasUT, p))
	is(t, "ada's task", l.status(s.TaskSID), "completed")
	is(t, "agents left", len(l.agents(s)), 0)
	channel := must[*flex.FlexV1InteractionChannel](t)(l.flex.FetchInteractionChannel(s.InteractionSID, s.InteractionChannelSID))
	is(t, "channel", *channel.Status, "active")
	_, err := l.SendMessage(s.ConversationSID, "ada", "still there?")
	wantError(t, err, 403, 50400)

	l.accept(taskSID)
	is(t, "task", l.status(taskSID), "assigned")
	if l.agents(s)[bea] == "" {
		t.Fatal("bea is not in the channel")
	}
	must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, s.Identity, "Thanks"))
	messages := must[[]conversations.ConversationsV1ConversationMessage](t)(l.conversations.ListConversationMessage(s.ConversationSID, nil))
	is(t, "messages", len(messages), 2)
	is(t, "index", messages[1].Index, 1)
	var identities []string
	for _, m := range must[[]conversations.ConversationsV1ConversationParticipant](t)(l.conversations.ListConversationParticipant(s.ConversationSID, nil)) {
		identities = append(identities, *m.Identity)
	}
	if !slices.Equal(identities, []string{s.Identity, "bea"}) {
		t.Fatalf("in the conversation are %v", identities)
	}
	must[sandbox.Reservation](t)(l.CompleteTask(reservationOf(l, taskSID)))
	conversation := must[*conversations.ConversationsV1Conversation](t)(l.conversations.FetchConversation(s.ConversationSID))
	is(t, "conversation", *conversation.State, "closed")
}

func reservationOf(l *lab, taskSID string) string {
	l.t.Helper()
	for _, r := range l.Snapshot().Reservations {
		if r.TaskSID == taskSID && r.ReservationStatus == "accepted" {
			return r.SID
		}
	}
	l.t.Fatalf("nobody has accepted %s", taskSID)
	return ""
}

func TestTransferToAQueueExcludesThoseInTheConversation(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	taskSID := must[string](t)(l.transfer(s, toQueue("Billing", l.WorkerSID("ada"))))
	is(t, "offered to", *l.pending(taskSID).WorkerName, "bea")
	l.setActivity("bea", "Break")
	// A second one finds nobody but ada, who is excluded: it waits until bea is back.
	l.setActivity("bea", "Available")
	l.setActivity("bea", "Offline")
	waiting := must[string](t)(l.transfer(s, toQueue("Billing", l.WorkerSID("ada"))))
	is(t, "second task", l.status(waiting), "pending")
	l.setActivity("bea", "Available")
	is(t, "second task goes to", *l.pending(waiting).WorkerName, "bea")
}

func TestAQueueThatNoFilterServes(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	taskSID := must[string](t)(l.transfer(s, toQueue("Archive", l.WorkerSID("ada"))))
	is(t, "task", l.status(taskSID), "canceled")
	is(t, "reason", *l.task(taskSID).Reason, "Workflow Timeout")
}
