package transfer

// Reason is a code that says why something is not possible, or why it failed.
// The empty Reason means that nothing stands in the way. Each has an English
// text for agents, see [Reason.Message].
type Reason string

// The reasons that the rules give.
const (
	ReasonColdTransferOff            Reason = "COLD_TRANSFER_OFF"
	ReasonNativeTransfersOn          Reason = "NATIVE_TRANSFERS_ON"
	ReasonNotAConversation           Reason = "NOT_A_CONVERSATION"
	ReasonTaskNotAssigned            Reason = "TASK_NOT_ASSIGNED"
	ReasonConversationNotActive      Reason = "CONVERSATION_NOT_ACTIVE"
	ReasonNotInConversation          Reason = "NOT_IN_CONVERSATION"
	ReasonRequestUnderWay            Reason = "REQUEST_UNDER_WAY"
	ReasonTransferUnderWay           Reason = "TRANSFER_UNDER_WAY"
	ReasonInviteOutstanding          Reason = "INVITE_OUTSTANDING"
	ReasonModeNotEnabled             Reason = "MODE_NOT_ENABLED"
	ReasonTargetNotFound             Reason = "TARGET_NOT_FOUND"
	ReasonTargetIsSelf               Reason = "TARGET_IS_SELF"
	ReasonTargetUnavailable          Reason = "TARGET_UNAVAILABLE"
	ReasonTargetAlreadyParticipating Reason = "TARGET_ALREADY_PARTICIPATING"
	ReasonTargetAlreadyInvited       Reason = "TARGET_ALREADY_INVITED"
	ReasonQueueNotServed             Reason = "QUEUE_NOT_SERVED"
	ReasonAttributesTooLarge         Reason = "ATTRIBUTES_TOO_LARGE"
)

// The reasons for which a transfer that was begun did not come to its end.
const (
	ReasonInviteRefused   Reason = "INVITE_REFUSED"
	ReasonInviteCanceled  Reason = "INVITE_CANCELED"
	ReasonCustomerLeft    Reason = "CUSTOMER_LEFT"
	ReasonInviteNotStored Reason = "INVITE_NOT_MADE"
)

var messages = map[Reason]string{
	ReasonColdTransferOff:            "Transfers are switched off for this account.",
	ReasonNativeTransfersOn:          "Twilio's own messaging transfers are switched on, so this transfer button stands aside.",
	ReasonNotAConversation:           "Only chats and messages can be transferred here.",
	ReasonTaskNotAssigned:            "Accept the conversation before you transfer it.",
	ReasonConversationNotActive:      "This conversation has ended.",
	ReasonNotInConversation:          "You are not in this conversation.",
	ReasonRequestUnderWay:            "Your request is on its way.",
	ReasonTransferUnderWay:           "A transfer of this conversation is under way.",
	ReasonInviteOutstanding:          "Somebody has been invited and has not joined yet. Wait until they join, or cancel the invite.",
	ReasonModeNotEnabled:             "This kind of transfer is not switched on for this account.",
	ReasonTargetNotFound:             "This agent or queue no longer exists. Choose another one.",
	ReasonTargetIsSelf:               "You cannot transfer a conversation to yourself.",
	ReasonTargetUnavailable:          "This agent is not available right now. Choose another agent or a queue.",
	ReasonTargetAlreadyParticipating: "This agent is already in the conversation.",
	ReasonTargetAlreadyInvited:       "This agent or queue has already been invited.",
	ReasonQueueNotServed:             "No transfer rule leads to this queue. Choose another one, and ask an administrator to add the queue to the transfer workflow.",
	ReasonAttributesTooLarge:         "What is attached to this conversation is too large to be transferred.",
	ReasonInviteRefused:              "The transfer was refused by Twilio. You are still in the conversation.",
	ReasonInviteCanceled:             "The request to take over was canceled before anybody accepted it.",
	ReasonCustomerLeft:               "The customer left before anybody took over.",
	ReasonInviteNotStored:            "The transfer could not be sent. You are still in the conversation; try again.",
}

// Message is the English text of a reason, fit to be shown to an agent. It is
// empty for a reason that the rules do not know.
func (r Reason) Message() string { return messages[r] }

// Reasons lists every reason that has a text, for tests and translations. The
// order is not defined.
func Reasons() []Reason {
	all := make([]Reason, 0, len(messages))
	for r := range messages {
		all = append(all, r)
	}
	return all
}

// Refusal is the error with which [Decide] refuses a request.
type Refusal struct {
	Reason Reason
	// Field names the field of the request that is at fault, where one is.
	Field string
}

// Error is the text for the agent.
func (r *Refusal) Error() string { return r.Reason.Message() }
