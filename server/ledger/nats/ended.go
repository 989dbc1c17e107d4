package nats

import (
	"bytes"
	"sync"
	"time"
)

// keepPacked is how many ended channels keep their record in memory as it lies
// in the stream, half a kilobyte each. Whoever goes through what ended lately,
// as the sweep does with the conversations that a colleague has taken over,
// would have the server read the stream's files into memory otherwise.
const keepPacked = 8192

// largestPacked is the largest of them, in bytes: long notes stay on the disk.
const largestPacked = 4 << 10

// endedRecords are the records of the channels that ended last, packed.
type endedRecords struct {
	most int // channels

	mu   sync.Mutex
	by   map[channelKey]packedRecord
	ring []channelKey // in the order in which they came
	next int
}

type packedRecord struct {
	sequence uint64
	time     time.Time
	data     []byte
}

func newEndedRecords(most int) *endedRecords {
	return &endedRecords{most: most, by: map[channelKey]packedRecord{}}
}

// put keeps the record until so many other channels have come.
func (e *endedRecords) put(s stored) {
	if len(s.data) > largestPacked {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, known := e.by[s.key]
	e.by[s.key] = packedRecord{s.sequence, s.time, bytes.Clone(s.data)}
	switch {
	case known:
	case len(e.ring) < e.most:
		e.ring = append(e.ring, s.key)
	default:
		delete(e.by, e.ring[e.next])
		e.ring[e.next] = s.key
		e.next = (e.next + 1) % len(e.ring)
	}
}

// get returns the channel's record if it is the one of the sequence.
func (e *endedRecords) get(key channelKey, sequence uint64) (s stored, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, ok := e.by[key]
	if !ok || r.sequence != sequence {
		return stored{}, false
	}
	return stored{key: key, sequence: r.sequence, time: r.time, data: r.data}, true
}
