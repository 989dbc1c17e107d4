package coordinator

import (
	"sync"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// inHand knows which records that intend an invite this process is taking
// right now. A runner that is handed such a record leaves it alone and lets it
// be answered with the step.
type inHand struct {
	mu      sync.Mutex
	records map[string][]ledger.Work // by record ID
}

func newInHand() *inHand { return &inHand{records: map[string][]ledger.Work{}} }

func (h *inHand) take(recordID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records[recordID] = nil
}

// attach leaves the work with whoever has the record in hand. It returns false
// if nobody has.
func (h *inHand) attach(w ledger.Work) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	works, taken := h.records[w.Record().ID]
	if taken {
		h.records[w.Record().ID] = append(works, w)
	}
	return taken
}

// has reports whether this process has the record in hand.
func (h *inHand) has(recordID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, taken := h.records[recordID]
	return taken
}

// answered says that a newer record stands in the record's place.
func (h *inHand) answered(recordID string) {
	for _, w := range h.remove(recordID) {
		_ = w.Done() // if it is lost, the record is handed out again and found replaced
	}
}

// drop says that the step was not answered: the record is handed out again.
func (h *inHand) drop(recordID string) {
	for _, w := range h.remove(recordID) {
		_ = w.Later(0) // likewise
	}
}

func (h *inHand) remove(recordID string) []ledger.Work {
	h.mu.Lock()
	defer h.mu.Unlock()
	works := h.records[recordID]
	delete(h.records, recordID)
	return works
}
