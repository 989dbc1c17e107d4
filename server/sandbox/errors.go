package sandbox

import (
	"fmt"
	"net/http"
)

// Twilio's codes that the account answers with.
const (
	codeInvalidParameter     = 20001
	codeAuthenticate         = 20003
	codeMethodNotAllowed     = 20004
	codeNotFound             = 20404
	codePreconditionFailed   = 20412
	codeTooManyRequests      = 20429
	codeInteractionsTooMany  = 45780
	codeServerError          = 20500
	codeServiceUnavailable   = 20503
	codeAlreadyInInteraction = 80102
	codeChannelNotOpen       = 80906
	codeParticipantExists    = 50433
	codeConversationClosed   = codeInvalidParameter // no code of its own is documented
	codeUniqueNameTaken      = 50353
)

func invalid(format string, args ...any) error {
	return &Error{Status: http.StatusBadRequest, Code: codeInvalidParameter, Message: fmt.Sprintf(format, args...)}
}

func refused(status, code int, format string, args ...any) error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func notFound(what string) error {
	return refused(http.StatusNotFound, codeNotFound, "The requested resource %s was not found", what)
}

// errorBody is Twilio's error document.
type errorBody struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func bodyOf(e *Error) errorBody {
	return errorBody{
		Code: e.Code, Message: e.Message, Status: e.Status,
		MoreInfo: fmt.Sprintf("https://www.twilio.com/docs/errors/%d", e.Code),
	}
}
