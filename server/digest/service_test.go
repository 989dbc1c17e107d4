package digest

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// serve runs a summary service, and returns a maker that asks it.
func serve(t *testing.T, answer http.HandlerFunc) *Maker {
	t.Helper()
	server := httptest.NewServer(answer)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	m := (&fake{}).say(5, "cleo-1", "Hi").say(4, "ada", "Hello").attach().maker()
	m.ServiceURL, m.HTTP, m.Token = server.URL+"/v1/summary?key=topsecret", client, "tokensecret"
	m.Timeout = time.Minute
	return m
}

func say(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestService(t *testing.T) {
	var got map[string]any
	var header http.Header
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.Method != "POST" || r.URL.Path != "/v1/summary" {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		_, _ = io.WriteString(w, `{"summary":" Cleo wants <b>money</b>. ","more":1}`)
	})
	d := m.Make(t.Context(), input())
	if d != (transfer.Digest{Text: "Cleo wants <b>money</b>.", Service: true}) {
		t.Errorf("got %+v", d)
	}
	want := map[string]any{
		"conversationSid": "CH1", "transferId": "XT9", "reason": "billing", "notes": "wants money back",
		"from":   map[string]any{"workerSid": "WK1", "name": "Ada Lindqvist"},
		"target": map[string]any{"kind": "queue", "sid": "WQ1", "name": "Billing"},
		"messages": []any{
			map[string]any{"author": "cleo-1", "role": "customer", "body": "Hi", "at": "2026-03-04T11:55:00Z"},
			map[string]any{"author": "Ada Lindqvist", "role": "agent", "body": "Hello", "media": true, "at": "2026-03-04T11:56:00Z"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v", got)
	}
	for key, want := range map[string]string{"Idempotency-Key": "XT9", "Content-Type": "application/json", "Authorization": "Bearer tokensecret"} {
		if header.Get(key) != want {
			t.Errorf("%s is %q", key, header.Get(key))
		}
	}
}

// hang answers when the client has gone away.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice
	<-r.Context().Done()
}

// drip answers a byte at a time, for ever.
func drip(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		w.(http.Flusher).Flush()
		time.Sleep(10 * time.Millisecond)
	}
}

func TestServiceFails(t *testing.T) {
	redirect := func(status int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("the redirect was followed")
			}
			http.Redirect(w, r, to, status)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"hangs": hang, "drips": drip,
		"slow": func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(600 * time.Millisecond)
			say(`{"summary":"x"}`)(w, r)
		},
		"huge":             say(`{"summary":"` + strings.Repeat("x", maxAnswer) + `"}`),
		"HTML":             say("<html><body>Sign in</body></html>"),
		"500":              func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"summary":"x"}`, 500) },
		"404":              http.NotFound,
		"204":              func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"no summary":       say(`{"text":"x"}`),
		"no text":          say(`{"summary":{"x":1}}`),
		"empty":            say(`{"summary":" \u0000\n"}`),
		"null":             say(`null`),
		"two values":       say(`{"summary":"x"}{"summary":"y"}`),
		"not UTF-8":        say("{\"summary\":\"\xff\xfe\"}"),
		"another host":     redirect(307, "http://127.0.0.2:1/elsewhere"),
		"downgraded":       redirect(307, "ftp://127.0.0.1/elsewhere"),
		"becomes a GET":    redirect(303, "/elsewhere"),
		"found":            redirect(302, "/elsewhere"),
		"redirects itself": redirect(307, "/again"),
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"summary":"x"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := serve(t, answer)
			var log strings.Builder
			m.Logger, m.Timeout = slog.New(slog.NewTextHandler(&log, nil)), 300*time.Millisecond
			began := time.Now()
			d := m.Make(t.Context(), input())
			if d.Failure != transfer.ReasonSummaryFailed || d.Service || !strings.Contains(d.Text, "1 message from the customer") {
				t.Errorf("got %+v", d)
			}
			if took := time.Since(began); took > m.Timeout+time.Minute {
				t.Errorf("took %s", took)
			}
			if said := log.String(); said == "" || strings.Contains(said, "secret") || strings.Contains(said, "money") {
				t.Errorf("the log says %s", said)
			}
		})
	}
}

func TestServiceRedirects(t *testing.T) {
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2" {
			http.Redirect(w, r, "/v2", 308)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, `{"summary":"%d %s"}`, min(len(body), 1), r.Header.Get("Authorization"))
	})
	if d := m.Make(t.Context(), input()); d.Text != "1 Bearer tokensecret" || !d.Service {
		t.Errorf("got %+v", d)
	}
}

func TestSummaryText(t *testing.T) {
	long := strings.Repeat("é", 3000)
	for summary, want := range map[string]string{
		`line 1\nline 2`:            "line 1\nline 2",
		`a\u0000b\u001b[31mc\r`:     "ab[31mc",
		`\u202Eevil\u2066`:          "evil",
		`lone \ud800 half`:          "lone \uFFFD half",
		long:                        long[:2*(MaxText-1)] + "…",
		`<script>alert(1)</script>`: "<script>alert(1)</script>",
		`ภาษาไทย \ud83d\ude00 中文`: "ภาษาไทย 😀 中文",
	} {
		got, err := summaryOf([]byte(`{"summary":"` + summary + `"}`))
		if err != nil || got != want || utf8.RuneCountInString(got) > MaxText {
			t.Errorf("%.40q became %.40q, %v", summary, got, err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for address, good := range map[string]bool{
		"https://example.com/x?y": true, "http://localhost:80/": true, "http://127.0.0.1/": true, "http://[::1]:9/": true,
		"http://example.com": false, "http://localhost.example.com": false, "http://127.0.0.1.example.com": false, "ftp://example.com": false,
		"https://": false, "example.com": false, "": false, "https://u:p@example.com": false, "http://0.0.0.0": false, "://": false,
		"file:///etc/passwd": false,
	} {
		if err := CheckURL(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
	m := (&fake{}).say(1, "cleo-1", "x").maker()
	m.ServiceURL = "http://example.com"
	if d := m.Make(t.Context(), input()); d.Failure != transfer.ReasonSummaryFailed {
		t.Errorf("got %+v", d)
	}
}
