package twilsock

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

const (
	queueLength  = 1024             // frames that wait for a slow reader; past that the link is cut, and the SDK comes back
	writeTimeout = 10 * time.Second // for one frame
	initTimeout  = 15 * time.Second // for the first good init
	tokenWarning = 3 * time.Minute  // before a token expires, as the SDKs document it; half the time of a shorter one
)

// link is one connection. One goroutine reads and answers, one writes.
type link struct {
	hub  *hub
	conn *websocket.Conn
	out  chan []byte // nil ends the link once all before it is written
	cut  context.CancelFunc
	dead atomic.Bool

	// The hub's lock guards these.
	signedIn bool
	token    string
	session  sandbox.FlexSession
	contexts map[string][]string // notification contexts: the types of messages that each wants
	watching map[*object]struct{}
	timers   []sandbox.Timer
}

func newLink(h *hub, conn *websocket.Conn) *link {
	return &link{hub: h, conn: conn, out: make(chan []byte, queueLength), contexts: map[string][]string{},
		watching: map[*object]struct{}{}}
}

// run serves the link until either side ends it.
func (l *link) run(ctx context.Context) {
	ctx, l.cut = context.WithCancel(ctx)
	defer l.cut()
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer l.cut()
		l.write(ctx)
	}()
	late := time.AfterFunc(initTimeout, func() {
		if !l.isSignedIn() {
			l.cut()
		}
	})
	defer late.Stop()
	l.read(ctx)
	l.cut()
	<-written
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.dead.Store(true)
	l.stopTimers()
	l.hub.leave(l)
}

func (l *link) isSignedIn() bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	return l.signedIn
}

func (l *link) read(ctx context.Context) {
	for {
		_, data, err := l.conn.Read(ctx)
		if err != nil {
			return
		}
		f, err := parseFrame(data)
		if err != nil {
			l.hub.logger.Warn("twilsock: bad frame", "error", err)
			l.end(status{Code: 406, Status: "NOT_ACCEPTABLE", Description: err.Error()})
			continue
		}
		if !l.handle(f) {
			l.enqueue(nil)
		}
	}
}

func (l *link) write(ctx context.Context) {
	defer func() { _ = l.conn.CloseNow() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.hub.account.Done():
			return
		case data := <-l.out:
			if data == nil {
				_ = l.conn.Close(websocket.StatusNormalClosure, "")
				return
			}
			if err := l.send(ctx, data); err != nil {
				return
			}
		}
	}
}

func (l *link) send(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageBinary, data)
}

// enqueue lets a frame out, or cuts a link that is too slow.
func (l *link) enqueue(data []byte) {
	if l.dead.Load() {
		return
	}
	select {
	case l.out <- data:
	default:
		l.hub.logger.Warn("twilsock: a link is too slow and is cut")
		l.cut()
	}
}

// reply answers a frame.
func (l *link) reply(to header, h header, payload []byte) {
	h.Method, h.ID = "reply", to.ID
	if h.Status == nil {
		h.Status = &status{Code: 200, Status: "OK"}
	}
	l.enqueue(frame{h, payload}.encode())
}

// push sends a notification, if one of the link's contexts wants its type. It wants the hub's lock held.
func (l *link) push(messageType string, payload []byte) {
	for id, types := range l.contexts {
		if slices.Contains(types, messageType) {
			l.enqueue(frame{header{Method: "notification", ID: randomID("TM"), MessageType: messageType,
				NotificationContextID: id}, payload}.encode())
			return
		}
	}
}

// end tells the SDK why it is cut off, and cuts it off.
func (l *link) end(why status) {
	l.enqueue(frame{header: header{Method: "close", ID: randomID("TM"), Status: &why}}.encode())
	l.enqueue(nil)
}

// signIn notes whom the link stands for, and when its token ends. It wants the hub's lock held.
func (l *link) signIn(token string, s sandbox.FlexSession) {
	l.token, l.session, l.signedIn = token, s, true
	l.stopTimers()
	clock := l.hub.account.Clock()
	left := s.Expires.Sub(clock.Now())
	l.timers = []sandbox.Timer{
		clock.AfterFunc(left-min(tokenWarning, left/2), func() {
			l.enqueue(frame{header: header{Method: "client_update", ID: randomID("TM"),
				ClientUpdateType: "token_about_to_expire"}}.encode())
		}),
		clock.AfterFunc(left, func() { l.end(status{Code: 410, Status: "TOKEN_EXPIRED", ErrorCode: 20104}) }),
	}
}

func (l *link) stopTimers() {
	for _, t := range l.timers {
		t.Stop()
	}
	l.timers = nil
}

func randomID(prefix string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + hex.EncodeToString(b[:])
}
