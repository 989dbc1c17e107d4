package wire

import (
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The members of a request, in the order in which missing ones are reported.
var requestMembers = [...]string{"wire", "mode", "interactionSid", "interactionChannelSid", "taskSid", "target", "rules"}

// requestRequired is how many of them, from the first, may not be missing.
const requestRequired = 6

// The members of a request's target; none may be missing.
var targetMembers = [...]string{"kind", "sid"}

// maxWord is the longest text in a request that is not a SID, in bytes.
const maxWord = 128

// DecodeRequest reads the body of POST /v1/transfers. It is strict: a field
// that is unknown, missing, repeated, null or of a wrong type and a SID that is
// none, or is that of something else, is refused with its path. Only "rules"
// may be absent. Whether the mode is one that can be had is left to the rules.
//
// It fails with an [*Error] whose code is [CodeBadRequest] or
// [CodeUnknownWireFormat].
func DecodeRequest(body string) (transfer.Request, error) {
	var q transfer.Request
	r := json.NewReader(body)
	err := strict(r, requestMembers[:], requestRequired, func(key string) error {
		return readRequest(r, key, &q)
	})
	return q, finish(r, CodeBadRequest, err)
}

// strict reads an object of which the members are known and the first few
// required.
func strict(r *json.Reader, members []string, required int, member func(key string) error) error {
	seen := 0
	err := r.Object(func(key string) error {
		i := index(members, key)
		if i < 0 {
			return problem("is not a known field")
		}
		if seen&(1<<i) != 0 {
			return problem("is there twice")
		}
		seen |= 1 << i
		return member(key)
	})
	for i := 0; i < required && err == nil; i++ {
		if seen&(1<<i) == 0 {
			err = missing(members[i])
		}
	}
	return err
}

func index(members []string, key string) int {
	for i, m := range members {
		if m == key {
			return i
		}
	}
	return -1
}

func readRequest(r *json.Reader, key string, into *transfer.Request) error {
	switch key {
	case "wire":
		return readVersion(r)
	case "mode":
		return readWord(r, (*string)(&into.Mode))
	case "interactionSid":
		return readSID(r, &into.InteractionSID, "KD")
	case "interactionChannelSid":
		return readSID(r, &into.InteractionChannelSID, "UO")
	case "taskSid":
		return readSID(r, &into.TaskSID, "WT")
	case "target":
		return readRequestTarget(r, &into.Target)
	}
	return readWord(r, &into.Rules)
}

func readRequestTarget(r *json.Reader, into *transfer.Target) error {
	err := strict(r, targetMembers[:], len(targetMembers), func(key string) error {
		if key == "kind" {
			return readWord(r, (*string)(&into.Kind))
		}
		return readSID(r, &into.SID, "WK", "WQ")
	})
	if err != nil {
		return err
	}
	prefix := ""
	switch into.Kind {
	case transfer.TargetWorker:
		prefix = "WK"
	case transfer.TargetQueue:
		prefix = "WQ"
	default:
		return &Error{Path: "kind", Message: `expected "worker" or "queue"`}
	}
	if !transfer.ValidSID(into.SID, prefix) {
		return &Error{Path: "sid", Message: "expected the SID of a " + string(into.Kind) + " (" + prefix + "…)"}
	}
	return nil
}

// readSID reads a SID with one of the prefixes.
func readSID(r *json.Reader, into *string, prefixes ...string) error {
	s, err := r.String()
	if err != nil {
		return err
	}
	if !transfer.ValidSID(s, prefixes...) {
		return problem("expected a SID, " + strings.Join(prefixes, " or ") + " and 32 hexadecimal digits")
	}
	*into = s
	return nil
}

// readWord reads a short text of printable ASCII.
func readWord(r *json.Reader, into *string) error {
	s, err := r.String()
	if err != nil {
		return err
	}
	printable := s != "" && len(s) <= maxWord
	for i := 0; i < len(s) && printable; i++ {
		printable = s[i] >= ' ' && s[i] <= '~'
	}
	if !printable {
		return problem("expected 1 to 128 printable characters of ASCII")
	}
	*into = s
	return nil
}

// readOptionalRequest reads the request in a question. Its fields are those of
// [DecodeRequest], and unknown ones are refused as there, but any may be
// absent, null or empty: the agent may still be choosing.
func readOptionalRequest(r *json.Reader, into **transfer.Request) error {
	if r.Null() {
		return nil
	}
	q := new(transfer.Request)
	*into = q
	return strict(r, requestMembers[:], 0, func(key string) error {
		switch key {
		case "wire":
			return readVersion(r)
		case "mode":
			return readString(r, (*string)(&q.Mode))
		case "interactionSid":
			return readString(r, &q.InteractionSID)
		case "interactionChannelSid":
			return readString(r, &q.InteractionChannelSID)
		case "taskSid":
			return readString(r, &q.TaskSID)
		case "target":
			return readTarget(r, &q.Target)
		}
		return readString(r, &q.Rules)
	})
}
