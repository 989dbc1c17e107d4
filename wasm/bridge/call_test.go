package bridge

import (
	stdjson "encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

func TestNewCall(t *testing.T) {
	for _, c := range []struct {
		name, args string
		want       call
	}{
		{"transfer", `{"baseUrl":"https://b.example//","token":"t","idempotencyKey":"k 1","body":{"wire": 1}}`,
			call{method: "POST", url: "https://b.example/v1/transfers", token: "t", idempotencyKey: "k 1", body: `{"wire": 1}`}},
		{"cancel", `{"baseUrl":"https://b.example","token":"t","id":"../x","body":{"wire":1}}`,
			call{method: "POST", url: "https://b.example/v1/transfers/%2E%2E%2Fx/cancel", token: "t", body: `{"wire":1}`}},
		{"depart", `{"baseUrl":"https://b.example","token":"t","body":{"wire":1}}`,
			call{method: "POST", url: "https://b.example/v1/departures", token: "t", body: `{"wire":1}`}},
		{"fetchTransfer", `{"baseUrl":"","token":"t","id":"a/../b?ö"}`,
			call{method: "GET", url: "/v1/transfers/a%2F%2E%2E%2Fb%3F%C3%B6", token: "t"}},
		{"directory", `{"baseUrl":"https://b.example","token":"t"}`,
			call{method: "GET", url: "https://b.example/v1/directory", token: "t"}},
		{"directory", `{"baseUrl":"https://b.example","token":"t","interactionSid":"KD1","taskSid":"W&T"}`,
			call{method: "GET", url: "https://b.example/v1/directory?interactionSid=KD1&taskSid=W%26T", token: "t"}},
	} {
		if got, err := newCall(c.name, c.args); err != nil || got != c.want {
			t.Errorf("%s %s: %+v, %v", c.name, c.args, got, err)
		}
	}
}

func TestNewCallRefuses(t *testing.T) {
	long := strings.Repeat("k", 129)
	for _, c := range []struct{ name, args, want string }{
		{"hack", `{}`, "name: there is nothing of this name to dispatch"},
		{"directory", ``, "at offset 0: expected an object, found the end"},
		{"directory", `{} x`, `at offset 3: expected the end, found "x"`},
		{"directory", `{"baseUrl":1}`, "baseUrl: at offset 11: expected a string, found a number"},
		{"directory", `{"colour":1}`, "colour: is not a known argument"},
		{"directory", `{}`, "token: a Flex token is required"},
		{"directory", `{"token":"a\nb"}`, "token: a Flex token is required"},
		{"fetchTransfer", `{"token":"t"}`, "id: is missing"},
		{"transfer", `{"token":"t","body":{}}`, "idempotencyKey: 1 to 128 printable characters of ASCII are required"},
		{"transfer", `{"token":"t","body":{},"idempotencyKey":"` + long + `"}`, "idempotencyKey: 1 to 128 printable characters of ASCII are required"},
		{"transfer", `{"token":"t","idempotencyKey":"k"}`, "body: is missing"},
		{"cancel", `{"token":"t","body":{}}`, "id: is missing"},
		{"cancel", `{"token":"t","id":"x"}`, "body: is missing"},
		{"depart", `{"token":"t"}`, "body: is missing"},
		{"transfer", `{"token":"t","body":{"a":}}`, `body.a: at offset 25: expected a value, found "}"`},
	} {
		_, err := newCall(c.name, c.args)
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != CodeBadArguments || e.Error() != c.want {
			t.Errorf("%s %s: got %v, want %s", c.name, c.args, err, c.want)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, s := range []string{"", "abcXYZ019-_~", "a b/c?d#e%f&g=h+i.j", "ö€😀", "\x00\xff"} {
		if back, err := url.PathUnescape(escape(s)); err != nil || back != s {
			t.Errorf("%q in a path: %q, %v", s, back, err)
		}
		if back, err := url.QueryUnescape(escape(s)); err != nil || back != s {
			t.Errorf("%q in a query: %q, %v", s, back, err)
		}
	}
}

func TestResults(t *testing.T) {
	for got, want := range map[string]string{
		result(201, ` {"id":"x"} `):              `{"status":201,"body":{"id":"x"}}`,
		result(502, `<html>`):                    `{"status":502,"body":{"code":"BACKEND_ERROR","message":"The transfer service gave an answer that cannot be read. Try again."}}`,
		result(200, `{}{}`):                      `{"status":200,"body":{"code":"BACKEND_ERROR","message":"The transfer service gave an answer that cannot be read. Try again."}}`,
		noAnswer(CodeUnreachable):                `{"status":0,"body":{"code":"BACKEND_UNREACHABLE","message":"The transfer service cannot be reached. Check the connection and try again."}}`,
		noAnswer(CodeTimeout):                    `{"status":0,"body":{"code":"BACKEND_TIMEOUT","message":"The transfer service did not answer in time. What you asked for may have been done all the same."}}`,
		failure(badArgument("id", "is missing")): `{"wire":1,"error":{"code":"BAD_ARGUMENTS","message":"id: is missing"}}`,
		panicked("x\"y"):                         `{"wire":1,"error":{"code":"PANIC","message":"the module failed: x\"y"}}`,
	} {
		if got != want || !stdjson.Valid([]byte(got)) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func FuzzNewCall(f *testing.F) {
	f.Add("transfer", `{"baseUrl":"https://b.example","token":"t","idempotencyKey":"k","body":{"wire":1}}`)
	f.Add("cancel", `{"baseUrl":"","token":"t","id":"x","body":{"wire":1}}`)
	f.Add("depart", `{"baseUrl":"","token":"t","body":{"kind":"leave"}}`)
	f.Add("fetchTransfer", `{"baseUrl":"https://b.example","token":"t","id":"x"}`)
	f.Fuzz(func(t *testing.T, name, args string) {
		c, err := newCall(name, args)
		if err != nil {
			var e *wire.Error
			if !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("%q: %#v", args, err)
			}
			return
		}
		if !strings.Contains(c.url, "/v1/") || !printable(c.token) || (c.body != "" && !stdjson.Valid([]byte(c.body))) {
			t.Fatalf("%q: %+v", args, c)
		}
	})
}

func TestOnlyWhatWasNotBegunIsAskedAgain(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		again  bool
	}{
		{429, `{"message":"…","code":"TWILIO_BUSY"}`, true},
		{429, `{"code":"TOO_MANY_REQUESTS"}`, false},
		{429, `<html>`, false},
		{429, `{"code":1}`, false},
		{503, `{"code":"TWILIO_BUSY"}`, false},
		{201, `{"code":"TWILIO_BUSY"}`, false},
	} {
		if got := busy(c.status, c.body); (got > 0) != c.again {
			t.Errorf("%d %s: again after %v", c.status, c.body, got)
		}
	}
}
