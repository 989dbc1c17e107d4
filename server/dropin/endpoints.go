package dropin

import (
	"context"
)

// endpoint is one of the functions that plugins call.
type endpoint struct {
	path  string
	needs []need
	// do answers a caller who is signed in, with what becomes JSON.
	do func(d *DropIn, ctx context.Context, by Caller, p *parameters) (any, error)
	// sample is true where the older sample is answered, which knows an "error".
	sample bool
	// known is true where the answer is known without asking Twilio.
	known bool
}

// need is a parameter that has to be there, and what it is for.
type need struct{ name, purpose string }

// The endpoints' addresses. Source: the template's plugin, the sample's plugin.
const (
	pathInvite         = "/features/conversation-transfer/flex/invite-participant"
	pathRemove         = "/features/conversation-transfer/flex/remove-participant"
	pathAttributes     = "/common/flex/conversations/update-attributes"
	pathTaskStatus     = "/common/flex/taskrouter/update-task-assignment-status"
	pathQueues         = "/common/flex/taskrouter/get-queues"
	pathSampleTransfer = "/transferConversation"
)

var endpoints = byPath(
	endpoint{path: pathInvite, do: (*DropIn).invite, needs: []need{
		{"taskSid", "the task of the agent who transfers (WT…)"},
		{"conversationId", "what Flex Insights links the tasks by (CH… or WT…)"},
		{"jsonAttributes", "the task's attributes, as JSON"},
		{"transferTargetSid", "the worker or queue that is to take over (WK… or WQ…)"},
		{"workersToIgnore", "the workers in the conversation, as JSON"},
		{"flexInteractionSid", "the interaction (KD…)"},
		{"flexInteractionChannelSid", "the interaction channel (UO…)"},
		{"taskChannelUniqueName", "the task channel of the new task"},
	}},
	endpoint{path: pathRemove, do: (*DropIn).remove, needs: []need{
		{"flexInteractionSid", "the interaction (KD…)"},
		{"flexInteractionChannelSid", "the interaction channel (UO…)"},
		{"flexInteractionParticipantSid", "the participant who is to leave (UT…)"},
	}},
	endpoint{path: pathAttributes, do: (*DropIn).updateAttributes, needs: []need{
		{"conversationSid", "the conversation (CH…)"},
		{"attributes", "its new attributes, as JSON"},
	}},
	endpoint{path: pathTaskStatus, do: (*DropIn).cancel, needs: []need{
		{"taskSid", "the task of the invite that is to be taken back (WT…)"},
		{"assignmentStatus", "canceled"},
	}},
	endpoint{path: pathQueues, do: (*DropIn).queues, known: true},
	endpoint{path: pathSampleTransfer, do: (*DropIn).transferConversation, sample: true, needs: []need{
		{"Payload", "what is to be transferred to whom, as JSON"},
	}},
)

func byPath(all ...endpoint) map[string]endpoint {
	m := map[string]endpoint{}
	for _, e := range all {
		m[e.path] = e
	}
	return m
}
