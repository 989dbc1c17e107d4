package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

var (
	_ ledger.Notes = (*Ledger)(nil)
	_ ledger.Opens = (*Ledger)(nil)
)

// notes is the account's key-value bucket. It is made when it is first needed.
func (l *Ledger) notes(ctx context.Context) (jetstream.KeyValue, error) {
	l.noting.Lock()
	defer l.noting.Unlock()
	if l.bucket != nil {
		return l.bucket, nil
	}
	bucket, err := l.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: "notes-" + l.options.Account, Description: "what the processes of " + l.options.Account + " share beside the transfers",
		History: 1, Storage: jetstream.FileStorage, Replicas: l.options.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: notes: %w", err)
	}
	l.bucket = bucket
	return bucket, nil
}

// Note implements [ledger.Notes].
func (l *Ledger) Note(ctx context.Context, key string) (value string, revision uint64, err error) {
	if l.closed() {
		return "", 0, ledger.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	bucket, err := l.notes(ctx)
	if err != nil {
		return "", 0, err
	}
	entry, err := bucket.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return "", 0, nil
	case err != nil:
		return "", 0, fmt.Errorf("ledger/nats: note %s: %w", key, err)
	}
	return string(entry.Value()), entry.Revision(), nil
}

// SetNote implements [ledger.Notes].
func (l *Ledger) SetNote(ctx context.Context, key, value string, revision uint64) error {
	if l.closed() {
		return ledger.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	bucket, err := l.notes(ctx)
	if err != nil {
		return err
	}
	_, err = bucket.Update(ctx, key, []byte(value), revision)
	switch {
	case isConflict(err):
		return ledger.ErrConflict
	case err != nil:
		return fmt.Errorf("ledger/nats: note %s: %w", key, err)
	}
	return nil
}

// Open implements [ledger.Opens].
func (l *Ledger) Open(context.Context) ([]ledger.Record, error) {
	if l.closed() {
		return nil, ledger.ErrClosed
	}
	if _, caughtUp, _ := l.known.position(); !caughtUp {
		return nil, errNotCaughtUp
	}
	return l.known.openRecords(), nil
}

// openRecords are the records of the channels that have something open.
func (p *projection) openRecords() []ledger.Record {
	p.mu.Lock()
	open := make([]ledger.Record, 0, len(p.open))
	for e := range p.open {
		if e.record != nil {
			open = append(open, *e.record)
		}
	}
	p.mu.Unlock()
	slices.SortFunc(open, func(a, b ledger.Record) int { return int(int64(a.Sequence) - int64(b.Sequence)) })
	for i := range open {
		open[i] = open[i].Clone()
	}
	return open
}
