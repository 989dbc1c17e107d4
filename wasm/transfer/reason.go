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
	ReasonTargetNotAllowed           Reason = "TARGET_NOT_ALLOWED"
	ReasonModeNotAllowed             Reason = "MODE_NOT_ALLOWED"
	ReasonMultiParticipantOff        Reason = "MULTI_PARTICIPANT_OFF"
	ReasonTooManyInvites             Reason = "TOO_MANY_INVITES"
	ReasonLeaveOnNotChoosable        Reason = "LEAVE_ON_NOT_CHOOSABLE"
	ReasonReasonRequired             Reason = "REASON_REQUIRED"
	ReasonUnknownReason              Reason = "UNKNOWN_REASON"
	ReasonNotesTooLong               Reason = "NOTES_TOO_LONG"
	ReasonLeavingUnderWay            Reason = "LEAVING_UNDER_WAY"
	ReasonInviteUnderWay             Reason = "INVITE_UNDER_WAY"
	ReasonLastAgent                  Reason = "LAST_AGENT"
	ReasonOthersInConversation       Reason = "OTHERS_IN_CONVERSATION"
	ReasonParticipantNotFound        Reason = "PARTICIPANT_NOT_FOUND"
	ReasonCannotRemoveCustomer       Reason = "CANNOT_REMOVE_CUSTOMER"
	ReasonCannotRemoveSelf           Reason = "CANNOT_REMOVE_SELF"
	ReasonInviteOver                 Reason = "INVITE_OVER"
	ReasonCancelUnderWay             Reason = "CANCEL_UNDER_WAY"
	ReasonNobodyWouldStay            Reason = "NOBODY_WOULD_STAY"
)

// The reasons for which a transfer that was begun did not come to its end.
const (
	ReasonInviteRefused   Reason = "INVITE_REFUSED"
	ReasonInviteCanceled  Reason = "INVITE_CANCELED"
	ReasonCustomerLeft    Reason = "CUSTOMER_LEFT"
	ReasonInviteNotStored Reason = "INVITE_NOT_MADE"
	ReasonInviteWithdrawn Reason = "INVITE_WITHDRAWN"
	ReasonInviteTimedOut  Reason = "INVITE_TIMED_OUT"
	ReasonTargetDeclined  Reason = "TARGET_DECLINED"
	ReasonTargetWentOff   Reason = "TARGET_WENT_OFF"
	ReasonLeaveRefused    Reason = "LEAVE_REFUSED"
	ReasonSummaryFailed   Reason = "SUMMARY_FAILED"
	ReasonDigestFailed    Reason = "DIGEST_FAILED"
)

// The reasons that the backend gives where a request does not even come
// before the rules, or where Twilio or the ledger does not answer.
const (
	ReasonBadRequest         Reason = "BAD_REQUEST"
	ReasonTooLarge           Reason = "TOO_LARGE"
	ReasonUnsupportedMedia   Reason = "UNSUPPORTED_MEDIA_TYPE"
	ReasonUnknownWireFormat  Reason = "UNKNOWN_WIRE_FORMAT"
	ReasonUnauthenticated    Reason = "UNAUTHENTICATED"
	ReasonForbidden          Reason = "FORBIDDEN"
	ReasonNotFound           Reason = "NOT_FOUND"
	ReasonMethodNotAllowed   Reason = "METHOD_NOT_ALLOWED"
	ReasonKeyReused          Reason = "IDEMPOTENCY_KEY_REUSED"
	ReasonTwilioBusy         Reason = "TWILIO_BUSY"
	ReasonTwilioUnavailable  Reason = "TWILIO_UNAVAILABLE"
	ReasonTwilioRefused      Reason = "TWILIO_REFUSED"
	ReasonServiceUnavailable Reason = "SERVICE_UNAVAILABLE"
	ReasonInternal           Reason = "INTERNAL"
)

var messages = map[Reason]string{
	ReasonColdTransferOff:            "Transfers are switched off for this account.",
	ReasonNativeTransfersOn:          "Twilio’s own messaging transfers are switched on, so this transfer button stands aside.",
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
	ReasonTargetNotAllowed:           "You may not hand conversations to this agent or queue. Choose another one.",
	ReasonModeNotAllowed:             "You may not make this kind of transfer.",
	ReasonMultiParticipantOff:        "Bringing in other agents is switched off for this account.",
	ReasonTooManyInvites:             "Too many invites are outstanding. Wait until somebody joins, or cancel one.",
	ReasonLeaveOnNotChoosable:        "When you leave is set for this account and cannot be chosen.",
	ReasonReasonRequired:             "Choose a reason for the transfer.",
	ReasonUnknownReason:              "This reason is not on the list any more. Choose another one.",
	ReasonNotesTooLong:               "The notes are too long.",
	ReasonLeavingUnderWay:            "This agent is leaving the conversation.",
	ReasonInviteUnderWay:             "An invite is on its way. Wait a moment.",
	ReasonLastAgent:                  "You are the last agent here. End the conversation, or hand it over first.",
	ReasonOthersInConversation:       "Other agents are in the conversation. Leave it instead of ending it.",
	ReasonParticipantNotFound:        "This agent is not in the conversation any more.",
	ReasonCannotRemoveCustomer:       "Only agents can be removed.",
	ReasonCannotRemoveSelf:           "You cannot remove yourself. Leave the conversation instead.",
	ReasonInviteOver:                 "This invite is not outstanding any more.",
	ReasonCancelUnderWay:             "The invite is being taken back.",
	ReasonNobodyWouldStay:            "Nobody else is in the conversation: without this invite the customer would be alone.",
	ReasonBadRequest:                 "The request is not one that this service understands.",
	ReasonTooLarge:                   "The request is too large.",
	ReasonUnsupportedMedia:           "The request must be JSON (Content-Type: application/json).",
	ReasonUnknownWireFormat:          "This page is of another version than the service. Reload the page.",
	ReasonUnauthenticated:            "Your sign-in has ended or is not valid. Sign in again.",
	ReasonForbidden:                  "You are not allowed to do this.",
	ReasonNotFound:                   "There is no such transfer.",
	ReasonMethodNotAllowed:           "This address does not take that kind of request.",
	ReasonKeyReused:                  "This request was already made for something else. Try again.",
	ReasonTwilioBusy:                 "Twilio is busy right now. Nothing was changed; try again in a moment.",
	ReasonTwilioUnavailable:          "Twilio does not answer right now. Nothing was changed; try again in a moment.",
	ReasonTwilioRefused:              "Twilio refused the request. Nothing was changed.",
	ReasonServiceUnavailable:         "The transfer service is not ready right now. Nothing was changed; try again in a moment.",
	ReasonInternal:                   "Something went wrong in the transfer service. Try again, and tell an administrator if it goes on.",
	ReasonInviteRefused:              "The transfer was refused by Twilio. You are still in the conversation.",
	ReasonInviteCanceled:             "The request to take over was canceled before anybody accepted it.",
	ReasonCustomerLeft:               "The customer left before anybody took over.",
	ReasonInviteWithdrawn:            "The invite was taken back.",
	ReasonInviteTimedOut:             "Nobody accepted in time.",
	ReasonTargetDeclined:             "The agent declined.",
	ReasonTargetWentOff:              "The agent is not available any more.",
	ReasonLeaveRefused:               "Twilio did not let the agent leave. Nothing was changed.",
	ReasonSummaryFailed:              "The summary service did not answer in time; this digest was made from the messages.",
	ReasonDigestFailed:               "There is no digest: the messages could not be read.",
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

// Refusal is the error with which a request is refused: a code, a text that is
// safe and useful for the agent, and the cause for the log.
type Refusal struct {
	Reason Reason
	// Field names the field of the request that is at fault, where one is.
	Field string
	// Detail replaces the reason's text where there is something more exact to
	// say to the agent. It never holds a secret or another customer's data.
	Detail string
	// Cause is for the log alone.
	Cause error
}

// Error is the text for the agent.
func (r *Refusal) Error() string {
	if r.Detail != "" {
		return r.Detail
	}
	return r.Reason.Message()
}

// Unwrap is the cause.
func (r *Refusal) Unwrap() error { return r.Cause }
