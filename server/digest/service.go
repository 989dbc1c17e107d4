package digest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxAnswer    = 64 << 10 // bytes that are read of the service's answer
	maxBody      = 4000     // characters of a message that are sent to the service
	maxRedirects = 3
)

// CheckURL says what is wrong with the address of a summary service: it must be https, or http to this machine, and hold
// no password. For settings, at the start.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Host == "":
		return errors.New("not an address such as https://summaries.example.com/v1")
	case u.User != nil:
		return errors.New("no user and password in the address: set the token instead")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("must begin with https:// (http:// is for this machine alone)")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

type question struct {
	ConversationSID string       `json:"conversationSid"`
	TransferID      string       `json:"transferId"`
	From            from         `json:"from"`
	Target          target       `json:"target"`
	Reason          string       `json:"reason"`
	Notes           string       `json:"notes"`
	Messages        []askMessage `json:"messages"`
}

type from struct {
	WorkerSID string `json:"workerSid"`
	Name      string `json:"name"`
}

type target struct {
	Kind string `json:"kind"`
	SID  string `json:"sid"`
	Name string `json:"name"`
}

type askMessage struct {
	Author string    `json:"author"` // an agent's name, else the identity or address
	Role   role      `json:"role"`
	Body   string    `json:"body"`
	Media  bool      `json:"media,omitempty"`
	At     time.Time `json:"at"`
}

func questionOf(in Input, t *talk) question {
	x := in.Transfer
	q := question{
		ConversationSID: in.State.ConversationSID, TransferID: x.ID, Reason: x.Briefing.Reason, Notes: x.Briefing.Notes,
		From:   from{WorkerSID: x.From.WorkerSID, Name: x.From.Name},
		Target: target{Kind: string(x.Target.Kind), SID: x.Target.SID, Name: x.Target.Name}, Messages: []askMessage{},
	}
	for _, l := range t.lines {
		m := askMessage{Author: l.Author, Role: l.role, Body: clip(l.Body, maxBody), Media: l.Media, At: l.Created}
		if l.name != "" {
			m.Author = l.name
		}
		q.Messages = append(q.Messages, m)
	}
	return q
}

// ask gets a summary from the service.
func (m *Maker) ask(ctx context.Context, in Input, t *talk) (string, error) {
	if err := CheckURL(m.ServiceURL); err != nil {
		return "", err
	}
	body, err := json.Marshal(questionOf(in, t))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, m.limit())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.ServiceURL, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("not an address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Idempotency-Key", in.Transfer.ID)
	if m.Token != "" {
		req.Header.Set("Authorization", "Bearer "+m.Token)
	}
	resp, err := m.client().Do(req)
	if err != nil {
		return "", withoutAddress(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return "", fmt.Errorf("it answered %d", resp.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return "", withoutAddress(err)
	}
	return summaryOf(answer)
}

// withoutAddress leaves out of an error the address, whose query may hold a secret.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func summaryOf(answer []byte) (string, error) {
	switch {
	case len(answer) > maxAnswer:
		return "", fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	case !utf8.Valid(answer):
		return "", errors.New("its answer is not UTF-8")
	}
	var said struct {
		Summary string `json:"summary"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return "", errors.New("its answer is not JSON with a text summary")
	}
	text := strings.TrimSpace(strings.Map(printable, said.Summary))
	if text == "" {
		return "", errors.New("its answer has no summary")
	}
	return clip(text, MaxText), nil
}

// printable drops control characters, but not the ends of lines, and marks that turn the direction of what follows.
func printable(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return -1
	}
	return r
}

// client is the given one, or Go's, that stays with the service's origin.
func (m *Maker) client() *http.Client {
	c := http.Client{}
	if m.HTTP != nil {
		c = *m.HTTP
	}
	c.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		first := via[0].URL
		switch {
		case len(via) > maxRedirects:
			return errors.New("it redirects too often")
		case next.URL.Scheme != first.Scheme, next.URL.Host != first.Host:
			return errors.New("it redirects to another origin")
		case next.Method != http.MethodPost:
			return errors.New("it redirects with another method")
		}
		return nil
	}
	return &c
}
