package sandbox

import (
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
	"github.com/flex-transfer/flex-transfer/server/sandbox/routing"
)

// The statuses of tasks and reservations, in Twilio's words.
const (
	statusPending   = "pending"
	statusReserved  = "reserved"
	statusAssigned  = "assigned"
	statusWrapping  = "wrapping"
	statusCompleted = "completed"
	statusCanceled  = "canceled"
	statusAccepted  = "accepted"
	statusRejected  = "rejected"
	statusTimeout   = "timeout"
	statusRescinded = "rescinded"
)

// The states of conversations and interaction channels.
const (
	stateActive   = "active"
	stateInactive = "inactive"
	stateClosed   = "closed"
)

// entity is what every stored object has. seq orders objects by creation across all kinds.
type entity struct {
	sid              string
	seq              uint64
	version          int
	created, updated time.Time
}

func (e *entity) base() *entity { return e }

type activity struct {
	entity
	name      string
	available bool
}

type taskChannel struct {
	entity
	uniqueName, name string
}

type worker struct {
	entity
	name          string
	attributes    string
	document      map[string]any // attributes plus sid, friendly_name and activity_name, for expressions; never changed in place
	activity      *activity
	before        *activity // the activity before this one
	statusChanged time.Time
	idleSince     time.Time
	channels      []*workerChannel
	queues        []*queue
	open          *ordered[*reservation] // pending, accepted, wrapping
	reservations  *ordered[*reservation] // all that Twilio still has
}

type workerChannel struct {
	entity
	channel   *taskChannel
	capacity  int
	available bool
	used      int
}

type queue struct {
	entity
	name          string
	targetWorkers string
	condition     *expression.Expression
	maxReserved   int
	order         string // FIFO or LIFO
	members       *ordered[*worker]
	waiting       waitingList            // tasks that any member may get
	waitingFor    map[string]waitingList // tasks that only one worker may get, by its SID
	live          *ordered[*task]        // not ended
}

type workflow struct {
	entity
	name               string
	configuration      string
	parsed             *routing.Workflow
	reservationTimeout int // seconds
	assignmentCallback *string
	fallbackCallback   *string
}

type task struct {
	entity
	attributes   string
	document     map[string]any // parsed attributes; never changed in place
	status       string
	reason       *string
	priority     int
	channel      *taskChannel
	timeout      int // seconds
	workflow     *workflow
	queue        *queue
	queueEntered time.Time
	ended        time.Time

	filter      *routing.Filter
	targetIndex int
	target      *routing.Target
	known       string // the SID of the only worker that the step is for
	knownOnly   bool   // the step is for one worker (who may be unknown)
	direct      *worker
	waiting     bool
	stepIsOver  bool // the step timed out while the task was reserved
	stepTimer   Timer
	lifeTimer   Timer

	reservations []*reservation
	declined     map[*worker]bool
	invite       *invite
	history      []taskMoment
}

// taskMoment is what a lagging list shows of a task.
type taskMoment struct {
	at         time.Time
	status     string
	attributes string
}

func (t *task) live() bool { return t.status != statusCompleted && t.status != statusCanceled }

type reservation struct {
	entity
	task   *task
	worker *worker
	status string
	timer  Timer
}

// open says whether the reservation takes up capacity.
func (r *reservation) open() bool {
	return r.status == statusPending || r.status == statusAccepted || r.status == statusWrapping
}

type conversation struct {
	entity
	name, uniqueName *string
	attributes       string
	state            string
	members          *ordered[*member]
	messages         *ordered[*message]
	nextIndex        int
	mailbox          string // the account's own address, of mail conversations
	channel          *channel
}

// member is a ConversationParticipant.
type member struct {
	entity
	conversation *conversation
	identity     string
	attributes   string
	binding      map[string]string
	roleSID      *string
	left         bool
}

// author is the name that a member's messages carry.
func (m *member) author() string {
	if m.identity != "" || m.binding == nil {
		return m.identity
	}
	return m.binding["address"]
}

type message struct {
	entity
	conversation *conversation
	index        int
	author       string
	body         *string
	subject      *string // of mails
	attributes   string
	member       string // its author's SID, "" if it is nobody in the conversation
}

type interaction struct {
	entity
	channel     *channel
	contextSID  *string
	webhookTtid *string
	invite      *invite // of its creation, nil without routing
}

// channel is an interaction channel.
type channel struct {
	entity
	interaction  *interaction
	kind         string
	status       string
	conversation *conversation
	participants []*participant // those who have left too
	invites      []*invite
}

func (c *channel) isOpen() bool { return c.status == stateActive || c.status == "setup" }

// participant is an InteractionParticipant.
type participant struct {
	entity
	kind        string
	channel     *channel
	member      *member
	reservation *reservation
	wrapping    bool
	left        time.Time
}

func (p *participant) present() bool { return p.left.IsZero() }

type invite struct {
	entity
	channel             *channel
	task                *task
	attributes          string // of its task when that was made
	priority            int
	queueSID, workerSID string // that were asked for
}

// store is everything that Reset forgets.
type store struct {
	activities      *ordered[*activity]
	taskChannels    *ordered[*taskChannel]
	workers         *ordered[*worker]
	workersByName   map[string]*worker
	queues          *ordered[*queue]
	workflows       *ordered[*workflow]
	tasks           *ordered[*task]
	tasksByStatus   map[string]*ordered[*task]
	endedTasks      []*task // in the order they ended
	reservations    map[string]*reservation
	conversations   *ordered[*conversation]
	byUniqueName    map[string]*conversation
	members         map[string]*member
	interactions    map[string]*interaction
	channels        *ordered[*channel]
	participants    map[string]*participant
	events          eventLog
	defaultActivity *activity
	timeoutActivity *activity
	workspaceName   string
	workspaceBorn   time.Time
	workspaceUpdate time.Time
	multiTask       bool
	queueOrder      string
}

func newStore() *store {
	return &store{
		activities: newOrdered[*activity](), taskChannels: newOrdered[*taskChannel](), workers: newOrdered[*worker](),
		workersByName: map[string]*worker{}, queues: newOrdered[*queue](), workflows: newOrdered[*workflow](),
		tasks: newOrdered[*task](), tasksByStatus: map[string]*ordered[*task]{}, reservations: map[string]*reservation{},
		conversations: newOrdered[*conversation](), byUniqueName: map[string]*conversation{}, members: map[string]*member{},
		interactions: map[string]*interaction{}, channels: newOrdered[*channel](), participants: map[string]*participant{},
		workspaceName: "Flex Task Assignment", multiTask: true, queueOrder: "FIFO",
	}
}
