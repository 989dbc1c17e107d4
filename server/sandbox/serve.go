package sandbox

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// incoming is a request before it is understood.
type incoming struct {
	method, host string
	url          *url.URL
	header       http.Header
	body         []byte
}

// outcome is what the caller gets: an answer, or a connection that is reset.
type outcome struct {
	status int
	header http.Header
	body   []byte
	reset  bool
}

// serve lets a request through faults, authentication, limits and its handler. The error is the context's.
func (a *Account) serve(ctx context.Context, in *incoming) (outcome, error) {
	started, at := time.Now(), a.now()
	c := &call{product: productOf(in.host), host: in.host, path: in.url.Path, header: in.header, body: in.body}
	var known bool
	if table := a.routes[c.product]; table != nil {
		c.route, c.values, known = table.find(in.method, in.url.Path)
	}
	template := in.url.Path
	if c.route != nil {
		template = c.route.template
	}
	out, code, err := a.throughFaults(ctx, in, c, template, known)
	a.traced(TraceEntry{
		At: at, Product: c.product, Method: in.method, Path: in.url.Path, Template: template, Status: out.status, Code: code,
		DurationMS: float64(time.Since(started).Microseconds()) / 1000, Summary: c.summary, By: c.by,
	})
	return out, err
}

// throughFaults does what the fault switches want, and otherwise processes the request.
func (a *Account) throughFaults(ctx context.Context, in *incoming, c *call, template string, known bool) (outcome, int, error) {
	fault, ok := a.faults.pick(c.product, in.method, template)
	if !ok {
		out, code := a.process(in, c, known)
		return out, code, nil
	}
	delay := time.Duration(fault.DelayMS) * time.Millisecond
	switch fault.Kind {
	case FaultStatus:
		c.summary = "fault: status " + strconv.Itoa(fault.Status)
		e := faultError(c.product, fault.Status)
		return jsonOutcome(e.Status, bodyOf(e), nil), e.Code, nil
	case FaultHTML:
		c.summary = "fault: html"
		return htmlOutcome(fault.Status), 0, nil
	case FaultReset:
		c.summary = "fault: reset"
		return outcome{reset: true}, 0, nil
	case FaultLostAnswer:
		a.process(in, c, known)
		c.summary = strings.TrimSpace("fault: answer lost. " + c.summary)
		return outcome{reset: true}, 0, nil
	case FaultLate:
		c.summary = "fault: late"
		a.clock.AfterFunc(delay, func() { a.processLate(in, c, known) })
		return outcome{reset: true}, 0, nil
	case FaultHang, FaultHangAfter:
		if fault.Kind == FaultHangAfter {
			a.process(in, c, known)
		}
		c.summary = strings.TrimSpace("fault: hangs. " + c.summary)
		return a.hang(ctx)
	default: // FaultSlow
		if err := a.sleep(ctx, delay); err != nil {
			c.summary = "fault: slow, caller gave up"
			return outcome{}, 0, err
		}
		out, code := a.process(in, c, known)
		return out, code, nil
	}
}

// processLate serves a copy of the request whose caller was told of a reset.
func (a *Account) processLate(in *incoming, c *call, known bool) {
	select {
	case <-a.closed:
		return
	default:
	}
	late := &call{product: c.product, host: c.host, path: c.path, route: c.route, values: c.values, header: c.header, body: c.body}
	_, code := a.process(in, late, known)
	template := in.url.Path
	if c.route != nil {
		template = c.route.template
	}
	a.traced(TraceEntry{At: a.now(), Product: c.product, Method: in.method, Path: in.url.Path, Template: template, Code: code,
		Summary: strings.TrimSpace("fault: takes effect late. " + late.summary), By: late.by})
}

func (a *Account) hang(ctx context.Context) (outcome, int, error) {
	select {
	case <-ctx.Done():
		return outcome{}, 0, ctx.Err()
	case <-a.closed:
		return outcome{reset: true}, 0, nil
	}
}

func (a *Account) sleep(ctx context.Context, d time.Duration) error {
	awake := make(chan struct{})
	t := a.clock.AfterFunc(d, func() { close(awake) })
	defer t.Stop()
	select {
	case <-awake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.closed:
		return nil
	}
}

// process serves a request without faults.
func (a *Account) process(in *incoming, c *call, known bool) (outcome, int) {
	ans, err := a.handle(in, c, known)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Status: http.StatusInternalServerError, Code: codeServerError, Message: err.Error()}
		}
		c.summary = strings.TrimSpace(c.summary + " " + e.Message)
		out := jsonOutcome(e.Status, bodyOf(e), nil)
		if e.Status == http.StatusUnauthorized {
			out.header.Set("WWW-Authenticate", `Basic realm="Twilio API"`)
		}
		return out, e.Code
	}
	status := ans.status
	if status == 0 {
		status = http.StatusOK
	}
	if ans.body == nil {
		return outcome{status: http.StatusNoContent, header: http.Header{}}, 0
	}
	return jsonOutcome(status, ans.body, ans.etag), 0
}

func (a *Account) handle(in *incoming, c *call, known bool) (answer, error) {
	if err := a.authenticate(c); err != nil {
		return answer{}, err
	}
	if c.route == nil {
		if known {
			return answer{}, refused(http.StatusMethodNotAllowed, codeMethodNotAllowed, "Method %s is not allowed here", in.method)
		}
		return answer{}, c.notFound()
	}
	if !a.limits.allow(c.route, a.now()) {
		return answer{}, faultError(c.product, http.StatusTooManyRequests)
	}
	var err error
	if c.query, err = url.ParseQuery(in.url.RawQuery); err != nil {
		return answer{}, invalid("The query is not valid")
	}
	if err := c.readBody(); err != nil {
		return answer{}, err
	}
	if ws := c.value("WorkspaceSid"); ws != "" && ws != a.workspaceSID {
		return answer{}, c.notFound()
	}
	var ans answer
	err = a.do(func() (err error) {
		ans, err = c.route.handle(a, c)
		if ans.etag != nil { // its version may change once the lock is free
			tag := *ans.etag
			ans.etag = &tag
		}
		return err
	})
	return ans, err
}

// authenticate takes the account's SID and token, or its API key and secret.
func (a *Account) authenticate(c *call) error {
	user, secret, _ := basicAuth(c.header.Get("Authorization"))
	same := func(x, y string) bool { return subtle.ConstantTimeCompare([]byte(x), []byte(y)) == 1 }
	if same(user, a.accountSID) && same(secret, a.authToken) || same(user, a.apiKey) && same(secret, a.apiSecret) {
		c.by = user
		return nil
	}
	return refused(http.StatusUnauthorized, codeAuthenticate, "Authenticate")
}

func basicAuth(header string) (user, secret string, ok bool) {
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", "", false
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(text), ":")
}

// faultError is how Twilio words the statuses that say nothing about the request itself.
func faultError(product string, status int) *Error {
	switch status {
	case http.StatusTooManyRequests:
		if product == ProductFlex {
			return &Error{Status: status, Code: codeInteractionsTooMany, Message: "Rate limit exceeded"}
		}
		return &Error{Status: status, Code: codeTooManyRequests, Message: "Too Many Requests"}
	case http.StatusServiceUnavailable:
		return &Error{Status: status, Code: codeServiceUnavailable, Message: "Service is unavailable. Please try again"}
	case http.StatusInternalServerError:
		return &Error{Status: status, Code: codeServerError, Message: "An internal server error has occurred"}
	}
	return &Error{Status: status, Code: 20000 + status, Message: http.StatusText(status)}
}

func htmlOutcome(status int) outcome {
	if status == 0 {
		status = http.StatusBadGateway
	}
	body := fmt.Sprintf("<html><head><title>%d</title></head><body><h1>%s</h1></body></html>\n", status, http.StatusText(status))
	return outcome{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte(body)}
}

func jsonOutcome(status int, body any, etag *entity) outcome {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(fmt.Sprintf("sandbox: cannot write %T as JSON: %v", body, err)) // views hold nothing that JSON lacks
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if etag != nil {
		h.Set("ETag", `"`+strconv.Itoa(etag.version)+`"`)
	}
	return outcome{status: status, header: h, body: bytes.TrimRight(b.Bytes(), "\n")}
}
