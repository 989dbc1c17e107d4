package dropin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func request(method, address, kind, body string) *http.Request {
	r := httptest.NewRequest(method, address, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

const (
	form = "application/x-www-form-urlencoded"
	js   = "application/json; charset=utf-8"
)

func TestReadParameters(t *testing.T) {
	for _, c := range []struct {
		name, method, address, kind, body string
		want                              map[string]string
	}{
		{"form", "POST", "/", form, "a=1&b=%7B%22x%22%3A%22y%20z%22%7D&c=a+b", map[string]string{"a": "1", "b": `{"x":"y z"}`, "c": "a b"}},
		{"query", "GET", "/?a=1&b=2", "", "", map[string]string{"a": "1", "b": "2"}},
		{"the body of a GET is not looked at", "GET", "/?a=1", form, "a=2&b=2", map[string]string{"a": "1", "b": ""}},
		{"the body counts more", "POST", "/?a=1&b=2", form, "a=3", map[string]string{"a": "3", "b": "2"}},
		{"absent values", "POST", "/", form, "a=null&b=undefined&c=&d", map[string]string{"a": "", "b": "", "c": "", "d": ""}},
		{"absent in the body, there in the query", "POST", "/?a=1", form, "a=null", map[string]string{"a": ""}},
		{"json", "POST", "/", js, `{"a":"1 ","b":{"x":["y"]},"c":17,"d":true}`, map[string]string{"a": "1 ", "b": `{"x":["y"]}`, "c": "17", "d": "true"}},
		{"absent values in json", "POST", "/", js, `{"a":null,"b":"undefined","c":"","d":"null"}`, map[string]string{"a": "", "b": "", "c": "", "d": ""}},
		{"json with escapes", "POST", "/", js, `{"a":"\u00e9\n\""}`, map[string]string{"a": "é\n\""}},
		{"json counts more than the query", "POST", "/?a=1&a=2", js, `{"a":"3"}`, map[string]string{"a": "3"}},
		{"another type", "POST", "/?b=1", "text/plain", "a=1", map[string]string{"a": "", "b": "1"}},
		{"no type", "POST", "/", "", "a=1", map[string]string{"a": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := readParameters(httptest.NewRecorder(), request(c.method, c.address, c.kind, c.body))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range c.want {
				if got := p.get(name); got != want {
					t.Errorf("%s is %q, not %q", name, got, want)
				}
			}
			if err := p.problem(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReadParametersRefuses(t *testing.T) {
	for _, c := range []struct {
		name, kind, body string
		status           int
	}{
		{"a broken form", form, "a=%zz&Token=secret", 400},
		{"broken json", js, `{"Token":"secret"`, 400},
		{"json that is no object", js, `["secret"]`, 400},
		{"json that is nothing", js, ``, 400},
		{"deep json", js, `{"a":` + strings.Repeat("[", 60_000) + strings.Repeat("]", 60_000) + `}`, 400},
		{"too much", form, "a=" + strings.Repeat("secret", maxBody), 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readParameters(httptest.NewRecorder(), request("POST", "/", c.kind, c.body))
			var bad *badParameters
			if !errors.As(err, &bad) || bad.status != c.status {
				t.Fatalf("%v", err)
			}
			if strings.Contains(bad.message, "secret") {
				t.Errorf("%q quotes what was sent", bad.message)
			}
		})
	}
}

func TestParametersThatAreWrong(t *testing.T) {
	p, err := readParameters(httptest.NewRecorder(), request("POST", "/x", form, "twice=1&twice=2&sid=WT1&object=[]&unread=1&unread=2"))
	if err != nil {
		t.Fatal(err)
	}
	p.need("missing", "for this")
	p.need("sid", "for that")
	p.get("twice")
	p.get("twice")
	p.sid("sid", "WT", "WK")
	p.object("object")
	p.object("missing")
	want := "(/x) Missing missing: for this (/x) Ambiguous twice: it is there twice " +
		"(/x) Invalid sid: WT or WK and 32 hexadecimal digits are expected (/x) Invalid object: a JSON object is expected"
	if got := p.problem(); got == nil || got.Error() != want {
		t.Errorf("%v", got)
	}
}

// FuzzParameters reads anything, and never panics nor quotes a value in a
// message.
func FuzzParameters(f *testing.F) {
	f.Add("a=1", form, "Token=abc&taskSid=WT1")
	f.Add("", js, `{"Token":"abc","Payload":{"interactionDetails":{}}}`)
	f.Add("a=1&a=2", js, `{"a":null}`)
	f.Add("%zz", form, "=&&;")
	f.Fuzz(func(t *testing.T, query, kind, body string) {
		r := request("POST", "/", "", body)
		r.URL.RawQuery = query
		r.Header["Content-Type"] = []string{kind}
		p, err := readParameters(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		p.path = "/"
		for _, name := range []string{"Token", "taskSid", "attributes"} {
			if v := p.get(name); v == "null" || v == "undefined" {
				t.Errorf("%s is %q", name, v)
			}
		}
		p.sid("taskSid", "WT")
		p.object("attributes")
		_, _, _ = sampleRequest(p)
		if err := p.problem(); err != nil && len(err.Error()) > 2000 {
			t.Errorf("a message of %d bytes", len(err.Error()))
		}
	})
}
