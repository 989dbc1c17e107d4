package nats

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// maxAckPending exceeds the number of open transfers: all of them are handed
// out and waiting for their due time at once.
const maxAckPending = 200_000

// workName is the durable consumer that hands out the work, to one process at
// a time.
const workName = "work"

// subjects knows how an account's stream and channels are named.
type subjects struct{ prefix, stream string }

func subjectsOf(account string) subjects {
	return subjects{prefix: "transfers." + account + ".", stream: "transfers-" + account}
}

func (s subjects) all() string { return s.prefix + "*" }

func (s subjects) of(k channelKey) string { return s.prefix + k.sid() }

// key returns the channel that a subject is about.
func (s subjects) key(subject string) (channelKey, bool) {
	sid, ok := strings.CutPrefix(subject, s.prefix)
	if !ok {
		return channelKey{}, false
	}
	return keyOf(sid)
}

func (s subjects) streamConfig(o Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        s.stream,
		Description: "the transfers of " + o.Account + ", one subject an interaction channel",
		Subjects:    []string{s.all()},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		Storage:     jetstream.FileStorage,
		Replicas:    o.Replicas,
		MaxAge:      o.MaxAge,
		// No subject ever has so many. nats-server 2.15 keeps a stream that has such
		// a limit in files of 4 MB, one without in files of 8, and holds those that
		// are being written or were read in the last 10 s in memory whole: it is
		// half as much.
		MaxMsgsPerSubject: math.MaxInt32,
		// Records have no Nats-Msg-Id; the window is as small as it can be.
		Duplicates: 100 * time.Millisecond,
		// Reads are answered by the leader, since a follower may lag behind.
		AllowDirect: false,
	}
}

func (s subjects) workConfig(o Options) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       workName,
		Description:   "hands each record to one process",
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       o.AckWait,
		MaxAckPending: maxAckPending,
		MaxDeliver:    -1,
		FilterSubject: s.all(),
	}
}

// prepare makes the stream and the durable consumer, or brings those that are
// there up to date.
func (s subjects) prepare(ctx context.Context, js jetstream.JetStream, o Options) (jetstream.Stream, error) {
	stream, err := js.CreateOrUpdateStream(ctx, s.streamConfig(o))
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: stream %s: %w", s.stream, err)
	}
	if _, err := stream.CreateOrUpdateConsumer(ctx, s.workConfig(o)); err != nil {
		return nil, fmt.Errorf("ledger/nats: consumer %s of stream %s: %w", workName, s.stream, err)
	}
	return stream, nil
}

// channelKey is the SID of an interaction channel in half its size.
type channelKey [16]byte

func keyOf(sid string) (k channelKey, ok bool) {
	if !transfer.ValidSID(sid, "UO") {
		return k, false
	}
	for i := range k {
		k[i] = nibble(sid[2+2*i])<<4 | nibble(sid[3+2*i])
	}
	return k, true
}

func nibble(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func (k channelKey) sid() string { return fmt.Sprintf("UO%x", k[:]) }
