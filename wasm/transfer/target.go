package transfer

// TargetKind says what a conversation is handed to.
type TargetKind string

// The kinds of target, with the values of the task attribute
// transferTargetType in the Flex project template.
const (
	TargetWorker TargetKind = "worker"
	TargetQueue  TargetKind = "queue"
)

// Target is the worker or the queue that a conversation is handed to.
type Target struct {
	Kind TargetKind `json:"kind"`
	SID  string     `json:"sid"` // WK… or WQ…
	// Name is for people: a worker's full name, a queue's friendly name. It is
	// never read from a request, always from Twilio's record.
	Name string `json:"name,omitempty"`
}

// Same reports whether both are the same worker or queue.
func (t Target) Same(other Target) bool { return t.Kind == other.Kind && t.SID == other.SID }
