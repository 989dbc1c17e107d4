package twilsock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// maxFrame is the longest frame that is read, in bytes: a message and its attributes are far below.
const maxFrame = 512 * 1024

// magic begins every frame; the length of its header in bytes follows it.
const magic = "TWILSOCK V3.0 "

// header is the JSON header of a frame, of either direction. Source: npm twilsock 0.8 to 0.14, protocol/messages.
type header struct {
	Method      string `json:"method"`
	ID          string `json:"id"`
	PayloadSize int    `json:"payload_size"`
	PayloadType string `json:"payload_type,omitempty"`

	// of init and update
	Token             string         `json:"token,omitempty"`
	ContinuationToken string         `json:"continuation_token,omitempty"`
	Registrations     []registration `json:"registrations,omitempty"`
	Capabilities      []string       `json:"capabilities,omitempty"`

	// of message
	ActiveGrant string       `json:"active_grant,omitempty"`
	HTTPRequest *httpRequest `json:"http_request,omitempty"`

	// of notification, put_notification_ctx and delete_notification_ctx
	MessageType           string `json:"message_type,omitempty"`
	NotificationContextID string `json:"notification_ctx_id,omitempty"`

	// of client_update
	ClientUpdateType string `json:"client_update_type,omitempty"`

	// of reply and close
	Status                  *status                  `json:"status,omitempty"`
	HTTPStatus              *status                  `json:"http_status,omitempty"`
	HTTPHeaders             map[string]string        `json:"http_headers,omitempty"`
	ContinuationTokenStatus *continuationTokenStatus `json:"continuation_token_status,omitempty"`
	OfflineStorage          map[string]storage       `json:"offline_storage,omitempty"`
	InitRegistrations       []confirmedRegistration  `json:"init_registrations,omitempty"`
	DebugInfo               map[string]string        `json:"debug_info,omitempty"`
}

type status struct {
	Code        int    `json:"code"`
	Status      string `json:"status"`
	Description string `json:"description,omitempty"`
	ErrorCode   int    `json:"errorCode,omitempty"`
}

type registration struct {
	Product      string   `json:"product"`
	Type         string   `json:"type"`
	MessageTypes []string `json:"message_types"`
}

type confirmedRegistration struct {
	registration
	NotificationContextID string `json:"notification_ctx_id"`
}

type continuationTokenStatus struct {
	Reissued      bool   `json:"reissued"`
	ReissueReason string `json:"reissue_reason,omitempty"`
}

type storage struct {
	StorageID string `json:"storage_id"`
}

// httpRequest is a request that a message frame carries; its body is the frame's payload.
type httpRequest struct {
	Host    string            `json:"host"`
	Path    string            `json:"path"` // escaped, as in an address
	Method  string            `json:"method"`
	Params  map[string]any    `json:"params"` // of the query, escaped: a string or a list of strings each
	Headers map[string]string `json:"headers"`
}

// frame is one message of the protocol.
type frame struct {
	header  header
	payload []byte
}

var errNotTwilsock = errors.New("the frame does not begin with " + magic)

// parseFrame takes a frame apart. What follows the payload is ignored, as the SDKs do.
func parseFrame(data []byte) (frame, error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return frame{}, errNotTwilsock
	}
	size, rest, ok := bytes.Cut(rest, []byte("\r\n"))
	if !ok {
		return frame{}, errors.New("the first line has no end")
	}
	n, err := strconv.ParseUint(string(size), 10, 31)
	if err != nil {
		return frame{}, fmt.Errorf("header length: %w", err)
	}
	if int(n) > len(rest) {
		return frame{}, fmt.Errorf("header length: %d, but %d bytes are left", n, len(rest))
	}
	var f frame
	if err := json.Unmarshal(rest[:n], &f.header); err != nil {
		return frame{}, fmt.Errorf("header: %w", err)
	}
	if f.header.Method == "" {
		return frame{}, errors.New("method: is missing")
	}
	if f.header.PayloadSize == 0 {
		return f, nil
	}
	payload, ok := bytes.CutPrefix(rest[n:], []byte("\r\n"))
	if !ok {
		return frame{}, errors.New("the header has no end of line after it")
	}
	if f.header.PayloadSize < 0 || f.header.PayloadSize > len(payload) {
		return frame{}, fmt.Errorf("payload_size: %d, but %d bytes are left", f.header.PayloadSize, len(payload))
	}
	f.payload = payload[:f.header.PayloadSize]
	return f, nil
}

// encode writes a frame; payload_size and the payload's type, JSON, are filled in.
func (f frame) encode() []byte {
	f.header.PayloadSize = len(f.payload)
	if len(f.payload) > 0 {
		f.header.PayloadType = "application/json"
	}
	head := toJSON(f.header)
	var b bytes.Buffer
	b.Grow(len(magic) + len(head) + len(f.payload) + 16)
	fmt.Fprintf(&b, "%s%d\r\n", magic, len(head))
	b.Write(head)
	b.WriteString("\r\n")
	b.Write(f.payload)
	return b.Bytes()
}

// toJSON writes a value that this package made: it holds nothing that JSON lacks.
func toJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("twilsock: cannot write %T as JSON: %v", v, err))
	}
	return text
}
