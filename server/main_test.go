package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/settings"
)

// variables are the names of everything that the environment may set. None of
// them may leak into the tests.
var variables = []string{
	"ADDR", "PUBLIC_URL", "DATA_DIR", "ALLOWED_ORIGINS", "LOG_LEVEL", "LOG_FORMAT", "RUNNERS", "NATS_URLS", "NATS_CREDS", "NATS_REPLICAS",
	"TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_AUTH_TOKEN", "TWILIO_FLEX_WORKSPACE_SID",
	"TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID", "TWILIO_BASE_URL", "TWILIO_REQUESTS_PER_SECOND",
	"CONFIG", "SANDBOX_WORLD", "SANDBOX_SEED", "SANDBOX_KEEP_DATA",
}

// environment sets what a good serve needs, and nothing else.
func environment(t *testing.T) *sandbox.Account {
	t.Helper()
	for _, name := range slices.Concat(variables, settings.Variables()) {
		t.Setenv(name, "") // so that it is restored
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	account := sandbox.New(sandbox.Options{Seed: 7})
	t.Cleanup(func() { _ = account.Close() })
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	twilio := httptest.NewServer(account.Handler())
	t.Cleanup(twilio.Close)
	for name, value := range map[string]string{
		"ADDR": "127.0.0.1:0", "DATA_DIR": t.TempDir(), "TWILIO_ACCOUNT_SID": account.AccountSID(), "TWILIO_API_KEY": account.APIKey(),
		"TWILIO_API_SECRET": account.APISecret(), "TWILIO_AUTH_TOKEN": account.AuthToken(), "TWILIO_FLEX_WORKSPACE_SID": account.WorkspaceSID(),
		"TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID": account.WorkflowSID("Chat Transfer"), "TWILIO_BASE_URL": twilio.URL,
	} {
		t.Setenv(name, value)
	}
	return account
}

// lockedBuffer is written by a program that runs and read by its test.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestWrongSettingsAreNamed starts the program with one wrong setting at a
// time: it is named, and the program ends with 2.
func TestWrongSettingsAreNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ command, setting, value string }{
		{"serve", "TWILIO_ACCOUNT_SID", "AC1"},
		{"serve", "TWILIO_ACCOUNT_SID", ""},
		{"serve", "TWILIO_API_KEY", "AC00000000000000000000000000000001"},
		{"serve", "TWILIO_API_SECRET", ""},
		{"serve", "TWILIO_AUTH_TOKEN", ""},
		{"serve", "TWILIO_FLEX_WORKSPACE_SID", "WW00000000000000000000000000000001"},
		{"serve", "TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID", "Chat Transfer"},
		{"serve", "TWILIO_BASE_URL", "localhost:1234"},
		{"serve", "TWILIO_REQUESTS_PER_SECOND", "-1"},
		{"serve", "TWILIO_REQUESTS_PER_SECOND", "many"},
		{"serve", "ADDR", "8080"},
		{"serve", "ADDR", "127.0.0.1:99999"},
		{"serve", "PUBLIC_URL", "transfer.example.com"},
		{"serve", "PUBLIC_URL", "https://example.com/path"},
		{"serve", "ALLOWED_ORIGINS", "https://a.example,https://b.example/x"},
		{"serve", "DATA_DIR", file},
		{"serve", "LOG_LEVEL", "loud"},
		{"serve", "LOG_FORMAT", "xml"},
		{"serve", "RUNNERS", "0"},
		{"serve", "RUNNERS", "some"},
		{"serve", "NATS_URLS", "example.com"},
		{"serve", "NATS_CREDS", "/not/there"},
		{"serve", "COLD_TRANSFER", "maybe"},
		{"serve", "MULTI_PARTICIPANT", "maybe"},
		{"serve", "NATIVE_TRANSFERS", "maybe"},
		{"serve", "INVITE_TIMEOUT", "soon"},
		{"serve", "FALLBACKS", "[close, agent]"},
		{"serve", "PING_PONG_TRANSFERS", "3"},
		{"serve", "CONFIG", "/not/there"},
		{"sandbox", "MAX_INVITES", "0"},
		{"sandbox", "ADDR", "nowhere"},
		{"sandbox", "PUBLIC_URL", "ftp://example.com"},
		{"sandbox", "SANDBOX_WORLD", "/not/there"},
		{"sandbox", "SANDBOX_WORLD", file},
		{"sandbox", "SANDBOX_SEED", "x"},
		{"sandbox", "LOG_LEVEL", "loud"},
	} {
		t.Run(c.command+" "+c.setting+"="+strings.TrimPrefix(c.value, filepath.Dir(file)), func(t *testing.T) {
			environment(t)
			t.Setenv(c.setting, c.value)
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			var out, errs lockedBuffer
			code := run(ctx, []string{c.command}, &out, &errs)
			if code != 2 || ctx.Err() != nil {
				t.Errorf("exit code %d, %v", code, ctx.Err())
			}
			if !regexp.MustCompile(`\b`+c.setting+`\b`).MatchString(errs.String()) || !strings.Contains(errs.String(), "flex-transfer:") {
				t.Errorf("the setting is not named: %s", errs.String())
			}
			for _, secret := range []string{os.Getenv("TWILIO_API_SECRET"), os.Getenv("TWILIO_AUTH_TOKEN")} {
				if secret != "" && strings.Contains(errs.String()+out.String(), secret) {
					t.Error("a secret is told")
				}
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	environment(t)
	t.Setenv("TWILIO_ACCOUNT_SID", "")
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	for file, text := range map[string]string{
		good: "transfer: {maxInvites: 3}\naccounts: {AC00000000000000000000000000000001: {transfer: {maxInvites: 9}}}\n",
		bad:  "mirror: perhaps\ntransfer: {maxInvites: 99}\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"--help"}, 0, []string{"serve", "sandbox"}},
		{[]string{"serve", "--help"}, 0, []string{"TWILIO_ACCOUNT_SID", "PUBLIC_URL"}},
		{[]string{"sandbox", "--help"}, 0, []string{"ADDR", "SANDBOX_WORLD"}},
		{[]string{"version"}, 0, []string{"rules"}},
		{[]string{"config"}, 0, []string{"coldTransfer: true", "accounts:"}},
		{[]string{"check-config", good}, 0, []string{"maxInvites: 3 # from " + good + ":1", "coldTransfer: true # from default"}},
		{[]string{"check-config", good, "--account", "AC00000000000000000000000000000001"}, 0, []string{"maxInvites: 9 # from " + good + ":2"}},
		{[]string{"check-config", bad}, 2, []string{bad + ":2: transfer.maxInvites: 99 is not between 1 and 50", bad + ":1: mirror"}},
		{[]string{"check-config", good, "--account", "AC1"}, 2, []string{"--account"}},
		{[]string{"check-config", "/not/there"}, 2, []string{"/not/there"}},
		{[]string{"serve", "--config", bad}, 2, []string{bad + ":2: transfer.maxInvites"}},
		{nil, 2, []string{"serve", "sandbox"}},
		{[]string{"dance"}, 2, []string{"dance"}},
		{[]string{"serve", "--colour=red"}, 2, []string{"--colour"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			var out, errs lockedBuffer
			if code := run(t.Context(), c.args, &out, &errs); code != c.code {
				t.Errorf("exit code %d", code)
			}
			said := out.String()
			if c.code != 0 {
				said = errs.String()
			}
			for _, word := range c.says {
				if !strings.Contains(said, word) {
					t.Errorf("%q is not said in:\n%s\n%s", word, out.String(), errs.String())
				}
			}
		})
	}
}

// program runs the program until stop is called.
type program struct {
	*testing.T
	url       string
	out, errs lockedBuffer
	stop      func() (code int)
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start starts the program and waits until it says where it is.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{T: t}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, args, &p.out, &p.errs) }()
	p.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case code := <-ended:
			return code
		case <-time.After(90 * time.Second):
			t.Error("it does not stop")
			return -1
		}
	})
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s\n%s", p.out.String(), p.errs.String())
		}
	})
	p.eventually("it says where it is", func() bool { p.url = address.FindString(p.out.String()); return p.url != "" })
	return p
}

func (p *program) eventually(what string, done func() bool) {
	p.Helper()
	for deadline := time.Now().Add(90 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("not within 90 s: %s", what)
		}
	}
}

// status is the status with which the program answers; it does not wait for
// the end of a stream.
func (p *program) status(path string) int {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, "GET", p.url+path, nil)
	if err != nil {
		p.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		p.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestServe runs the backend against an account elsewhere. The stage, on which
// everybody could act for every agent, is not there.
func TestServe(t *testing.T) {
	account := environment(t)
	p := start(t, "serve")
	p.eventually("it is ready", func() bool { return p.status("/readyz") == http.StatusOK })
	for path, want := range map[string]int{
		"/healthz": 200, "/wasm/manifest.json": 200, "/stage/live": 404, "/stage/reset": 404, "/stage/": 404, "/": 404, "/web/": 404, "/v1/directory": 401,
	} {
		if got := p.status(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if !strings.Contains(p.out.String(), account.AccountSID()) {
		t.Errorf("it does not say which account it serves: %s", p.out.String())
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestSandbox(t *testing.T) {
	environment(t)
	t.Setenv("TWILIO_ACCOUNT_SID", "") // the demo needs none
	p := start(t, "sandbox")
	p.eventually("it is ready", func() bool { return p.status("/readyz") == http.StatusOK })
	for path, want := range map[string]int{"/": 200, "/stage/live": 200, "/wasm/manifest.json": 200} {
		if got := p.status(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := http.Get(p.url + "/healthz"); err == nil {
		t.Error("it still answers")
	}
}

// TestAddressInUse names the setting.
func TestAddressInUse(t *testing.T) {
	environment(t)
	p := start(t, "sandbox")
	var out, errs lockedBuffer
	if code := run(t.Context(), []string{"sandbox", "--addr", strings.TrimPrefix(p.url, "http://")}, &out, &errs); code != 2 || !strings.Contains(errs.String(), "ADDR:") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}
