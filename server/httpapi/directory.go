package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// directory answers GET /v1/directory: as text/plain it is the packed directory,
// as JSON what goes with it.
func (a *API) directory(w http.ResponseWriter, r *http.Request, by Caller) {
	conversation, err := conversationOf(r.URL.RawQuery)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Add("Vary", "Accept")
	if a.Packed != nil && strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
		a.packed(w, r)
		return
	}
	if conversation != (Conversation{}) && !a.guesses.ahead(by.WorkerSID, time.Now()) {
		conversation = Conversation{} // it is read at the click
	}
	ctx, cancel := inTime(r)
	defer cancel()
	workers, queues, err := a.Directory.Directory(ctx, by, conversation)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, wire.AppendDirectory(make([]byte, 0, roomFor(workers, queues)), wire.Directory{
		Workers: workers, Queues: queues, Settings: a.Directory.Settings(by),
	}))
}

// packed answers with the packed directory, or with 304 to who has it. Its ETag
// is that of the text; each coding has its own, as a strong one must.
func (a *API) packed(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := inTime(r)
	defer cancel()
	d, err := a.Packed(ctx)
	if err != nil {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable, Cause: err})
		return
	}
	body, etag := d.Text, d.ETag
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	for _, c := range accepted(r.Header.Get("Accept-Encoding")) {
		if encoded := d.Encoded(c.name); encoded != nil {
			body, etag = encoded, strings.TrimSuffix(etag, `"`)+"-"+c.name+`"`
			h.Set("Content-Encoding", c.name)
			break
		}
	}
	h.Set("ETag", etag)
	h.Set("Cache-Control", "private, no-cache")
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client is gone: nobody is left to be told
}

// conversationOf reads the query: the three SIDs of a conversation, or none.
func conversationOf(query string) (Conversation, error) {
	values, err := parseQuery(query)
	if err != nil {
		return Conversation{}, err
	}
	var c Conversation
	fields := []struct {
		name, prefix string
		into         *string
	}{
		{"interactionSid", "KD", &c.InteractionSID},
		{"interactionChannelSid", "UO", &c.InteractionChannelSID},
		{"taskSid", "WT", &c.TaskSID},
	}
	given := 0
	for _, f := range fields {
		*f.into = values.Get(f.name)
		if *f.into != "" {
			given++
		}
	}
	if given == 0 {
		return Conversation{}, nil
	}
	for _, f := range fields {
		if !transfer.ValidSID(*f.into, f.prefix) {
			return Conversation{}, refuse(transfer.ReasonBadRequest, f.name,
				f.name+" must be a SID, "+f.prefix+" and 32 hexadecimal digits.")
		}
	}
	return c, nil
}

// parseQuery reads a query string in which no key is there twice.
func parseQuery(query string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, refuse(transfer.ReasonBadRequest, "", "The address's query is malformed.")
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, refuse(transfer.ReasonBadRequest, clip(name, 64), "A parameter of the address is there twice.")
		}
	}
	return values, nil
}

// roomFor is about how long the directory is as JSON, so that writing it does
// not copy it over and over: attributes are strings there, their quotes escaped.
func roomFor(workers []transfer.WorkerRecord, queues []transfer.QueueRecord) int {
	room := 512 + 128*len(queues)
	for _, w := range workers {
		room += 192 + len(w.FriendlyName) + len(w.Attributes)*5/4
	}
	return room
}
