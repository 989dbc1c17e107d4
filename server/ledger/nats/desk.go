package nats

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	natsgo "github.com/nats-io/nats.go"
)

// The desk's pull requests. They end long before AckWait: what was handed to a
// process that stands still, or whose connection is dead, comes again after that,
// and must not be handed to the same one once more.
const (
	deskExpiry    = 2500 * time.Millisecond
	deskHeartbeat = time.Second // less than half of it, as the server wants it
	deskTick      = 250 * time.Millisecond
	deskSilence   = 3 * time.Second // without a heartbeat: the requests are lost
	deskAhead     = 128             // messages asked for beyond one for each caller, at most
	deskRoom      = 1024            // messages that may lie here; more than are ever asked for
	deskKeep      = 50 * time.Millisecond
)

// desk is where the callers of Next wait. It asks the server for a message for
// each of them and some more, over one subscription: under load most records
// are replaced before anybody could see to them, and those are answered as they
// arrive. How many more is learnt from how many of them there are. While nobody
// waits, nothing is asked for; what arrives then goes back after deskKeep, so
// that another process can have it.
type desk struct {
	ledger   *Ledger
	arrivals chan handout

	mu      sync.Mutex
	sub     *natsgo.Subscription
	inbox   string
	waiting int       // callers of Next
	asked   int       // messages that the server still owes us
	heard   time.Time // of the server, about the requests
	broken  bool      // the requests are void: ask again at the next tick
	ahead   int       // messages to ask for beyond one for each caller
	tidying *time.Timer
}

func newDesk(l *Ledger) *desk {
	d := &desk{ledger: l, arrivals: make(chan handout, deskRoom)}
	d.tidying = time.AfterFunc(time.Hour, d.tidy)
	d.tidying.Stop()
	return d
}

// open subscribes to where the messages arrive.
func (d *desk) open(nc *natsgo.Conn) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inbox = nc.NewInbox()
	d.sub, err = nc.Subscribe(d.inbox, d.receive)
	return err
}

// enter counts a caller of Next in.
func (d *desk) enter() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting++
	d.askLocked()
}

// leave counts a caller of Next out.
func (d *desk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
	d.keepLocked()
}

// keepLocked sees to it that what lies here for nobody does not lie long.
func (d *desk) keepLocked() {
	if d.waiting == 0 && len(d.arrivals) > 0 {
		d.tidying.Reset(deskKeep)
	}
}

// tidy gives back what nobody came for.
func (d *desk) tidy() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == 0 && len(d.arrivals) > 0 {
		d.ahead /= 2
		d.returnAll()
	}
}

// ask makes up for a message that turned out to be no work.
func (d *desk) ask() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.askLocked()
}

func (d *desk) askLocked() {
	have := d.asked + len(d.arrivals)
	n := min(d.waiting+d.ahead, deskRoom/2) - have
	if n <= 0 || d.waiting == 0 || d.broken || (have >= d.waiting && n <= d.ahead/2) {
		return
	}
	request, _ := json.Marshal(pullRequest{n, deskExpiry, deskHeartbeat}) // numbers only
	subject := "$JS.API.CONSUMER.MSG.NEXT." + d.ledger.subjects.stream + "." + workName
	if err := d.ledger.nc.PublishRequest(subject, d.inbox, request); err != nil {
		d.broken = true
		return
	}
	if d.asked == 0 {
		d.heard = time.Now()
	}
	d.asked += n
}

// pullRequest is the body of a pull (NATS ADR-37); durations are nanoseconds.
type pullRequest struct {
	Batch         int           `json:"batch"`
	Expires       time.Duration `json:"expires"`
	IdleHeartbeat time.Duration `json:"idle_heartbeat"`
}

// receive takes a message from the server. It never blocks, so that the time
// of arrival is true.
func (d *desk) receive(msg *natsgo.Msg) {
	arrived := time.Now()
	status := msg.Header.Get("Status")
	if status != "" && len(msg.Data) == 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.heard = arrived
		d.status(status, msg)
		return
	}
	h, ok := d.ledger.sort(msg, arrived)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = arrived
	d.asked = max(d.asked-1, 0)
	if ok {
		d.put(h)
	} else {
		d.ahead = min(d.ahead+1, deskAhead)
	}
	d.askLocked()
}

func (d *desk) put(h handout) {
	select {
	case d.arrivals <- h:
		d.keepLocked()
	default:
		d.giveBack(h) // more came than was asked for: requests that were given up
	}
}

// status takes word of a request: 100 is a heartbeat, 408 the end of a request
// with the number of messages that it leaves out; all else makes them void.
func (d *desk) status(status string, msg *natsgo.Msg) {
	switch status {
	case "100":
	case "408":
		left, err := strconv.Atoi(msg.Header.Get("Nats-Pending-Messages"))
		if err != nil {
			d.broken = true
			return
		}
		d.asked = max(d.asked-left, 0)
		d.askLocked()
	default:
		d.broken = true
		d.ledger.logger.Debug("the server ended a request for work",
			"status", status, "description", msg.Header.Get("Description"))
	}
}

// giveBack lets somebody else have the message at once.
func (d *desk) giveBack(h handout) {
	_ = d.ledger.nc.Publish(h.reply, ackAgain) // if it is lost, AckWait brings the message back
}

func (d *desk) returnAll() {
	for {
		select {
		case h := <-d.arrivals:
			d.giveBack(h)
		default:
			return
		}
	}
}

// restart gives up all requests; the next tick asks anew.
func (d *desk) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = true
}

// watch repairs requests that were ended or fell silent, until ctx is done.
func (d *desk) watch(ctx context.Context) {
	for pause(ctx, deskTick) {
		if d.silent() {
			d.ledger.ensureWork(ctx)
			d.renew()
		}
	}
}

func (d *desk) silent() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken || (d.asked > 0 && time.Since(d.heard) > deskSilence)
}

func (d *desk) renew() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken, d.asked = false, 0
	d.askLocked()
}

// close ends the subscription and gives back what has arrived.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tidying.Stop()
	if d.sub != nil {
		_ = d.sub.Unsubscribe() // the connection is closed next
		d.returnAll()
	}
}

// ensureWork makes the durable consumer again, should somebody have deleted it.
func (l *Ledger) ensureWork(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	if _, err := l.js.CreateOrUpdateConsumer(ctx, l.subjects.stream, l.subjects.workConfig(l.options)); err != nil {
		l.logger.Warn("the ledger's work is not at hand", "error", err)
	}
}
