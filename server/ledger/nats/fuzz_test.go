package nats

import (
	"testing"

	natsgo "github.com/nats-io/nats.go"
)

// FuzzDecode reads what may lie in the stream: of another version, torn, or of
// somebody else.
func FuzzDecode(f *testing.F) {
	key, _ := keyOf("UO00000000000000000000000000000001")
	f.Add([]byte(`{"id":"a","origin":"b","event":"Requested","state":{"interactionChannelSid":"UO00000000000000000000000000000001"}}`), "1", "XT1,XT2")
	f.Add([]byte(`{"lease":-1}`), "", "")
	f.Add([]byte(`null`), "x", ",,,")
	f.Fuzz(func(t *testing.T, data []byte, open, transfers string) {
		s := stored{key: key, sequence: 7, data: data, header: natsgo.Header{headerOpen: {open}, headerTransfers: {transfers}}}
		s.open()
		s.transfers()
		r, err := s.decode()
		if err != nil {
			return
		}
		if r.Channel() != key.sid() || r.Sequence != 7 {
			t.Errorf("%s is record %d of channel %q", data, r.Sequence, r.Channel())
		}
		r.State.Steps()
		_ = r.Clone()
	})
}
