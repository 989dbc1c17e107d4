package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", "a", " ", "a\r\nb", "\x7f", "ü", strings.Repeat("x", 128), strings.Repeat("x", 129)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := idempotencyKey(http.Header{"Idempotency-Key": {text}})
		fits := len(text) >= 1 && len(text) <= 128 && strings.IndexFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) < 0
		if (err == nil) != fits || err == nil && key != text {
			t.Errorf("%q: %q, %v", text, key, err)
		}
	})
}

func FuzzLastEventID(f *testing.F) {
	for _, seed := range []string{"", "0", "7", "007", "-1", "+1", "1e3", "0x1", "1_0", " 1", "18446744073709551616"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseSequence("Last-Event-ID", text)
		if text == "" {
			if n != 0 || err != nil {
				t.Errorf("nothing: %d, %v", n, err)
			}
			return
		}
		digits := strings.Trim(text, "0123456789") == ""
		if err == nil && (!digits || strconv.FormatUint(n, 10) != strings.TrimLeft(text[:len(text)-1], "0")+text[len(text)-1:]) {
			t.Errorf("%q: %d", text, n)
		}
		if err != nil && digits && len(text) < 20 {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{"gzip, deflate, br", "br;q=0.5,*;q=0", "identity;q=1, br;q=.9", ";;,,=q", "br;q=1.000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := accepted(header)
		seen := map[string]bool{}
		for _, c := range got {
			if seen[c.name] || !strings.Contains(strings.ToLower(header), c.name) && !strings.Contains(header, "*") {
				t.Errorf("%q: %v", header, got)
			}
			seen[c.name] = true
		}
		for name, q := range parseAcceptEncoding(header) {
			if q < 0 || q > 1000 {
				t.Errorf("%q: %s has quality %d", header, name, q)
			}
		}
	})
}

func FuzzWebhookBodies(f *testing.F) {
	for _, seed := range []string{"EventType=a&b=c", "a=1&a=2", "%zz", `{"EventType":"x"}`, `{"a":[{"b":null}],"c":1e9}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, kind := range []string{formType, jsonType} {
			e, err := parseEvent("interactions", http.Header{}, kind, []byte(body))
			if err == nil && (e.Type == "" || len(e.Fields) == 0) {
				t.Errorf("%q: %+v", body, e)
			}
			if err != nil && problemOf(err, "").status != http.StatusBadRequest {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}

// FuzzBodies sends anything to the routes that take a body: what is passed on is
// sound, and all else is the client's fault and says so.
func FuzzBodies(f *testing.F) {
	for _, body := range smallRoutes {
		f.Add(body)
	}
	f.Add(goodBody())
	f.Add(`{"wire":1,"a":[[[]]]}`)
	w := newWorld()
	a, err := New(w.options())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(a.Close)
	sound := func(r transfer.Request) {
		if !transfer.ValidSID(r.InteractionSID, "KD") || !transfer.ValidSID(r.InteractionChannelSID, "UO") ||
			(r.TaskSID != "" || r.Action != transfer.ActionCancel) && !transfer.ValidSID(r.TaskSID, "WT") ||
			r.ParticipantSID != "" && !transfer.ValidSID(r.ParticipantSID, "UT") {
			panic("passed on: " + string(r.Action))
		}
	}
	w.start = func(_ context.Context, _ Caller, r transfer.Request, _ string) (Outcome, error) {
		sound(r)
		return outcome(transfer.PhaseRinging), nil
	}
	w.cancel = func(_ context.Context, _ Caller, r transfer.Request) (Outcome, error) {
		sound(r)
		return outcome(transfer.PhaseCanceled), nil
	}
	w.depart = func(_ context.Context, _ Caller, r transfer.Request) (DepartureOutcome, error) {
		sound(r)
		return departure(transfer.DepartureGone), nil
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/v1/transfers", cancelPath, "/v1/departures"} {
			r := small(path, body)
			r.Header.Set("Idempotency-Key", "k")
			if resp := do(a, r); resp.StatusCode >= 300 && resp.StatusCode != 400 && resp.StatusCode != 413 {
				t.Errorf("%s %q: %d %s", path, body, resp.StatusCode, bodyOf(t, resp))
			}
		}
	})
}

// FuzzQuery asks for the directory with any query: what is passed on is a whole
// conversation or none, and all else is the client's fault and says so.
func FuzzQuery(f *testing.F) {
	all := "interactionSid=" + sid("KD") + "&interactionChannelSid=" + sid("UO") + "&taskSid=" + sid("WT")
	for _, seed := range []string{
		"", "a=1&b=2", "a=1&a=1", "a&a=", "a=1&%61=2", "a;b=1", "%zz", "a=%", "&&=&", "=1&=2", all, all + "&taskSid=", all + "&x=" + sid("KD"),
		"taskSid=" + sid("WT"), strings.Replace(all, "UO", "uo", 1), strings.Repeat("ü", 40) + "=1&" + strings.Repeat("%C3%BC", 40) + "=2", "%ff=1&%ff=2",
	} {
		f.Add(seed)
	}
	w := newWorld()
	a, err := New(w.options())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(a.Close)
	var asked *Conversation
	w.directory = func(_ context.Context, _ Caller, c Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		asked = &c
		return nil, nil, nil
	}
	f.Fuzz(func(t *testing.T, query string) {
		if len(query) > 4096 {
			return // Go refuses 10,000 parameters
		}
		values, err := parseQuery(query)
		if err == nil {
			if again, err := parseQuery(values.Encode()); err != nil || !reflect.DeepEqual(again, values) {
				t.Errorf("%q is %v, and written anew %v, %v", query, values, again, err)
			}
			if _, err := parseQuery(query + "&" + query); (err == nil) != (len(values) == 0) {
				t.Errorf("%q twice: %v", query, err)
			}
		}
		if refused := err != nil; refused != (malformed(query) || repeats(query)) {
			t.Errorf("%q: %v, %v", query, values, err)
		}
		r := signedIn("GET", "/v1/directory", "")
		r.URL.RawQuery, asked = query, nil
		resp := do(a, r)
		switch body := bodyOf(t, resp); {
		case resp.StatusCode == http.StatusOK && asked != nil:
			c := *asked
			whole := transfer.ValidSID(c.InteractionSID, "KD") && transfer.ValidSID(c.InteractionChannelSID, "UO") && transfer.ValidSID(c.TaskSID, "WT")
			if c != (Conversation{}) && !whole || c != (Conversation{values.Get("interactionSid"), values.Get("interactionChannelSid"), values.Get("taskSid")}) {
				t.Errorf("%q is passed on as %+v", query, c)
			}
		case resp.StatusCode != http.StatusBadRequest || asked != nil || !utf8.ValidString(body) || !json.Valid([]byte(body)) || len(body) > 1000:
			t.Errorf("%q: %d %s", query, resp.StatusCode, body)
		}
	})
}

// malformed reports whether a part of the query cannot be decoded, and repeats
// whether two have the same name.
func malformed(query string) bool {
	_, err := url.QueryUnescape(strings.NewReplacer("&", "+", "=", "+").Replace(query))
	return err != nil || strings.Contains(query, ";")
}

func repeats(query string) bool {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name)
		if part != "" && seen[name] {
			return true
		}
		seen[name] = seen[name] || part != ""
	}
	return false
}

func FuzzBearerToken(f *testing.F) {
	for _, seed := range []string{"Bearer a.b.c", "bearer a==", "Basic YTpi", "Bearer", "Bearer  ", "Bearer a b", "Bearer a\r\nX: y", "Bearer =a", "Bearer " + strings.Repeat("x", maxToken+1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := bearerToken(http.Header{"Authorization": {header}})
		if err == nil && (token == "" || len(token) > maxToken || strings.ContainsAny(token, " \r\n\x00\"") || !strings.HasSuffix(header, token)) {
			t.Errorf("%q: %q", header, token)
		}
		if err != nil && len(header) > 12 && strings.Contains(err.Error(), header[7:]) {
			t.Errorf("the error holds what was sent: %v", err)
		}
		if _, err := bearerToken(http.Header{"Authorization": {header, header}}); err == nil {
			t.Error("two headers are taken for one")
		}
	})
}
