package httpapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// mediaType returns the request's media type in lower case. It refuses bodies
// that are missing their type, are compressed or are not UTF-8.
func mediaType(r *http.Request) (string, error) {
	values := r.Header.Values("Content-Type")
	if len(values) != 1 {
		return "", &transfer.Refusal{Reason: transfer.ReasonUnsupportedMedia, Field: "Content-Type"}
	}
	kind, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return "", &transfer.Refusal{Reason: transfer.ReasonUnsupportedMedia, Field: "Content-Type", Cause: err}
	}
	if charset, named := params["charset"]; named && !strings.EqualFold(charset, "utf-8") {
		return "", refuse(transfer.ReasonUnsupportedMedia, "Content-Type", "The request must be in UTF-8.")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return "", refuse(transfer.ReasonUnsupportedMedia, "Content-Encoding", "The request must not be compressed.")
	}
	return kind, nil
}

// readBody reads a body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &transfer.Refusal{Reason: transfer.ReasonTooLarge}
	case err != nil:
		return nil, &transfer.Refusal{Reason: transfer.ReasonBadRequest, Detail: "The request did not arrive whole.", Cause: err}
	}
	return body, nil
}
