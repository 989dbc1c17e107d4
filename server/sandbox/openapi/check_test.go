package openapi

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	sidKD = "KD0123456789abcdef0123456789abcdef"
	sidUO = "UO0123456789abcdef0123456789abcdef"
	sidWS = "WS0123456789abcdef0123456789abcdef"
	sidWT = "WT0123456789abcdef0123456789abcdef"

	inviteURL = "https://flex-api.twilio.com/v1/Interactions/" + sidKD + "/Channels/" + sidUO + "/Invites"
	taskURL   = "https://taskrouter.twilio.com/v1/Workspaces/" + sidWS + "/Tasks/" + sidWT
)

const goodInvite = `{"sid":"KG0123456789abcdef0123456789abcdef","interaction_sid":"` + sidKD + `","channel_sid":"` + sidUO +
	`","routing":{"properties":{"sid":"` + sidWT + `"}},"url":"` + inviteURL + `"}`

// failures collects what a Checker reports instead of failing.
type failures struct {
	testing.TB
	messages []string
}

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	f.messages = append(f.messages, fmt.Sprintf(format, args...))
}

type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func answering(status int, body string) answer {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)),
			Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		}, nil
	}
}

func request(t *testing.T, method, url, form string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.SetBasicAuth("SK", "secret")
	return req
}

func TestCheckFindsMistakes(t *testing.T) {
	edit := func(old, new string) string { return strings.Replace(goodInvite, old, new, 1) }
	for _, c := range []struct {
		name, method, url, form string
		status                  int
		body                    string
		want                    string // part of the only report; empty for none
	}{
		{"valid", "POST", inviteURL, "Routing=%7B%7D", 200, goodInvite, ""},
		{"missing required field", "POST", inviteURL, "", 200, goodInvite, `"Routing"`},
		{"unknown field", "POST", inviteURL, "Routing=%7B%7D&Rooting=1", 200, goodInvite, `form field "Rooting"`},
		{"unknown query", "GET", inviteURL + "?Size=3", "", 404, twilioError(404, 20404), `query parameter "Size"`},
		{"malformed SID", "POST", strings.Replace(inviteURL, "KD", "KX", 1), "Routing=%7B%7D", 200, goodInvite, "InteractionSid"},
		{"bad enumeration", "POST", taskURL, "AssignmentStatus=gone", 404, twilioError(404, 20404), "AssignmentStatus"},
		{"unknown path", "GET", "https://taskrouter.twilio.com/v1/Nowhere", "", 200, `{}`, "no matching operation"},
		{"unknown host", "GET", "https://video.twilio.com/v1/Rooms", "", 200, `{}`, "no OpenAPI document"},
		{"missing property", "POST", inviteURL, "Routing=%7B%7D", 200, edit(`"interaction_sid":"`+sidKD+`",`, ""), `"interaction_sid" is missing`},
		{"invented property", "POST", inviteURL, "Routing=%7B%7D", 200, edit(`{"sid"`, `{"extra":1,"sid"`), `"extra" is unsupported`},
		{"wrong type", "POST", inviteURL, "Routing=%7B%7D", 200, edit(`"sid":"KG0123456789abcdef0123456789abcdef"`, `"sid":7`), "sid"},
		{"relative URL", "POST", inviteURL, "Routing=%7B%7D", 200, edit(`"url":"https://flex-api.twilio.com`, `"url":"`), "absolute URI"},
		{"wrong status", "POST", inviteURL, "Routing=%7B%7D", 201, goodInvite, "status is not supported"},
		{"error", "GET", taskURL, "", 404, twilioError(404, 20404), ""},
		{"error without code", "GET", taskURL, "", 404, `{"message":"x","status":404}`, "without Twilio's code"},
		{"error with another status", "GET", taskURL, "", 404, twilioError(400, 20404), "status is not 404"},
		{"no content with a body", "DELETE", taskURL, "", 204, `{}`, "with a body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reports := &failures{TB: t}
			client := &http.Client{Transport: Check(reports, answering(c.status, c.body))}
			resp, err := client.Do(request(t, c.method, c.url, c.form))
			if err != nil {
				t.Fatal(err)
			}
			if body, _ := io.ReadAll(resp.Body); string(body) != c.body {
				t.Errorf("the caller got %q, want the answer untouched", body)
			}
			switch {
			case c.want == "" && len(reports.messages) > 0:
				t.Errorf("reported %q, want nothing", reports.messages)
			case c.want != "" && (len(reports.messages) != 1 || !strings.Contains(reports.messages[0], c.want)):
				t.Errorf("reported %q, want one with %q", reports.messages, c.want)
			}
		})
	}
}

func twilioError(status, code int) string {
	return fmt.Sprintf(`{"code":%d,"message":"m","more_info":"https://www.twilio.com/docs/errors/%[1]d","status":%d}`, code, status)
}

func TestCheckWantsCredentials(t *testing.T) {
	reports := &failures{TB: t}
	req := request(t, "GET", inviteURL, "")
	req.Header.Del("Authorization")
	if _, err := Check(reports, answering(401, twilioError(401, 20003))).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if len(reports.messages) != 1 || !strings.Contains(reports.messages[0], "Basic") {
		t.Errorf("reported %q", reports.messages)
	}
}

func TestCheckCountsWhatSucceeded(t *testing.T) {
	checker := Check(t, answering(200, goodInvite))
	for range 2 {
		if _, err := checker.RoundTrip(request(t, "POST", inviteURL, "Routing=%7B%7D")); err != nil {
			t.Fatal(err)
		}
	}
	got := fmt.Sprint(checker.Covered())
	if want := "[POST flex-api.twilio.com/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Invites]"; got != want {
		t.Errorf("Covered = %s, want %s", got, want)
	}
}

func TestUndocumentedEndpointsPass(t *testing.T) {
	checker := Check(t, answering(200, `{"valid":true}`))
	url := "https://iam.twilio.com/v1/Accounts/AC0123456789abcdef0123456789abcdef/Tokens/validate"
	if _, err := checker.RoundTrip(request(t, "POST", url, "")); err != nil {
		t.Fatal(err)
	}
	if len(checker.Covered()) != 0 {
		t.Errorf("an undocumented endpoint was counted: %v", checker.Covered())
	}
}

func TestMissingDocumentsNameTheRemedy(t *testing.T) {
	_, err := loadFrom(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make deps") {
		t.Errorf("error is %v, want one that names make deps", err)
	}
}
