package nats

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// After one write to its files that failed (a full disk, a quota, a disk that
// breaks), nats-server 2.15 answers no further write to that stream, and says
// so nowhere but in its log, until it is started anew. So the embedded server's
// log is listened to: from then on writes are refused at once, and once
// the folder can be written again the server is replaced.

// The pauses between looks whether the folder can be written again.
const (
	mendEvery   = 500 * time.Millisecond
	mendAtMost  = 15 * time.Second
	mendRelapse = time.Minute // a failure so soon after a mend makes the next one wait longer
)

// outage is why nothing can be written.
type outage struct {
	text string
	// certain says that no write that had no answer before can turn up later: the
	// data did not get to the file. It is not so where the sync failed.
	certain bool
}

func (o *outage) Error() string { return "ledger/nats: nothing can be written: " + o.text }

// writeFailed reports whether a line of the server's log says that it takes no
// more writes.
func writeFailed(line string) bool {
	for _, says := range []string{"critical write error", "failed to store a msg", "will be disabled", "disabling jetstream"} {
		if strings.Contains(strings.ToLower(line), says) {
			return true
		}
	}
	return false
}

// outageOf is the outage that a line of the server's log tells of.
func outageOf(line string) *outage {
	o := &outage{text: line}
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EFBIG, syscall.EDQUOT} {
		if strings.Contains(line, full.Error()) && !strings.Contains(line, "sync ") {
			o.certain = true
		}
	}
	return o
}

// failed takes note of a line of the log of the server that lives as long as
// sound.
func (e *embedded) failed(sound context.Context, line string) {
	if !writeFailed(line) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sound != sound || e.outage != nil {
		return
	}
	e.outage = outageOf(line)
	e.spoil(e.outage)
}

// state is why nothing can be written, nil if all is well, and a context that
// ends with the next failure.
func (e *embedded) state() (*outage, context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outage, e.sound
}

// outage is why nothing can be written; nil if something can, or the server is
// elsewhere.
func (l *Ledger) outage() *outage {
	if l.server == nil {
		return nil
	}
	o, _ := l.server.state()
	return o
}

// whileSound ends ctx when a write to the embedded server's files fails: no
// answer will come.
func (l *Ledger) whileSound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if l.server == nil {
		return ctx, func() { cancel(nil) }
	}
	_, sound := l.server.state()
	stop := context.AfterFunc(sound, func() { cancel(context.Cause(sound)) })
	return ctx, func() { stop(); cancel(nil) }
}

// mend replaces the embedded server after an outage, once its folder can be
// written again, until ctx is done.
func (l *Ledger) mend(ctx context.Context) {
	wait, mended := mendEvery, time.Time{}
	for {
		_, sound := l.server.state()
		select {
		case <-ctx.Done():
			return
		case <-sound.Done():
		}
		if wait = min(2*wait, mendAtMost); time.Since(mended) > mendRelapse {
			wait = mendEvery
		}
		l.logger.Error("the ledger takes no more records until its folder can be written again", "dir", l.options.Dir, "error", context.Cause(sound))
		if !l.replace(ctx, wait) {
			return
		}
		mended = time.Now()
		l.logger.Info("the ledger takes records again", "dir", l.options.Dir)
	}
}

// replace replaces the server as soon as it can be; false if ctx is done before.
func (l *Ledger) replace(ctx context.Context, wait time.Duration) bool {
	for pause(ctx, wait) {
		if err := tryWrite(l.options.Dir); err != nil {
			l.logger.Debug("the ledger's folder cannot be written", "error", err)
			continue
		}
		l.server.end()
		err := l.server.start()
		if err == nil {
			return true
		}
		l.logger.Warn("the embedded server does not start; it is tried again", "error", err)
	}
	return false
}

// tryWrite writes and syncs a file of the size of many records, and removes it.
func tryWrite(dir string) error {
	name := filepath.Join(dir, "room")
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("ledger/nats: Dir: %w", err)
	}
	_, err = f.Write(make([]byte, 256<<10))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(name))
}
