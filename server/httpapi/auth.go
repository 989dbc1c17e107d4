package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// maxToken is the length in bytes of the longest token that is looked at.
// Flex's are below 2 kB.
const maxToken = 8 << 10

type callerKey struct{}

// CallerOf is who the request comes from, and false outside the routes that ask
// for a sign-in.
func CallerOf(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	return c, ok
}

// callerHandler answers a request of somebody who is signed in.
type callerHandler func(w http.ResponseWriter, r *http.Request, by Caller)

// signedIn lets only workers of the account through. The token is taken from
// the Authorization header alone, since addresses end up in logs.
func (a *API) signedIn(next callerHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := bearerToken(r.Header)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="flex-transfer"`)
			a.fail(w, r, err)
			return
		}
		by, err := a.Verifier.Verify(r.Context(), token)
		if err != nil {
			if problemOf(err, "").status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="flex-transfer", error="invalid_token"`)
			}
			a.fail(w, r, err)
			return
		}
		if !transfer.ValidSID(by.WorkerSID, "WK") {
			a.fail(w, r, refuse(transfer.ReasonForbidden, "", "Your sign-in does not belong to a worker."))
			return
		}
		noteCaller(r, by)
		if err := a.limits.take(by.WorkerSID, time.Now()); err != nil {
			a.fail(w, r, err)
			return
		}
		next(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, by)), by)
	})
}

// bearerToken returns the token of the one Authorization header (RFC 6750).
// Its errors never hold what was sent.
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", &transfer.Refusal{Reason: transfer.ReasonUnauthenticated}
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", &transfer.Refusal{Reason: transfer.ReasonUnauthenticated}
	}
	token = strings.TrimLeft(token, " ")
	if token == "" || len(token) > maxToken || !onlyTokenCharacters(token) {
		return "", &transfer.Refusal{Reason: transfer.ReasonUnauthenticated}
	}
	return token, nil
}

// onlyTokenCharacters reports whether s is a b64token of RFC 6750.
func onlyTokenCharacters(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := 0; i < len(body); i++ {
		if c := body[i]; !isAlphanumeric(c) && !strings.ContainsRune("-._~+/", rune(c)) {
			return false
		}
	}
	return body != ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
