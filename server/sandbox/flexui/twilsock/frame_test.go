package twilsock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// head is a frame up to its header, which promises a payload of a size.
func head(payloadSize int) string {
	h := fmt.Sprintf(`{"method":"message","payload_size":%d}`, payloadSize)
	return fmt.Sprintf("%s%d\r\n%s", magic, len(h), h)
}

func TestParseFrame(t *testing.T) {
	for name, c := range map[string]struct{ in, payload, err string }{
		"without a payload":     {in: "TWILSOCK V3.0 38\r\n{\"method\":\"close\",\"id\":\"TM1\",\"x\":null}   \r\n"},
		"with a payload":        {in: head(2) + "\r\n{}", payload: "{}"},
		"more than the payload": {in: head(2) + "\r\n{}rest", payload: "{}"},
		"nothing":               {in: "", err: "does not begin"},
		"another protocol":      {in: "TWILSOCK V2.0 2\r\n{}\r\n", err: "does not begin"},
		"no end of line":        {in: "TWILSOCK V3.0 2", err: "no end"},
		"no number":             {in: "TWILSOCK V3.0 two\r\n{}", err: "header length"},
		"a negative length":     {in: "TWILSOCK V3.0 -2\r\n{}", err: "header length"},
		"a huge length":         {in: "TWILSOCK V3.0 2147483647\r\n{}", err: "2 bytes are left"},
		"not JSON":              {in: "TWILSOCK V3.0 2\r\n{]\r\n", err: "header:"},
		"no method":             {in: "TWILSOCK V3.0 2\r\n{}\r\n", err: "method: is missing"},
		"too short a payload":   {in: head(9) + "\r\n{}", err: "payload_size"},
		"a negative payload":    {in: head(-1) + "\r\n{}", err: "payload_size"},
		"no line after header":  {in: head(2) + "{}", err: "end of line"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parseFrame([]byte(c.in))
			if c.err == "" && err != nil {
				t.Fatal(err)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got error %v, want one with %q", err, c.err)
				}
				return
			}
			if string(f.payload) != c.payload {
				t.Errorf("got payload %q, want %q", f.payload, c.payload)
			}
		})
	}
}

func TestFrameLengthIsInBytes(t *testing.T) {
	f := frame{header{Method: "notification", ID: "Grüße 👋"}, []byte(`{"text":"é"}`)}
	got, err := parseFrame(f.encode())
	if err != nil {
		t.Fatal(err)
	}
	if got.header.ID != "Grüße 👋" || string(got.payload) != `{"text":"é"}` || got.header.PayloadType != "application/json" {
		t.Errorf("got %+v %q", got.header, got.payload)
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte(head(2) + "\r\n{}"))
	f.Add(frame{header{Method: "init", Token: "t", Registrations: []registration{{Product: "p"}}}, nil}.encode())
	f.Add([]byte("TWILSOCK V3.0 99999999999\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseFrame(data)
		if err != nil {
			return
		}
		again, err := parseFrame(got.encode())
		if err != nil {
			t.Fatalf("what was parsed does not parse once written: %v", err)
		}
		if !bytes.Equal(got.payload, again.payload) {
			t.Fatalf("payload %q became %q", got.payload, again.payload)
		}
		x, _ := json.Marshal(got.header)
		y, _ := json.Marshal(again.header)
		got.header.PayloadType, again.header.PayloadType = "", ""
		if got.header.ID != again.header.ID || got.header.Method != again.header.Method {
			t.Fatalf("header %s became %s", x, y)
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("aim.us1.twilio.com", "/Client/v2/MyConversations/CH1", "POST", "From", "a%20b", `{"last_read_message_index":1}`)
	f.Add("cds.us1.twilio.com", "/v3/Maps/x/Items/k", "PUT", "PageToken", "desc.5.", `{"data":{}}`)
	f.Add("cds.us1.twilio.com", "/v4/Subscriptions", "POST", "", "", `{"action":"establish","requests":[{"object_sid":"MP","object_type":"map"}]}`)
	f.Add("aim.us1.twilio.com", "/Client/v2/Typing", "POST", "%", "%zz", "ChannelSid=CH")
	h, l := fuzzLink(f)
	f.Fuzz(func(t *testing.T, host, path, method, param, value, body string) {
		q := &httpRequest{Host: host, Path: path, Method: method, Params: map[string]any{param: value}}
		l.session.Roles = []string{"admin"}
		code, answer, then := l.serve(frame{header{HTTPRequest: q}, []byte(body)}, l.session)
		if code < 200 || code > 599 {
			t.Fatalf("status %d", code)
		}
		_ = toJSON(answer)
		if then != nil {
			then()
		}
		for len(l.out) > 0 {
			<-l.out
		}
		h.mu.Lock() // nothing holds it any more
		h.mu.Unlock()
	})
}
