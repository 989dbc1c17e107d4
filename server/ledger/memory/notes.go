package memory

import (
	"context"
	"slices"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

var (
	_ ledger.Notes = (*Ledger)(nil)
	_ ledger.Opens = (*Ledger)(nil)
)

// note is a value and how often it was changed.
type note struct {
	value    string
	revision uint64
}

// Note implements [ledger.Notes].
func (l *Ledger) Note(ctx context.Context, key string) (value string, revision uint64, err error) {
	if err := l.alive(ctx); err != nil {
		return "", 0, err
	}
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	n := l.store.notes[key]
	return n.value, n.revision, nil
}

// SetNote implements [ledger.Notes].
func (l *Ledger) SetNote(ctx context.Context, key, value string, revision uint64) error {
	if err := l.alive(ctx); err != nil {
		return err
	}
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if l.store.notes[key].revision != revision {
		return ledger.ErrConflict
	}
	if l.store.notes == nil {
		l.store.notes = map[string]note{}
	}
	l.store.notes[key] = note{value, revision + 1}
	return nil
}

// Open implements [ledger.Opens].
func (l *Ledger) Open(ctx context.Context) ([]ledger.Record, error) {
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	var open []ledger.Record
	for channel := range s.open {
		if r, err := s.last(channel); err == nil {
			open = append(open, r)
		}
	}
	slices.SortFunc(open, func(a, b ledger.Record) int { return int(int64(a.Sequence) - int64(b.Sequence)) })
	return open, nil
}
