package wire

import (
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The members of requests, in the order in which missing ones are reported.
var requestMembers = [...]string{
	"wire", "mode", "kind", "interactionSid", "interactionChannelSid", "taskSid", "target", "participantSid",
	"rules", "leaveOn", "reason", "notes", "action", "transferId",
}

// The members of a request as bits, in the same order.
const (
	hasWire = 1 << iota
	hasMode
	hasKind
	hasInteraction
	hasChannel
	hasTask
	hasTarget
	hasParticipant
	hasRules
	hasLeaveOn
	hasReason
	hasNotes
	hasAction
	hasTransferID

	hasConversation = hasWire | hasInteraction | hasChannel | hasTask // what each body must name
)

// The members of a request's target; none may be missing.
var targetMembers = [...]string{"kind", "sid"}

// The longest texts of a request, in bytes. Whether notes are too long for the
// account is for the rules to say.
const (
	maxWord   = 128
	maxReason = 100
	maxNotes  = 20_000
)

// DecodeRequest reads the body of POST /v1/transfers. It is strict: a field
// that is unknown, missing, repeated, null or of a wrong type and a SID that is
// none, or is that of something else, is refused with its path. Only "rules",
// "leaveOn", "reason" and "notes" may be absent. Whether the mode is one that can
// be had is left to the rules.
//
// It fails with an [*Error] whose code is [CodeBadRequest] or
// [CodeUnknownWireFormat].
func DecodeRequest(body string) (transfer.Request, error) {
	const required = hasConversation | hasMode | hasTarget
	q := requestReader{r: json.NewReader(body)}
	err := q.read(required|hasRules|hasLeaveOn|hasReason|hasNotes, required)
	return q.into, finish(q.r, CodeBadRequest, err)
}

// DecodeCancel reads the body of POST /v1/transfers/{id}/cancel, as strictly as
// [DecodeRequest] reads its own. The task may be empty: the one who asked for
// the transfer may have left. The transfer's ID is for the caller to set.
func DecodeCancel(body string) (transfer.Request, error) {
	q := requestReader{r: json.NewReader(body), taskless: true}
	q.into.Action = transfer.ActionCancel
	err := q.read(hasConversation|hasRules, hasConversation)
	return q.into, finish(q.r, CodeBadRequest, err)
}

// DecodeDeparture reads the body of POST /v1/departures, as strictly as
// [DecodeRequest] reads its own. The participant is there where one is to be
// removed, and only there.
func DecodeDeparture(body string) (transfer.Request, error) {
	const required = hasConversation | hasKind
	q := requestReader{r: json.NewReader(body)}
	err := q.read(required|hasRules|hasParticipant, required)
	removes := q.into.Action == transfer.ActionRemove
	switch {
	case err != nil:
	case removes && q.into.ParticipantSID == "":
		err = missing("participantSid")
	case !removes && q.into.ParticipantSID != "":
		err = &Error{Path: "participantSid", Message: `is only for the kind "remove"`}
	}
	return q.into, finish(q.r, CodeBadRequest, err)
}

// readOptionalRequest reads the request in a question. Its fields are those of
// all bodies together, with what the body is for as "action" and the ID of a
// transfer to be canceled. Unknown ones are refused as there, but any may be
// absent, null or empty: the agent may still be choosing.
func readOptionalRequest(r *json.Reader, into **transfer.Request) error {
	if r.Null() {
		return nil
	}
	q := requestReader{r: r, loose: true}
	err := q.read(1<<len(requestMembers)-1, 0)
	*into = &q.into
	return err
}

// strict reads an object of which the members are known and some are required;
// both are given as bits, in the order of the names.
func strict(r *json.Reader, names []string, known, required int, member func(key string) error) error {
	seen := 0
	err := r.Object(func(key string) error {
		bit := bitOf(names, key)
		if bit&known == 0 {
			return problem("is not a known field")
		}
		if seen&bit != 0 {
			return problem("is there twice")
		}
		seen |= bit
		return member(key)
	})
	for i, name := range names {
		if err == nil && required&^seen&(1<<i) != 0 {
			err = missing(name)
		}
	}
	return err
}

// bitOf is the bit of a name, 0 for one that is not among the names.
func bitOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// requestReader reads one request.
type requestReader struct {
	r    *json.Reader
	into transfer.Request
	// loose lets a text be null, empty and anything.
	loose bool
	// taskless lets the task be empty.
	taskless bool
}

func (q *requestReader) read(known, required int) error {
	return strict(q.r, requestMembers[:], known, required, q.member)
}

func (q *requestReader) member(key string) error {
	switch key {
	case "wire":
		return readVersion(q.r)
	case "mode":
		return q.word((*string)(&q.into.Mode))
	case "kind", "action":
		return q.action(key == "action")
	case "interactionSid":
		return q.sid(&q.into.InteractionSID, "KD")
	case "interactionChannelSid":
		return q.sid(&q.into.InteractionChannelSID, "UO")
	case "taskSid":
		return q.sid(&q.into.TaskSID, "WT")
	case "target":
		if q.loose {
			return readTarget(q.r, &q.into.Target)
		}
		return readRequestTarget(q.r, &q.into.Target)
	case "participantSid":
		return q.sid(&q.into.ParticipantSID, "UT")
	case "leaveOn":
		return q.word((*string)(&q.into.LeaveOn))
	case "reason":
		return q.text(&q.into.Reason, maxReason)
	case "notes":
		return q.text(&q.into.Notes, maxNotes)
	case "transferId": // of questions alone
		return readString(q.r, &q.into.TransferID)
	}
	return q.word(&q.into.Rules)
}

// action reads what is asked for. Where both the kind of a departure and an
// action are given, they must be the same.
func (q *requestReader) action(any bool) error {
	text := ""
	if err := q.text(&text, maxWord); err != nil || (q.loose && text == "") {
		return err
	}
	a := transfer.Action(text)
	switch {
	case a == transfer.ActionLeave, a == transfer.ActionRemove, a == transfer.ActionEnd:
	case !any:
		return problem(`expected "leave", "remove" or "end"`)
	case a != transfer.ActionTransfer && a != transfer.ActionCancel:
		return problem(`expected "transfer", "cancel", "leave", "remove" or "end"`)
	}
	if q.into.Action != "" && q.into.Action != a {
		return problem(`expected "` + string(q.into.Action) + `", as before`)
	}
	q.into.Action = a
	return nil
}

func (q *requestReader) word(into *string) error {
	if q.loose {
		return readString(q.r, into)
	}
	return readWord(q.r, into)
}

// sid reads a SID with the prefix; that of a task may be empty where there may
// be none.
func (q *requestReader) sid(into *string, prefix string) error {
	if q.loose {
		return readString(q.r, into)
	}
	s, err := q.r.String()
	if err != nil || (s == "" && q.taskless && prefix == "WT") {
		return err
	}
	*into = s
	return checkSID(s, prefix)
}

// text reads a text of at most so many bytes, which may be empty.
func (q *requestReader) text(into *string, most int) error {
	if q.loose {
		return readString(q.r, into)
	}
	s, err := q.r.String()
	if err != nil {
		return err
	}
	if len(s) > most {
		return problem("expected at most " + strconv.Itoa(most) + " bytes")
	}
	*into = s
	return nil
}

func readRequestTarget(r *json.Reader, into *transfer.Target) error {
	const all = 1<<len(targetMembers) - 1
	err := strict(r, targetMembers[:], all, all, func(key string) error {
		if key == "kind" {
			return readWord(r, (*string)(&into.Kind))
		}
		var err error
		if into.SID, err = r.String(); err != nil {
			return err
		}
		return checkSID(into.SID, "WK", "WQ")
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

func checkSID(s string, prefixes ...string) error {
	if transfer.ValidSID(s, prefixes...) {
		return nil
	}
	return problem("expected a SID, " + strings.Join(prefixes, " or ") + " and 32 hexadecimal digits")
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
