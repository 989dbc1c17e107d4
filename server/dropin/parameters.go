package dropin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// maxBody is the size in bytes of the largest body: attributes of 16 KB, of
// which encoding for a form makes three times as much, twice, and a token.
const maxBody = 128 << 10

// parameters are what a plugin has sent. What is wrong with them is collected,
// so that one answer names everything.
type parameters struct {
	path   string // of the endpoint, for messages
	values map[string]string
	twice  map[string]bool // was given twice in one place: nobody knows which counts
	wrong  []string
}

// badParameters is answered with 400.
type badParameters struct {
	status  int
	message string
}

// Error implements error.
func (b *badParameters) Error() string { return b.message }

// Unwrap makes it a refusal like others: it is for nothing that Twilio has said.
func (b *badParameters) Unwrap() error { return &transfer.Refusal{Reason: transfer.ReasonBadRequest} }

// readParameters reads the query and the body, which counts more. A body of
// another type than a form or JSON is not looked at, as Twilio's functions do.
func readParameters(w http.ResponseWriter, r *http.Request) (*parameters, error) {
	p := &parameters{path: r.URL.Path, values: map[string]string{}, twice: map[string]bool{}}
	if err := p.addForm(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if r.Method != http.MethodPost {
		return p, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &badParameters{http.StatusRequestEntityTooLarge, transfer.ReasonTooLarge.Message()}
	case err != nil:
		return nil, &badParameters{http.StatusBadRequest, "The request did not arrive whole."}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		return p, p.addForm(string(body))
	case "application/json":
		return p, p.addJSON(body)
	}
	return p, nil
}

func (p *parameters) addForm(text string) error {
	form, err := url.ParseQuery(text)
	if err != nil {
		return &badParameters{http.StatusBadRequest, "The parameters are not encoded as a form."} // the error would quote them
	}
	for name, values := range form {
		p.twice[name] = len(values) > 1
		p.set(name, values[len(values)-1])
	}
	return nil
}

func (p *parameters) addJSON(body []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return &badParameters{http.StatusBadRequest, "The body is not a JSON object."} // likewise
	}
	for name, value := range members {
		text := string(value)
		if value[0] == '"' {
			_ = json.Unmarshal(value, &text) // it was read before: it cannot fail
		}
		p.twice[name] = false
		p.set(name, text)
	}
	return nil
}

// set keeps a value. The plugins write absent ones in three ways.
func (p *parameters) set(name, value string) {
	if value == "" || value == "null" || value == "undefined" {
		delete(p.values, name)
		return
	}
	p.values[name] = value
}

// get is the parameter's value; empty where it is absent.
func (p *parameters) get(name string) string {
	if p.twice[name] {
		p.note("Ambiguous", name, "it is there twice")
		delete(p.twice, name)
	}
	return p.values[name]
}

// need notes a parameter that is missing.
func (p *parameters) need(name, purpose string) {
	if p.get(name) == "" {
		p.note("Missing", name, purpose)
	}
}

// sid is a parameter that has to be a SID with one of the prefixes, if it is
// there.
func (p *parameters) sid(name string, prefixes ...string) string {
	value := p.get(name)
	if value != "" && !transfer.ValidSID(value, prefixes...) {
		p.note("Invalid", name, fmt.Sprintf("%s and 32 hexadecimal digits are expected", strings.Join(prefixes, " or ")))
		return ""
	}
	return value
}

// about is what the request asks about: the same for its repeat.
func (p *parameters) about() string {
	return strings.Join([]string{
		p.values["flexInteractionChannelSid"], p.values["taskSid"], p.values["conversationSid"], p.values["Payload"],
	}, "\n")
}

// object is a parameter that has to be a JSON object, if it is there.
func (p *parameters) object(name string) (members map[string]json.RawMessage) {
	value := p.get(name)
	if value != "" && (json.Unmarshal([]byte(value), &members) != nil || members == nil) {
		p.note("Invalid", name, "a JSON object is expected")
	}
	return members
}

// note notes what is wrong with a parameter.
func (p *parameters) note(what, name, why string) {
	p.wrong = append(p.wrong, fmt.Sprintf("(%s) %s %s: %s", p.path, what, name, why))
}

// problem is what is wrong with the parameters; nil if nothing is.
func (p *parameters) problem() error {
	if len(p.wrong) == 0 {
		return nil
	}
	return &badParameters{http.StatusBadRequest, strings.Join(p.wrong, " ")}
}
