package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is a request as handlers see it.
type call struct {
	product string
	host    string
	path    string
	route   *route
	values  []string
	query   url.Values
	form    url.Values
	body    []byte
	header  http.Header
	by      string // SID that it was signed in with
	summary string // for the trace
}

// value returns a variable of the path, by its name in the template.
func (c *call) value(name string) string {
	i := 0
	for _, s := range c.route.segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		if s[1:len(s)-1] == name {
			return c.values[i]
		}
		i++
	}
	return ""
}

func (c *call) notFound() error { return notFound(strings.TrimPrefix(c.path, "/v1")) }

// has says whether a form parameter was given; an empty one was.
func (c *call) has(name string) bool { _, ok := c.form[name]; return ok }

// optional returns a form parameter, nil if it was not given.
func (c *call) optional(name string) *string {
	if !c.has(name) {
		return nil
	}
	v := c.form.Get(name)
	return &v
}

func (c *call) required(name string) (string, error) {
	v := c.form.Get(name)
	if v == "" {
		return "", invalid("Missing required parameter %s in the post body", name)
	}
	return v, nil
}

// number returns a form parameter that must be a whole number of at least least; missing means otherwise.
func (c *call) number(name string, otherwise, least int) (int, error) {
	if !c.has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(c.form.Get(name))
	if err != nil || n < least {
		return 0, invalid("%s must be a number of at least %d", name, least)
	}
	return n, nil
}

func (c *call) boolean(name string, otherwise bool) (bool, error) {
	if !c.has(name) {
		return otherwise, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(c.form.Get(name)))
	if err != nil {
		return false, invalid("%s must be true or false", name)
	}
	return b, nil
}

// hooks says whether this REST change reports by webhook.
func (c *call) hooks() bool {
	return strings.EqualFold(c.header.Get("X-Twilio-Webhook-Enabled"), "true")
}

// matches checks If-Match against an object's version; the quotes of an ETag may be missing.
func (c *call) matches(e *entity) error {
	want := c.header.Get("If-Match")
	if want == "" || want == "*" {
		return nil
	}
	if got := strconv.Itoa(e.version); strings.Trim(strings.TrimPrefix(want, "W/"), `"`) != got {
		return refused(http.StatusPreconditionFailed, codePreconditionFailed,
			"Precondition failed: %s has version %s, not %s", e.sid, got, want)
	}
	return nil
}

// queryTime reads a date of the query, the zero time if it is missing.
func (c *call) queryTime(name string) (time.Time, error) {
	text := c.query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, invalid("%s is not a date", name)
}

// readBody takes a form apart. JSON bodies are for the handler.
func (c *call) readBody() error {
	kind, _, _ := strings.Cut(c.header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) == "application/json" {
		if len(c.body) > 0 && !json.Valid(c.body) {
			return invalid("The body is not valid JSON")
		}
		c.form = url.Values{}
		return nil
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return invalid("The body is not a valid form")
	}
	c.form = form
	return nil
}
