package openapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Checker is a round tripper that checks what goes through it.
type Checker struct {
	t         testing.TB
	next      http.RoundTripper
	documents *Documents

	mu   sync.Mutex
	seen map[Operation]int
}

// Check returns a round tripper that sends each request on to next and fails
// the test when the request or its answer does not agree with Twilio's
// documents. A request without credentials or with a wrong parameter is a
// mismatch too: to show that it is refused, send it to next and ask Documents.
// It fails the test at once where the documents are not installed.
func Check(t testing.TB, next http.RoundTripper) *Checker {
	t.Helper()
	documents, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return &Checker{t: t, next: next, documents: documents, seen: map[Operation]int{}}
}

// RoundTrip implements http.RoundTripper.
func (c *Checker) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := drain(req.Body)
	if err != nil {
		return nil, err
	}
	call, err := c.documents.Find(req)
	if err == nil {
		err = call.CheckRequest(body)
	}
	if err != nil {
		c.t.Errorf("request %s %s: %v", req.Method, req.URL.Path, err)
	}
	out := req.Clone(req.Context())
	if req.Body != nil && req.Body != http.NoBody {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := c.next.RoundTrip(out)
	if err != nil || call == nil {
		return resp, err
	}
	answer, err := drain(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	if err := call.CheckResponse(resp.StatusCode, resp.Header, answer); err != nil {
		c.t.Errorf("answer %d to %s %s: %v", resp.StatusCode, req.Method, req.URL.Path, err)
	}
	if resp.StatusCode < 400 {
		c.count(call.Operation)
	}
	return resp, nil
}

func (c *Checker) count(o Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.Path != "" {
		c.seen[o]++
	}
}

// Covered returns the documented operations that were answered with success,
// sorted.
func (c *Checker) Covered() []Operation {
	c.mu.Lock()
	defer c.mu.Unlock()
	operations := make([]Operation, 0, len(c.seen))
	for o := range c.seen {
		operations = append(operations, o)
	}
	sortOperations(operations)
	return operations
}

// Operations returns all operations of all documents, sorted.
func (d *Documents) Operations() []Operation {
	var operations []Operation
	for host, document := range d.byHost {
		for path, item := range document.doc.Paths.Map() {
			for method := range item.Operations() {
				operations = append(operations, Operation{Method: method, Host: host, Path: path})
			}
		}
	}
	sortOperations(operations)
	return operations
}

func sortOperations(operations []Operation) {
	slices.SortFunc(operations, func(a, b Operation) int {
		return strings.Compare(a.Host+a.Path+" "+a.Method, b.Host+b.Path+" "+b.Method)
	})
}

func drain(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	content, err := io.ReadAll(body)
	if closeErr := body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return content, nil
}
