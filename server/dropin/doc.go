// Package dropin answers the serverless functions that the Flex project
// template's conversation-transfer plugin calls, and the one that the older
// sample calls, so that those plugins work unchanged with this backend. It
// decides nothing: it translates to the engine that the HTTP API uses too, by
// the small interfaces that package app supplies.
//
// Source of what plugins send and expect: the template's plugin
// (feature-library/conversation-transfer, utils/serverless), its functions, and
// the npm package twilio-flex-token-validator; all as of June 2026.
//
// # The endpoints
//
//	/features/conversation-transfer/flex/invite-participant     a transfer: cold if removeFlexInteractionParticipantSid is there, else warm
//	/features/conversation-transfer/flex/remove-participant     an agent leaves, is removed, or, as the last one, ends the conversation
//	/common/flex/conversations/update-attributes                attributes of a conversation, all but "invites"
//	/common/flex/taskrouter/update-task-assignment-status       takes an invite of ours back ("canceled"), nothing else
//	/common/flex/taskrouter/get-queues                          names of queues, without which the plugin transfers to none
//	/transferConversation                                       the older sample's cold transfer
//
// Parameters come as a form, as JSON, or in the query; empty ones, "null" and
// "undefined" are absent. The token is checked before the parameters: 403 and a
// text. Parameters that are missing or wrong: 400 and {"data":null,"message"},
// which names each. What was refused: 500 and {"success":false,"message"}. What
// has not been decided yet, or could not be for the moment: 429 and the same,
// which makes the template's plugin ask again, up to ten times.
//
// # Repeats
//
// The plugins send no idempotency key, and repeat a request whose answer they
// did not get. Two requests are the same if the same worker asks from the same
// task for the same target by the same mode, and the second comes
//
//   - while the first is open and its invite is not being taken back;
//   - after the agent has left by it: nobody can ask twice from a task that they
//     have left;
//   - soon after somebody has joined by it (see repeatWithin).
//
// The second is answered as the first is. Once an invite was declined, canceled,
// refused or ran out, the same request is a new one: a repeat that comes only
// then cannot be told from an agent who asks again.
package dropin
