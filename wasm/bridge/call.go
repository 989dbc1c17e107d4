package bridge

import (
	"errors"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// The codes that the bridge gives by itself.
const (
	// CodeBadArguments: a page called the module in a way that was not agreed on.
	CodeBadArguments = "BAD_ARGUMENTS"
	// CodeUnreachable: there was no answer from the backend.
	CodeUnreachable = "BACKEND_UNREACHABLE"
	// CodeTimeout: there was no answer from the backend in time.
	CodeTimeout = "BACKEND_TIMEOUT"
	// CodeBackend: what answered was not the backend.
	CodeBackend = "BACKEND_ERROR"
)

// call is one request to the backend.
type call struct {
	method string
	url    string
	token  string
	// idempotencyKey is that of a request for a transfer, and body that of a POST;
	// empty otherwise.
	idempotencyKey string
	body           string // JSON
}

// arguments are those of a dispatch, of all names together.
type arguments struct {
	baseURL, token, idempotencyKey, body, id       string
	interactionSID, interactionChannelSID, taskSID string
}

// calls makes the call that a dispatch of a name stands for.
var calls = map[string]func(arguments) (call, error){
	"transfer":      transferCall,
	"cancel":        cancelCall,
	"depart":        departCall,
	"fetchTransfer": fetchTransferCall,
	"directory":     directoryCall,
}

// newCall turns a dispatch into the call of the backend. It fails with a
// [*wire.Error] whose code is [CodeBadArguments].
func newCall(name, text string) (call, error) {
	newCall, ok := calls[name]
	if !ok {
		return call{}, badArgument("name", "there is nothing of this name to dispatch")
	}
	args, err := readArguments(text)
	if err != nil {
		return call{}, err
	}
	if !printable(args.token) {
		return call{}, badArgument("token", "a Flex token is required")
	}
	c, err := newCall(args)
	c.token = args.token
	return c, err
}

func transferCall(a arguments) (call, error) {
	if !printable(a.idempotencyKey) || len(a.idempotencyKey) > 128 {
		return call{}, badArgument("idempotencyKey", "1 to 128 printable characters of ASCII are required")
	}
	c, err := a.post("/v1/transfers")
	c.idempotencyKey = a.idempotencyKey
	return c, err
}

func cancelCall(a arguments) (call, error) {
	if a.id == "" {
		return call{}, badArgument("id", "is missing")
	}
	return a.post("/v1/transfers/" + escape(a.id) + "/cancel")
}

func departCall(a arguments) (call, error) { return a.post("/v1/departures") }

// post is the call that posts the body.
func (a arguments) post(path string) (call, error) {
	if a.body == "" {
		return call{}, badArgument("body", "is missing")
	}
	return call{method: "POST", url: a.baseURL + path, body: a.body}, nil
}

func fetchTransferCall(a arguments) (call, error) {
	if a.id == "" {
		return call{}, badArgument("id", "is missing")
	}
	return call{method: "GET", url: a.baseURL + "/v1/transfers/" + escape(a.id)}, nil
}

func directoryCall(a arguments) (call, error) {
	url, separator := a.baseURL+"/v1/directory", "?"
	for _, p := range [][2]string{
		{"interactionSid", a.interactionSID}, {"interactionChannelSid", a.interactionChannelSID}, {"taskSid", a.taskSID},
	} {
		if p[1] != "" {
			url += separator + p[0] + "=" + escape(p[1])
			separator = "&"
		}
	}
	return call{method: "GET", url: url}, nil
}

// readArguments reads the JSON of a dispatch.
func readArguments(text string) (arguments, error) {
	var a arguments
	r := json.NewReader(text)
	err := r.Object(func(key string) (err error) {
		switch key {
		case "baseUrl":
			a.baseURL, err = r.String()
		case "token":
			a.token, err = r.String()
		case "idempotencyKey":
			a.idempotencyKey, err = r.String()
		case "body":
			a.body, err = r.Raw()
		case "id":
			a.id, err = r.String()
		case "interactionSid":
			a.interactionSID, err = r.String()
		case "interactionChannelSid":
			a.interactionChannelSID, err = r.String()
		case "taskSid":
			a.taskSID, err = r.String()
		default:
			err = errors.New("is not a known argument")
		}
		return err
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return a, badArgument(r.Path(), err.Error())
	}
	for n := len(a.baseURL); n > 0 && a.baseURL[n-1] == '/'; n-- {
		a.baseURL = a.baseURL[:n-1]
	}
	return a, nil
}

func badArgument(path, message string) error {
	return &wire.Error{Code: CodeBadArguments, Path: path, Message: message}
}

// printable reports whether s is of printable ASCII, as a header's value must
// be, and not empty.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// escape writes s so that it can stand in a path or a query of a URL.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '-', c == '_', c == '~':
			out = append(out, c)
		default:
			out = append(out, '%', hex[c>>4], hex[c&0xF])
		}
	}
	return string(out)
}
