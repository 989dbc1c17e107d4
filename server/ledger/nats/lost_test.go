package nats

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// faulty makes the first tries of a write go wrong, one after the other.
func faulty(l *Ledger, faults ...func(context.Context, *natsgo.Msg) (uint64, error)) {
	l.publish = func(ctx context.Context, msg *natsgo.Msg) (uint64, error) {
		if len(faults) == 0 {
			return l.publishOnce(ctx, msg)
		}
		fault := faults[0]
		faults = faults[1:]
		return fault(ctx, msg)
	}
}

func answer(err error) func(context.Context, *natsgo.Msg) (uint64, error) {
	return func(context.Context, *natsgo.Msg) (uint64, error) { return 0, err }
}

func TestLostAnswers(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	writeButLose := func(ctx context.Context, msg *natsgo.Msg) (uint64, error) {
		if _, err := l.publishOnce(ctx, msg); err != nil {
			t.Errorf("publish: %v", err)
		}
		return 0, context.DeadlineExceeded
	}
	overtaken := func(ctx context.Context, msg *natsgo.Msg) (uint64, error) {
		sequence, err := l.publishOnce(ctx, msg)
		if err != nil {
			t.Errorf("publish: %v", err)
		}
		next, err := encode(msg.Subject, ledgertest.NewRecord(3, "overtaker", transfer.PhaseRinging), sequence)
		if err != nil {
			t.Error(err)
		}
		if _, err := l.publishOnce(ctx, next); err != nil {
			t.Errorf("publish: %v", err)
		}
		return 0, natsgo.ErrTimeout
	}
	underWay := &jetstream.APIError{Code: 400, ErrorCode: codeWrongLastSequence}
	for n, test := range []struct {
		name   string
		faults []func(context.Context, *natsgo.Msg) (uint64, error)
	}{
		{"the request is lost", []func(context.Context, *natsgo.Msg) (uint64, error){answer(natsgo.ErrTimeout)}},
		{"no responders", []func(context.Context, *natsgo.Msg) (uint64, error){answer(jetstream.ErrNoStreamResponse), answer(jetstream.ErrNoStreamResponse)}},
		{"the answer is lost", []func(context.Context, *natsgo.Msg) (uint64, error){writeButLose}},
		{"the answer is lost and the record replaced", []func(context.Context, *natsgo.Msg) (uint64, error){overtaken}},
		{"another write is under way and fails", []func(context.Context, *natsgo.Msg) (uint64, error){answer(underWay)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			faulty(l, test.faults...)
			r := ledgertest.NewRecord(n, "mine", transfer.PhaseInviting)
			sequence, err := l.Append(context.Background(), r, 0)
			if err != nil {
				t.Fatalf("Append: %v", err)
			}
			key, _ := keyOf(r.Channel())
			s, err := l.readAt(context.Background(), key, 1)
			if err != nil || s.sequence != sequence {
				t.Fatalf("the channel's first record is %d, %v; Append said %d", s.sequence, err, sequence)
			}
			if got, err := s.decode(); err != nil || got.ID != "mine" {
				t.Errorf("the channel's first record is %+v, %v", got, err)
			}
		})
	}
}

func TestLostToAnother(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	faulty(l, func(ctx context.Context, msg *natsgo.Msg) (uint64, error) {
		other, err := encode(msg.Subject, ledgertest.NewRecord(1, "other", transfer.PhaseInviting), 0)
		if err != nil {
			t.Error(err)
		}
		if _, err := l.publishOnce(ctx, other); err != nil {
			t.Errorf("publish: %v", err)
		}
		return 0, natsgo.ErrTimeout
	})
	_, err := l.Append(context.Background(), ledgertest.NewRecord(1, "mine", transfer.PhaseInviting), 0)
	if !errors.Is(err, ledger.ErrConflict) {
		t.Fatalf("Append: %v, want ErrConflict", err)
	}
	if r, err := l.Last(context.Background(), ledgertest.ChannelSID(1)); err != nil || r.ID != "other" {
		t.Errorf("Last = %s, %v; want other", r.ID, err)
	}
	if got := l.Stats(); got.Uncertain != 1 || got.Conflicts != 1 {
		t.Errorf("Stats = %+v, want one uncertain write and one conflict", got)
	}
}

func TestAppendGivesUpWithItsContext(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	l.publish = answer(natsgo.ErrTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := l.Append(ctx, ledgertest.NewRecord(1, "a", transfer.PhaseInviting), 0)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ledger.ErrConflict) ||
		!strings.Contains(err.Error(), "not known") {
		t.Errorf("Append: %v, want that it is not known, and why", err)
	}
}

func TestAppendRefusedByTheServer(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	full := &jetstream.APIError{Code: 503, ErrorCode: codeStoreFailed, Description: "disk full"}
	faulty(l, answer(full))
	_, err := l.Append(context.Background(), ledgertest.NewRecord(1, "a", transfer.PhaseInviting), 0)
	if err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("Append: %v, want the server's reason at once", err)
	}
	huge := ledgertest.NewRecord(2, "b", transfer.PhaseInviting)
	random := make([]byte, 1<<20) // what repeats itself is packed
	_, _ = rand.Read(random)
	huge.State.Transfers[0].Invite.Attributes = hex.EncodeToString(random)
	if _, err := l.Append(context.Background(), huge, 0); !errors.Is(err, natsgo.ErrMaxPayload) {
		t.Errorf("Append of 2 MB: %v, want ErrMaxPayload", err)
	}
}

// TestARecordBetweenTwoReads: a write whose answer came too late is looked for, and lands after the first look. The
// channel is not to be forgotten for that, nor is it somebody else's record: it is tried again, which tells.
func TestARecordBetweenTwoReads(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	expected := appendNew(t, l, 1, transfer.PhaseInviting)
	for last, want := range map[uint64]error{expected: errNotThere, expected + 1: errNotThere} {
		if err := l.standing(keyFor(t, 1), expected, last, context.DeadlineExceeded, nil); !errors.Is(err, want) {
			t.Errorf("the last one is %d behind: %v, want %v", last-expected, err, want)
		}
		if _, r, ok := l.known.channel(keyFor(t, 1)); !ok || r == nil {
			t.Fatal("the channel is forgotten")
		}
	}
	if err := l.standing(keyFor(t, 1), expected, 0, context.DeadlineExceeded, ledger.ErrNotFound); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("what was expected is gone: %v", err)
	}
}
