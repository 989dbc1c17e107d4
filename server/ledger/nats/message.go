package nats

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// The headers say of a record what the index and the hand-out of work need, so
// that a million ended records are gone through without decoding one.
const (
	headerOpen      = "Transfer-Open" // 1 or 0
	headerTransfers = "Transfer-Ids"  // separated by commas
)

// encode makes the message that stores the record if the channel's last
// sequence is still expected.
func encode(subject string, r ledger.Record, expected uint64) (*natsgo.Msg, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: record %s: %w", r.ID, err)
	}
	msg := &natsgo.Msg{Subject: subject, Data: pack(data), Header: natsgo.Header{
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expected, 10)},
	}}
	if ids, ok := headerIDs(r); ok {
		msg.Header[headerOpen] = []string{"0"}
		if r.State.Open() {
			msg.Header[headerOpen] = []string{"1"}
		}
		msg.Header[headerTransfers] = []string{ids}
	}
	return msg, nil
}

// headerIDs joins the IDs of the record's transfers, where they can be told
// apart in a header.
func headerIDs(r ledger.Record) (string, bool) {
	ids := make([]string, 0, len(r.State.Transfers))
	for _, t := range r.State.Transfers {
		if !validToken(t.ID) {
			return "", false
		}
		ids = append(ids, t.ID)
	}
	return strings.Join(ids, ","), true
}

// stored is a record as it lies in the stream.
type stored struct {
	key      channelKey
	sequence uint64
	time     time.Time
	header   natsgo.Header
	data     []byte
}

// open reports whether a transfer is open, where the headers say so.
func (s stored) open() (open, known bool) {
	v := s.header[headerOpen]
	if len(v) != 1 {
		return true, false
	}
	return v[0] != "0", true
}

// transfers are the transfers' IDs, where the headers name them.
func (s stored) transfers() []string {
	v := s.header[headerTransfers]
	if len(v) != 1 || v[0] == "" {
		return nil
	}
	return strings.Split(v[0], ",")
}

// decode reads the record. It fails on what is not a record of the channel on
// whose subject it lies.
func (s stored) decode() (*ledger.Record, error) {
	text, err := unpack(s.data)
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: record %d of channel %s: %w", s.sequence, s.key.sid(), err)
	}
	r, err := readRecord(text)
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: record %d of channel %s: %w", s.sequence, s.key.sid(), err)
	}
	if r.Channel() != s.key.sid() {
		return nil, fmt.Errorf("ledger/nats: record %d of channel %s: it is about channel %q",
			s.sequence, s.key.sid(), r.Channel())
	}
	r.Sequence, r.Time = s.sequence, s.time
	return r, nil
}
