package roster

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/flex-transfer/flex-transfer/wasm/directory"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// packEvery is how often the directory is packed at most: with 15,000 workers somebody's activity changes all the time.
const packEvery = time.Second

// Packed is the directory as browsers load it, see package directory. Nothing in it may be changed.
type Packed struct {
	Text []byte
	// ETag is a strong one, with its quotes: the same for the same text.
	ETag string

	gzip, brotli func() []byte
}

// Encoded is the text in a content coding, gzip or br; nil for any other.
func (p *Packed) Encoded(coding string) []byte {
	switch coding {
	case "gzip":
		return p.gzip()
	case "br":
		return p.brotli()
	}
	return nil
}

// packing keeps the packed directory.
type packing struct {
	mu     sync.Mutex // held while packing: those who come meanwhile wait for it
	packed *Packed
	of     uint64 // the state that was packed
	at     time.Time
	known  map[string]parsed // by worker SID
}

// parsed is what the attributes of a record say.
type parsed struct {
	record    transfer.WorkerRecord
	colleague transfer.Colleague
}

// Packed returns the directory with every change that was made before the call. Where it has changed again and again it
// waits for up to a second, so that changes are packed in flocks.
func (r *Roster) Packed(ctx context.Context) (*Packed, error) {
	p := &r.packing
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.packed != nil && p.of == r.state.Load() {
		return p.packed, nil
	}
	if wait := packEvery - time.Since(p.at); p.packed != nil && wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
	if err := r.Ready(); err != nil {
		return nil, err
	}
	state := r.state.Load()
	workers, queues := r.Directory()
	for i := range queues {
		queues[i].Figures = nil // they change all the time; the stream tells of them
	}
	text := directory.Pack(p.colleagues(workers), queues)
	hash := sha256.Sum256(text)
	p.packed = &Packed{
		Text: text, ETag: `"` + hex.EncodeToString(hash[:12]) + `"`,
		gzip:   sync.OnceValue(func() []byte { return gzipped(text) }),
		brotli: sync.OnceValue(func() []byte { return brotlied(text) }),
	}
	p.of, p.at = state, time.Now()
	return p.packed, nil
}

// colleagues reads the attributes of those workers whose records are new. A worker whose attributes are no JSON object
// has a name at least.
func (p *packing) colleagues(workers []transfer.WorkerRecord) []transfer.Colleague {
	known := make(map[string]parsed, len(workers))
	all := make([]transfer.Colleague, len(workers))
	for i, w := range workers {
		one, has := p.known[w.SID]
		if !has || one.record != w {
			facts, err := transfer.Records{Worker: w}.Facts()
			one = parsed{w, facts.Me}
			if err != nil {
				one.colleague = transfer.Colleague{SID: w.SID, Name: w.FriendlyName, Activity: w.ActivityName, Available: w.Available}
			}
			one.colleague.Own = nil
		}
		known[w.SID], all[i] = one, one.colleague
	}
	p.known = known
	return all
}

func gzipped(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func brotlied(text []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 4)
	_, _ = w.Write(text)
	_ = w.Close()
	return out.Bytes()
}
