package ledger

import (
	"fmt"
	"slices"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// maxRecordID is the length that [Record.ID] may have.
const maxRecordID = 64

// Validate says which field of the record keeps it out of every ledger; nil if
// none does.
func (r Record) Validate() error {
	if !validRecordID(r.ID) {
		return fmt.Errorf("ledger: record id %q: want 1 to %d letters, digits, '-' and '_'", r.ID, maxRecordID)
	}
	if !transfer.ValidSID(r.Channel(), "UO") {
		return fmt.Errorf("ledger: interactionChannelSid %q: want UO and 32 hexadecimal digits", r.Channel())
	}
	return nil
}

func validRecordID(id string) bool {
	if id == "" || len(id) > maxRecordID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// Clone returns a record that shares nothing with r that either side could
// change.
func (r Record) Clone() Record {
	r.State.Transfers = slices.Clone(r.State.Transfers)
	for i := range r.State.Transfers {
		t := &r.State.Transfers[i]
		t.DroppedAttributes = slices.Clone(t.DroppedAttributes)
		t.Tried = slices.Clone(t.Tried)
		t.Repairs = slices.Clone(t.Repairs)
		if t.Asked != nil {
			asked := *t.Asked
			t.Asked = &asked
		}
		if t.Digest != nil {
			digest := *t.Digest
			t.Digest = &digest
		}
	}
	r.State.Departures = slices.Clone(r.State.Departures)
	r.State.LongGone = slices.Clone(r.State.LongGone)
	r.State.Present = slices.Clone(r.State.Present)
	r.State.Mirrored = slices.Clone(r.State.Mirrored)
	r.State.Repairs = slices.Clone(r.State.Repairs)
	return r
}
