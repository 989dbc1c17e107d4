package twilioapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Outcome says what is known about the effect of a call.
type Outcome string

// The outcomes. All but Done and Unknown mean that nothing was changed at Twilio.
const (
	// Done: Twilio did it, and its answer was understood.
	Done Outcome = "done"
	// Refused: Twilio answered that it did not do it (4xx other than 404, 408, 425 and 429).
	Refused Outcome = "refused"
	// NotFound: Twilio answered that there is no such thing (404).
	NotFound Outcome = "not_found"
	// Throttled: Twilio answered 429; the request was not processed.
	Throttled Outcome = "throttled"
	// Unknown: it may or may not have happened (5xx, 408, 425, reset, timeout, lost answer, an answer that is not
	// Twilio's). For a read it means that there was no usable answer.
	Unknown Outcome = "unknown"
	// Invalid: our own check refused the arguments; nothing was sent.
	Invalid Outcome = "invalid"
	// NotSent: the request never left (no connection, the context had ended, the pacer gave up).
	NotSent Outcome = "not_sent"
)

// Codes of Twilio that callers decide on. See https://www.twilio.com/docs/api/errors.
const (
	CodeAuthenticate          = 20003 // our credentials are refused
	CodeNotFound              = 20404
	CodePreconditionFailed    = 20412 // If-Match: somebody changed it before
	CodeTooManyRequests       = 20429
	CodeKnownWorkerNotInQueue = 40152 // known-agent routing: the worker is not in the target's queue
	CodeInteractionsThrottled = 45780
	CodeAlreadyInInteraction  = 80102 // the worker is in the interaction, or invited to it
	CodeInteractionNotOpen    = 80906 // the interaction channel is not open
)

// Error is how every failed call of this package ends.
type Error struct {
	// Endpoint is the name of the endpoint, such as "Invites.create".
	Endpoint string
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Code is Twilio's error code, 0 where there is none.
	Code int
	// Message is for operators: Twilio's words or our own, free of secrets.
	Message string
	Outcome Outcome

	cause error
}

func (e *Error) Error() string {
	switch {
	case e.Code != 0:
		return fmt.Sprintf("twilio %s: %s: %d (%d) %s", e.Endpoint, e.Outcome, e.Status, e.Code, e.Message)
	case e.Status != 0:
		return fmt.Sprintf("twilio %s: %s: %d %s", e.Endpoint, e.Outcome, e.Status, e.Message)
	}
	return fmt.Sprintf("twilio %s: %s: %s", e.Endpoint, e.Outcome, e.Message)
}

// Unwrap gives the cause, such as context.DeadlineExceeded, where the failure was not an answer of Twilio.
func (e *Error) Unwrap() error { return e.cause }

// OutcomeOf is the outcome of a call that ended with err: Done for nil, Unknown for an error of somebody else.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Done
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return Unknown
}

// CodeOf is Twilio's code in err, or 0.
func CodeOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}

// IsNotFound reports whether Twilio said that there is no such thing.
func IsNotFound(err error) bool { return OutcomeOf(err) == NotFound }

// IsThrottled reports whether Twilio turned the call away because there were too many.
func IsThrottled(err error) bool { return OutcomeOf(err) == Throttled }

// IsRefused reports whether Twilio answered that it did not do it and will not if asked again: Refused or NotFound.
func IsRefused(err error) bool {
	o := OutcomeOf(err)
	return o == Refused || o == NotFound
}

// IsConflict reports whether somebody changed the resource since the ETag was read (412).
func IsConflict(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == 412 || e.Code == CodePreconditionFailed)
}

// MayHaveHappened reports whether the call may have changed something at Twilio although it failed. Then look before
// trying again.
func MayHaveHappened(err error) bool { return err != nil && OutcomeOf(err) == Unknown }

// NotDone reports whether it is certain that a failed call changed nothing.
func NotDone(err error) bool { return err != nil && OutcomeOf(err) != Unknown }

// IsTemporary reports whether the same call may well succeed later.
func IsTemporary(err error) bool {
	switch OutcomeOf(err) {
	case Unknown, Throttled, NotSent:
		return true
	}
	return false
}

func invalid(endpoint, format string, args ...any) *Error {
	return &Error{Endpoint: endpoint, Outcome: Invalid, Message: fmt.Sprintf(format, args...)}
}

const maxMessage = 500 // bytes of somebody else's words that go into an Error

// safe makes s fit for an error message: neither secret nor one of ours in it, not long, on one line.
func (c *Client) safe(s, secret string) string {
	for _, hidden := range slices.Concat(c.secrets, []string{secret}) {
		if hidden != "" {
			s = strings.ReplaceAll(s, hidden, "***")
		}
	}
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return strings.Join(strings.Fields(s), " ")
}
