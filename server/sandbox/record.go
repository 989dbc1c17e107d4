package sandbox

import (
	"sync"
	"time"
)

// defaultRecordLimit is how many entries a Record keeps unless Options say otherwise.
const defaultRecordLimit = 500_000

// RecordEntry is one thing that truly happened in the account, whatever its clients were told.
//
// Kinds and statuses: interaction created; channel active, closed, inactive; participant joined, wrapup, left; invite
// created; task pending, reserved, assigned, wrapping, completed, canceled, deleted; reservation with its status;
// conversation active, inactive, closed; member joined, left (a ConversationParticipant); message added; worker with
// its activity's name; error with Twilio's code, for what Twilio's debugger would show (40152).
type RecordEntry struct {
	At              time.Time `json:"at"`
	Kind            string    `json:"kind"`
	SID             string    `json:"sid"`
	Status          string    `json:"status"`
	Type            string    `json:"type,omitempty"` // of a participant: agent, customer, …; of a channel: web, sms, …
	InteractionSID  string    `json:"interaction_sid,omitempty"`
	ChannelSID      string    `json:"channel_sid,omitempty"` // interaction channel
	ConversationSID string    `json:"conversation_sid,omitempty"`
	TaskSID         string    `json:"task_sid,omitempty"`
	WorkerSID       string    `json:"worker_sid,omitempty"`
	Detail          string    `json:"detail,omitempty"` // task attributes (kind task, status pending), message body, reason
}

// Query selects entries of a Record; empty fields select everything.
type Query struct {
	Kind, Status, SID                           string
	InteractionSID, ChannelSID, TaskSID         string
	WorkerSID, ConversationSID, ParticipantType string
}

// Record is the true history of an account, for tests and judges. It is safe for use by several goroutines.
type Record struct {
	mu      sync.Mutex
	limit   int
	chunks  [][]RecordEntry // all but the last are full
	size    int
	start   int // entries of the first chunk that are dropped
	dropped int
}

const recordChunk = 1024

// Entries returns copies of the entries that match q, oldest first.
func (r *Record) Entries(q Query) []RecordEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []RecordEntry
	for i, chunk := range r.chunks {
		if i == 0 {
			chunk = chunk[r.start:]
		}
		for j := range chunk {
			if q.matches(&chunk[j]) {
				found = append(found, chunk[j])
			}
		}
	}
	return found
}

// Since returns copies of the entries from a position on that match q, oldest first, and the position after the last
// entry that there is. Positions count all entries that were ever made, from 0: who reads again from where the last reading
// ended misses nothing and sees nothing twice. What was dropped because the record was full is left out.
func (r *Record) Since(position int, q Query) (found []RecordEntry, next int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next = r.dropped + r.size
	for i := max(position-r.dropped, 0); i < r.size; i++ {
		at := r.start + i
		if e := &r.chunks[at/recordChunk][at%recordChunk]; q.matches(e) {
			found = append(found, *e)
		}
	}
	return found, next
}

// Dropped returns how many of the oldest entries are gone because the record was full.
func (r *Record) Dropped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}

func (q *Query) matches(e *RecordEntry) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return is(q.Kind, e.Kind) && is(q.Status, e.Status) && is(q.SID, e.SID) &&
		is(q.InteractionSID, e.InteractionSID) && is(q.ChannelSID, e.ChannelSID) && is(q.TaskSID, e.TaskSID) &&
		is(q.WorkerSID, e.WorkerSID) && is(q.ConversationSID, e.ConversationSID) && is(q.ParticipantType, e.Type)
}

func (r *Record) add(e RecordEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit < 0 {
		r.dropped++
		return
	}
	last := len(r.chunks) - 1
	if last < 0 || len(r.chunks[last]) == recordChunk {
		r.chunks = append(r.chunks, make([]RecordEntry, 0, recordChunk))
		last++
	}
	r.chunks[last] = append(r.chunks[last], e)
	if r.size++; r.size > r.limit {
		r.dropOldest()
	}
}

func (r *Record) dropOldest() {
	r.size--
	r.dropped++
	r.chunks[0][r.start] = RecordEntry{}
	if r.start++; r.start == recordChunk {
		r.chunks[0] = nil
		r.chunks, r.start = r.chunks[1:], 0
	}
}
