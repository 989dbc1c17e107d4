package httpapi

import (
	"net/http"
	"net/url"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// directory answers GET /v1/directory.
func (a *API) directory(w http.ResponseWriter, r *http.Request, by Caller) {
	conversation, err := conversationOf(r.URL.RawQuery)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	workers, queues, err := a.Directory.Directory(r.Context(), by, conversation)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, wire.AppendDirectory(make([]byte, 0, roomFor(workers, queues)), wire.Directory{
		Workers: workers, Queues: queues, Settings: a.Directory.Settings(by),
	}))
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
