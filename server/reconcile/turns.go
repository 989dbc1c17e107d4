package reconcile

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// What all processes take turns at is kept in notes: when a turn last began, and
// how far it came.
type turn struct {
	began, through time.Time
}

func parseTurn(text string) (t turn) {
	began, through, _ := strings.Cut(text, " ")
	t.began, _ = time.Parse(time.RFC3339Nano, began)     // what cannot be read is as if it were not there
	t.through, _ = time.Parse(time.RFC3339Nano, through) // likewise
	return t
}

func (t turn) String() string {
	return t.began.UTC().Format(time.RFC3339Nano) + " " + t.through.UTC().Format(time.RFC3339Nano)
}

// claim takes the turn, unless another process has had it for less than the
// pause; a process that has just begun, or whose last turn failed, takes it all
// the same. It returns how far the last one came, and when the next is due.
func (r *Reconciler) claim(ctx context.Context, key string, of *round, pause time.Duration) (last turn, ours bool, due time.Time, err error) {
	now := r.Clock()
	notes, shared := r.Ledger.(ledger.Notes)
	if !shared {
		return turn{}, true, now.Add(pause), nil
	}
	text, revision, err := notes.Note(ctx, key)
	if err != nil {
		return turn{}, false, now.Add(retryAfter), err
	}
	last = parseTurn(text)
	r.mu.Lock()
	begun := of.begun
	r.mu.Unlock()
	if since := now.Sub(last.began); begun && since >= 0 && since < pause*9/10 {
		return last, false, last.began.Add(pause), nil
	}
	err = notes.SetNote(ctx, key, turn{now, last.through}.String(), revision)
	if errors.Is(err, ledger.ErrConflict) {
		return last, false, now.Add(pause), nil
	}
	if err != nil {
		return last, false, now.Add(retryAfter), err
	}
	return last, true, now.Add(pause), nil
}

// came notes how far a turn came. Whoever has begun another one meanwhile will
// note it again.
func (r *Reconciler) came(ctx context.Context, key string, through time.Time) error {
	notes, shared := r.Ledger.(ledger.Notes)
	if !shared {
		return nil
	}
	text, revision, err := notes.Note(ctx, key)
	if err != nil {
		return err
	}
	t := parseTurn(text)
	if !through.After(t.through) {
		return nil
	}
	t.through = through
	if err = notes.SetNote(ctx, key, t.String(), revision); errors.Is(err, ledger.ErrConflict) {
		return nil
	}
	return err
}
