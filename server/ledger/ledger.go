// Package ledger is the durable log of transfers. Its aggregate is the
// interaction channel: every transition of one conversation's transfers is one
// record on one subject, written only if nobody wrote to that subject in
// between. The same record is the next piece of work, and its due time is the
// timer: one stream is log, queue and clock.
//
// Package ledger/nats keeps it in NATS JetStream, package ledger/memory in
// memory, for simulation; both pass the suite in ledger/ledgertest.
package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Record is one transition of the transfers of one interaction channel.
type Record struct {
	// ID is unique to the transition (at most 64 letters, digits, '-' and '_').
	// The writer chooses it, so that a write whose answer was lost can be
	// recognised when it is read back.
	ID string `json:"id"`
	// Origin is the process that wrote the record.
	Origin string `json:"origin"`
	// Event names what happened, for people.
	Event string `json:"event"`
	// State is the state after the transition.
	State transfer.State `json:"state"`
	// Lease is how long whoever wrote the record may take for what it intends,
	// where that is longer than usual; 0 where it is not.
	Lease time.Duration `json:"lease,omitempty"`

	// Sequence is the record's place in the ledger, which grows over all
	// channels; Time is when the ledger stored it, which for a record that this
	// process has just appended may be off by the time of the answer. Both are
	// set by the ledger.
	Sequence uint64    `json:"-"`
	Time     time.Time `json:"-"`
}

// Channel is the SID of the interaction channel that the record is about.
func (r Record) Channel() string { return r.State.InteractionChannelSID }

// ErrConflict says that somebody else wrote to the channel in between: read
// again and decide anew. Nothing was written.
var ErrConflict = errors.New("ledger: the channel has changed in between")

// ErrNotFound says that the ledger has no such channel or transfer.
var ErrNotFound = errors.New("ledger: not found")

// ErrNotWritten says that the ledger takes no records for now, such as while its
// disk is full. Nothing was written, and nothing will be.
var ErrNotWritten = errors.New("ledger: no record can be written for now")

// ErrNewer says that the channel's last record was written by a newer version,
// and says things that this one does not know. This version leaves the channel
// alone: whatever it wrote would drop them.
var ErrNewer = errors.New("ledger: the channel's record was written by a newer version")

// ErrClosed says that the ledger was closed.
var ErrClosed = errors.New("ledger: closed")

// Ledger is what the coordinator needs of the log.
type Ledger interface {
	// Append writes the record if the channel's last sequence is still expected
	// (0: the channel has no record yet), and returns the record's sequence once
	// it is on disk (and on a quorum, where there are replicas). It returns
	// ErrConflict if the channel has moved on. Where the answer was lost, it
	// reads back before it says anything, and tries again until ctx is done: give
	// it a deadline. A record whose ID already stands right behind expected was
	// written before: its sequence is returned and nothing is written. Any other
	// error means that it is not known whether the record is there, save for
	// ErrNotWritten and those of [Record.Validate], which write nothing.
	Append(ctx context.Context, r Record, expected uint64) (sequence uint64, err error)

	// Last returns the channel's last record, at least as new as the last one
	// that this process appended, was told a conflict about or had of Newest.
	// ErrNotFound if there is none, ErrNewer if this version cannot read it.
	Last(ctx context.Context, interactionChannelSID string) (Record, error)
	// Newest is Last by what is on disk now, whatever this process has heard of:
	// for a process that may have stood still since. It costs a way to the ledger
	// and back.
	Newest(ctx context.Context, interactionChannelSID string) (Record, error)

	// Find returns the last record of the channel that holds the transfer, as
	// new as Last. ErrNotFound if no channel's last record holds it (any more).
	Find(ctx context.Context, transferID string) (Record, error)

	// Follow calls visit with the last record of each channel whose sequence is
	// greater than after, in order, and then with every new record as it
	// comes, until ctx is done or visit returns an error, which it returns.
	// A visitor that is slow skips records that were replaced by newer ones of
	// the same channel; it never holds up the ledger.
	Follow(ctx context.Context, after uint64, visit func(Record) error) error

	// Next waits for the next piece of work: the last record of an open
	// channel, newly written or due. Each is handed to one process at a time,
	// again after a few seconds without a sign of life, and again after Later.
	// Records of a newer version are left to newer processes.
	Next(ctx context.Context) (Work, error)

	// Ready is nil once the ledger answers and this process has caught up. It
	// does not wait for that.
	Ready(ctx context.Context) error

	// Close stops everything that the ledger started and waits for it.
	Close() error
}

// Work is a record that has been handed out. Exactly one of Done and Later
// ends it.
type Work interface {
	// Record is what was handed out. It may have been replaced meanwhile.
	Record() Record
	// Done says that nothing more is to be done about this record: it was
	// answered by a newer one.
	Done() error
	// Later asks for the work again after d. It is a hint: the due time in the
	// state counts.
	Later(d time.Duration) error
	// Progress says that the work is still being done.
	Progress() error
}
