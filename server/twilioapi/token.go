package twilioapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var tokensValidate = read("Tokens.validate", ClassInvite)

// Token is what Twilio says about a Flex token.
type Token struct {
	Valid bool
	// Code and Message are Twilio's, about a token that is not valid.
	Code    int
	Message string

	Identity  string
	WorkerSID string // WK…
	Roles     []string
	Expires   time.Time // zero where Twilio does not say
}

const maxToken = 16 << 10 // bytes; Flex's are about 1 kB

// ValidateToken asks Twilio whose Flex token this is. A token that is not valid is no error; an error means that Twilio
// could not be asked, or refused our own credentials. The token is in no message.
//
// It does what the npm package twilio-flex-token-validator does; the address is in none of Twilio's OpenAPI documents,
// so twilio-go has no method for it.
func (c *Client) ValidateToken(ctx context.Context, token string) (Token, error) {
	if token == "" || len(token) > maxToken {
		return Token{Message: "not a Flex token"}, nil
	}
	body, err := json.Marshal(struct {
		Token string `json:"token"`
	}{token})
	if err != nil {
		return Token{}, invalid(tokensValidate.name, "token: cannot be sent")
	}
	address := "https://iam.twilio.com/v1/Accounts/" + c.account + "/Tokens/validate"
	return run(ctx, c, tokensValidate, func(a *attempt) (Token, error) {
		a.secret = token
		headers := map[string]any{"Content-Type": "application/json"}
		resp, err := a.handler.Post(address, nil, headers, "", body...)
		if err == nil {
			_ = resp.Body.Close() // it is in a.body
		}
		return a.token(err)
	})
}

// validation is Twilio's answer.
type validation struct {
	Valid      *bool           `json:"valid"`
	Code       int             `json:"code"`
	Message    string          `json:"message"`
	Expiration json.RawMessage `json:"expiration"`
	Identity   string          `json:"identity"`
	WorkerSID  string          `json:"worker_sid"`
	Roles      []string        `json:"roles"`
}

// token reads the answer. A status that says no together with "valid": false is about the token, not about us.
func (a *attempt) token(err error) (Token, error) {
	if a.body == nil {
		return Token{}, err
	}
	var v validation
	if decodeErr := json.Unmarshal(a.body.Bytes(), &v); decodeErr != nil || v.Valid == nil {
		if err == nil {
			err = errNoVerdict
		}
		return Token{}, err
	}
	if !*v.Valid {
		a.forgive()
		return Token{Code: v.Code, Message: a.client.safe(v.Message, a.secret)}, nil
	}
	if err != nil {
		return Token{}, err
	}
	t := Token{Valid: true, Identity: v.Identity, Roles: v.Roles, Expires: instant(v.Expiration)}
	if transfer.ValidSID(v.WorkerSID, "WK") {
		t.WorkerSID = v.WorkerSID
	}
	return t, nil
}

// forgive lets a 4xx answer pass as an answer.
func (a *attempt) forgive() {
	if a.status >= 400 && a.status < 500 {
		a.status = http.StatusOK
	}
}

// instant reads a time written as RFC 3339 or as seconds since 1970, the two ways in which Twilio writes them.
func instant(raw json.RawMessage) time.Time {
	var seconds int64
	if json.Unmarshal(raw, &seconds) == nil && seconds > 0 {
		return time.Unix(seconds, 0)
	}
	var t time.Time
	if json.Unmarshal(raw, &t) == nil {
		return t
	}
	return time.Time{}
}
