package twilioapi

import (
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"

	twilio "github.com/twilio/twilio-go/client"
)

// Why a webhook is not believed.
var (
	ErrSignature    = errors.New("the signature is missing or wrong")
	ErrRepeatedKey  = errors.New("a form key is repeated")
	ErrBadBody      = errors.New("the body is not what its content type says")
	ErrContentType  = errors.New("the content type is neither a form nor JSON")
	ErrUnsignedBody = errors.New("the address of a JSON webhook has no bodySHA256")
)

// VerifyWebhook returns nil if Twilio, or somebody who knows the auth token, sent this request to this address.
//
// address is the public one as it was given to Twilio, with the query that arrived; a fragment such as #rc=1 is a
// setting of Twilio's delivery and no part of it. Forms are signed with their fields, JSON through bodySHA256 in the
// query. twilio-go's validator looks at the first value of a repeated key only, so that a second one would be believed
// unsigned: such forms are refused, and so is JSON whose body no signature covers.
func VerifyWebhook(authToken, address string, body []byte, contentType, signature string) error {
	if authToken == "" || signature == "" {
		return ErrSignature
	}
	address, _, _ = strings.Cut(address, "#")
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ErrContentType
	}
	validator := twilio.NewRequestValidator(authToken)
	switch mediaType {
	case "application/x-www-form-urlencoded":
		return verifyForm(&validator, address, body, signature)
	case "application/json":
		u, err := url.Parse(address)
		if err != nil || len(u.Query()["bodySHA256"]) != 1 {
			return ErrUnsignedBody
		}
		if !validator.ValidateBody(address, body, signature) {
			return ErrSignature
		}
		return nil
	}
	return ErrContentType
}

func verifyForm(validator *twilio.RequestValidator, address string, body []byte, signature string) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadBody, err)
	}
	fields := make(map[string]string, len(form))
	for key, values := range form {
		if len(values) != 1 {
			return fmt.Errorf("%w: %q", ErrRepeatedKey, key)
		}
		fields[key] = values[0]
	}
	if !validator.Validate(address, fields, signature) {
		return ErrSignature
	}
	return nil
}
