package sandbox

import (
	"time"
)

// Answers about Flex tokens that are not good, as Twilio's token validation gives them.
const (
	codeTokenInvalid = 20101
	codeTokenExpired = 20104
)

type token struct {
	worker  string // SID
	expires time.Time
}

// IssueToken gives out a Flex token for a worker, valid for ttl, as if the agent had signed in to Flex. An unknown worker
// is refused.
func (a *Account) IssueToken(workerSID string, ttl time.Duration) (string, error) {
	var text string
	err := a.do(func() error {
		if _, ok := a.store.workers.get(workerSID); !ok {
			return notFound("/Workers/" + workerSID)
		}
		text = "FLEX." + a.made.hex("token") + a.made.hex("token")
		a.tokens[text] = token{worker: workerSID, expires: a.now().Add(ttl)}
		return nil
	})
	return text, err
}

// RevokeToken makes a token invalid. Unknown tokens are left alone.
func (a *Account) RevokeToken(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tokens, text)
}

// tokenAnswer is the answer of token validation. Source: npm twilio-flex-token-validator and its endpoint.
type tokenAnswer struct {
	Valid       bool     `json:"valid"`
	Code        int      `json:"code"`
	Message     *string  `json:"message"`
	Expiration  *string  `json:"expiration"`
	RealmUserID *string  `json:"realm_user_id"`
	Identity    *string  `json:"identity"`
	Roles       []string `json:"roles"`
	WorkerSID   *string  `json:"worker_sid"`
}

func (a *Account) validateToken(text string) tokenAnswer {
	refuse := func(code int, message string) tokenAnswer { return tokenAnswer{Code: code, Message: &message} }
	t, ok := a.tokens[text]
	if !ok {
		return refuse(codeTokenInvalid, "Invalid Access Token")
	}
	if !a.now().Before(t.expires) {
		return refuse(codeTokenExpired, "Access Token expired or expiration date invalid")
	}
	w, ok := a.store.workers.get(t.worker)
	if !ok {
		return refuse(codeTokenInvalid, "Invalid Access Token")
	}
	expiration, identity := stamp(t.expires), w.identity()
	return tokenAnswer{Valid: true, Expiration: &expiration, RealmUserID: &w.name, Identity: &identity, Roles: w.roles(),
		WorkerSID: &w.sid}
}
