package nats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Several versions share a ledger while they are exchanged one after the other.
// A version reads all records of former ones. It leaves a channel alone whose
// last record is of a later layout, or has a field that it does not know: the
// next record that it wrote would be without it. The work on such a channel goes
// back, until a newer process takes it.

// newerAfter is when work that is left to newer processes is handed out again.
const newerAfter = 500 * time.Millisecond

// tellNewer is the least time between two lines in the log about records of a
// newer version.
const tellNewer = time.Minute

// stateVersion is [transfer.StateVersion]; tests are of another version.
var stateVersion = transfer.StateVersion

// readRecord reads a record's JSON. [ledger.ErrNewer] says that a newer version
// wrote it.
func readRecord(text []byte) (*ledger.Record, error) {
	r := new(ledger.Record)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	strict := d.Decode(r)
	if strict == nil && r.State.Version <= stateVersion {
		return r, nil
	}
	var layout struct {
		State struct {
			Version int `json:"version"`
		} `json:"state"`
	}
	if err := json.Unmarshal(text, &layout); err != nil {
		return nil, err
	}
	switch v := layout.State.Version; {
	case v > stateVersion:
		return nil, fmt.Errorf("%w: its layout is %d, this version's %d", ledger.ErrNewer, v, stateVersion)
	case v < stateVersion: // of a former version, which may have had what is not needed any more
		*r = ledger.Record{}
		return r, json.Unmarshal(text, r)
	}
	*r = ledger.Record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ledger.ErrNewer, strict)
}

// leaveToNewer gives work back that only a newer version may do.
func (l *Ledger) leaveToNewer(h handout, why error) {
	l.counts.newer.Add(1)
	l.unread(why)
	w := &work{nc: l.nc, reply: h.reply}
	if err := w.Later(newerAfter); err != nil {
		l.logger.Debug("work is not given back; it is handed out again by itself", "error", err)
	}
}

// unread tells the log of a record that could not be read.
func (l *Ledger) unread(err error) {
	if !errors.Is(err, ledger.ErrNewer) {
		l.logger.Error("a record cannot be read", "error", err)
		return
	}
	now, last := time.Now().Unix(), l.told.Load()
	if now-last >= int64(tellNewer.Seconds()) && l.told.CompareAndSwap(last, now) {
		l.logger.Warn("conversations with records of a newer version are left to backends of that version", "error", err)
	}
}
