package twilioapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	twilio "github.com/twilio/twilio-go/client"
	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	flex "github.com/twilio/twilio-go/rest/flex/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"
)

// attempt is one request: a twilio-go client made for it, and what became of it. It is the RoundTripper of that client.
type attempt struct {
	client  *Client
	ctx     context.Context //nolint:containedctx // twilio-go has no other way to pass it
	query   string          // replaces the request's query, where set
	secret  string          // must not get into a message, besides the client's own
	unread  bool            // twilio-go is to leave the answer alone: the caller reads body
	spare   *bytes.Buffer   // the caller's, for the answer, where set
	http    http.Client
	twilio  twilio.Client
	handler twilio.RequestHandler

	status int
	etag   string
	body   *bytes.Buffer
	err    error // of the transport
}

// maxBody is the largest answer that is read. A page of 1,000 workers with 4 kB of attributes each is 5 MB.
const maxBody = 32 << 20

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var errRedirected = errors.New("twilioapi: redirects are not followed")

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// newAttempt makes a client for one request. Its Timeout stays 0: with one, an error response keeps a goroutine until
// the timeout fires.
func (c *Client) newAttempt(ctx context.Context) *attempt {
	a := &attempt{client: c, ctx: ctx}
	a.http = http.Client{Transport: a, CheckRedirect: stay}
	a.twilio = twilio.Client{Credentials: c.credentials, HTTPClient: &a.http}
	a.twilio.SetAccountSid(c.account)
	a.handler = twilio.RequestHandler{Client: &a.twilio}
	return a
}

func (a *attempt) flex() *flex.ApiService { return flex.NewApiService(&a.handler) }
func (a *attempt) conversations() *conversations.ApiService {
	return conversations.NewApiService(&a.handler)
}
func (a *attempt) taskrouter() *taskrouter.ApiService { return taskrouter.NewApiService(&a.handler) }

// RoundTrip binds the context, goes to BaseURL, and reads the whole answer.
func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.WithContext(a.ctx)
	if base := a.client.base; base != nil || a.query != "" {
		u := *req.URL
		if base != nil {
			u.Scheme, u.Host = base.Scheme, base.Host
		}
		if a.query != "" {
			u.RawQuery = a.query
		}
		out.URL = &u
	}
	resp, err := a.client.transport.RoundTrip(out)
	if err != nil {
		a.err = err
		return nil, err
	}
	a.status, a.etag = resp.StatusCode, resp.Header.Get("ETag")
	a.body = a.spare
	if a.body == nil {
		a.body = bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is put there
	}
	a.body.Reset()
	if n := resp.ContentLength; n > 0 && n <= 4<<20 {
		a.body.Grow(int(n) + bytes.MinRead)
	}
	n, err := a.body.ReadFrom(io.LimitReader(resp.Body, maxBody+1))
	_ = resp.Body.Close()
	if err == nil && n > maxBody {
		err = fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	if err != nil {
		a.err = err
		return nil, err
	}
	if a.unread && a.status < 300 {
		resp.Body = io.NopCloser(strings.NewReader("{}"))
	} else {
		resp.Body = io.NopCloser(bytes.NewReader(a.body.Bytes()))
	}
	return resp, nil
}

// release gives the body's memory back. Nothing of it may be used any more.
func (a *attempt) release() {
	if a.body != nil && a.body != a.spare && a.body.Cap() <= 1<<20 {
		bodies.Put(a.body)
	}
	a.body = nil
}

// failure turns what twilio-go returned, and what the RoundTripper saw, into an Error. It is nil if the call succeeded.
func (a *attempt) failure(endpoint string, err error) *Error {
	if err == nil && a.err == nil && a.status >= 200 && a.status < 300 {
		return nil
	}
	e := &Error{Endpoint: endpoint, Status: a.status, Outcome: Unknown, cause: a.err}
	switch {
	case a.err != nil:
		e.Message = a.client.safe(a.err.Error(), a.secret)
		if a.status == 0 && neverSent(a.err) {
			e.Outcome = NotSent
		}
	case a.status == 0: // twilio-go did not send it
		e.Outcome, e.Message = Invalid, a.client.safe(err.Error(), a.secret)
	case a.status >= 400:
		a.describe(e)
	case a.status >= 300:
		e.Message, e.cause = "answered with a redirect", errRedirected
	case err != nil: // 2xx, but not what Twilio sends
		e.Message = a.client.safe("an answer that is not Twilio's: "+err.Error(), a.secret)
	default:
		e.Message = "an unexpected status"
	}
	return e
}

// describe reads an error answer. One that is not Twilio's JSON may come from anything between Twilio and us, before or
// after Twilio had the request, so nothing is concluded from its status, except that nobody answers 429 to what was done.
func (a *attempt) describe(e *Error) {
	var answer struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	isTwilio := json.Unmarshal(a.body.Bytes(), &answer) == nil && (answer.Code != 0 || answer.Message != "")
	e.Code, e.Message = answer.Code, a.client.safe(answer.Message, a.secret)
	if !isTwilio {
		e.Message = "an error answer that is not Twilio's"
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		e.Outcome = Throttled
	case !isTwilio, a.status == http.StatusRequestTimeout, a.status == http.StatusTooEarly, a.status >= 500:
		e.Outcome = Unknown
	case a.status == http.StatusNotFound:
		e.Outcome = NotFound
	default:
		e.Outcome = Refused
	}
}

// neverSent reports whether the transport failed before a byte of the request was sent. Where it cannot tell, it says
// false.
func neverSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// bound gives an attempt its own limit unless the context ends before.
func bound(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= limit {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}
