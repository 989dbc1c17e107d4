package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// maxBody is the size of the largest request body, in bytes.
const maxBody = 64 * 1024

// field is a string of a request body that may not be empty.
type field struct {
	name  string
	value *string
}

// read decodes a JSON body into target, whose fields are all there may be, and
// wants the required ones filled. The error is a *sandbox.Error that says what
// is wrong, and names the field.
func read(w http.ResponseWriter, r *http.Request, target any, required ...field) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return bad(http.StatusUnsupportedMediaType, 20415, "Content-Type: must be application/json")
	}
	if err := decode(http.MaxBytesReader(w, r.Body, maxBody), target); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return bad(http.StatusRequestEntityTooLarge, 20413, "body: larger than %d bytes", maxBody)
		}
		return bad(http.StatusBadRequest, 20001, "body: %v", err)
	}
	for _, f := range required {
		if *f.value == "" {
			return bad(http.StatusBadRequest, 20001, "%s: is required", f.name)
		}
	}
	return nil
}

// decode reads one JSON value and refuses whatever follows it.
func decode(body io.Reader, target any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return err
	}
	switch _, err := decoder.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return errors.New("something follows the JSON value")
	}
}

func bad(status, code int, format string, args ...any) error {
	return &sandbox.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}
