package nats

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestDamagedTail opens files as a crash may leave them: with the last write
// cut off, or with something else behind it. All other records are there, and
// what is open in them is handed out.
func TestDamagedTail(t *testing.T) {
	const records = 20
	for name, c := range map[string]struct {
		damage func(blk string) error
		whole  int // records of which nothing is damaged
	}{
		"cut off": {whole: records - 1, damage: func(blk string) error {
			info, err := os.Stat(blk)
			if err != nil {
				return err
			}
			return os.Truncate(blk, info.Size()-7)
		}},
		"garbage behind": {whole: records, damage: func(blk string) error {
			f, err := os.OpenFile(blk, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			if _, err := f.Write([]byte(strings.Repeat("\x17garbage", 99))); err != nil {
				return err
			}
			return f.Close()
		}},
	} {
		t.Run(name, func(t *testing.T) { testDamage(t, records, c.whole, c.damage) })
	}
}

func testDamage(t *testing.T, records, whole int, damage func(blk string) error) {
	dir := t.TempDir()
	l := openWith(t, testOptions(dir))
	for n := range records {
		appendNew(t, l, n, transfer.PhaseInviting)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	streams := filepath.Join(dir, "jetstream", "*", "streams", "*", "msgs")
	indexes, _ := filepath.Glob(filepath.Join(streams, "index.db")) // the pattern is valid
	for _, index := range indexes {
		if err := os.Remove(index); err != nil { // it is written on a clean end only
			t.Fatal(err)
		}
	}
	blocks, _ := filepath.Glob(filepath.Join(streams, "*.blk"))
	if len(blocks) == 0 {
		t.Fatal("the stream has no files")
	}
	if err := damage(slices.Max(blocks)); err != nil {
		t.Fatal(err)
	}
	l = openWith(t, testOptions(dir))
	for n := range whole {
		if _, err := l.Last(context.Background(), ledgertest.ChannelSID(n)); err != nil {
			t.Errorf("Last of channel %d: %v", n, err)
		}
	}
	appendNew(t, l, records, transfer.PhaseInviting)
	open := map[string]bool{}
	for len(open) <= whole { // with the one that was written after it; nextWithin fails where nothing more comes
		w := nextWithin(t, l, time.Minute)
		open[w.Record().Channel()] = true
		if err := w.Done(); err != nil {
			t.Fatal(err)
		}
	}
}

func appendNew(t testing.TB, l *Ledger, n int, phase transfer.Phase) uint64 {
	t.Helper()
	sequence, err := l.Append(context.Background(), ledgertest.NewRecord(n, fmt.Sprint("r", n), phase), 0)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return sequence
}

func TestDirBelongsToOneProcess(t *testing.T) {
	o := testOptions(t.TempDir())
	first := openWith(t, o)
	if _, err := Open(context.Background(), o); err == nil || !strings.Contains(err.Error(), "Dir") {
		t.Errorf("Open of a folder in use: %v, want an error that names Dir", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	openWith(t, o)
}

func TestOptionsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for field, o := range map[string]Options{
		"Dir or URLs":  {Account: "AC1"},
		"Dir and URLs": {Account: "AC1", Dir: dir, URLs: []string{"nats://127.0.0.1"}},
		"Account":      {Account: "AC1.>", Dir: dir},
		"Replicas":     {Account: "AC1", Dir: dir, Replicas: 3},
		"Replicas 2":   {Account: "AC1", URLs: []string{"nats://127.0.0.1"}, Replicas: 2},
		"MaxAge":       {Account: "AC1", Dir: dir, MaxAge: -1},
		"AckWait":      {Account: "AC1", Dir: dir, AckWait: time.Millisecond},
		"URLs":         {Account: "AC1", URLs: []string{"nats://127.0.0.1:1"}},
	} {
		if _, err := Open(context.Background(), o); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("Open with a bad %s: %v", field, err)
		}
	}
	if _, err := Open(context.Background(), Options{Account: "AC1", Dir: os.DevNull}); err == nil {
		t.Error("Open with a file for a folder: no error")
	}
}

// TestExpired appends to a channel whose records are past their age in the
// stream, but not yet forgotten here.
func TestExpired(t *testing.T) {
	o := testOptions(t.TempDir())
	o.MaxAge = time.Second
	l := openWith(t, o)
	at := appendNew(t, l, 1, transfer.PhaseCompleted)
	key, _ := keyOf(ledgertest.ChannelSID(1))
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err := l.readLast(context.Background(), key); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the stream keeps the record")
		}
	}
	if _, err := l.Append(context.Background(), ledgertest.NewRecord(1, "late", transfer.PhaseInviting), at); err == nil {
		t.Error("a record was written behind one that has expired")
	}
	if r, err := l.Last(context.Background(), ledgertest.ChannelSID(1)); err == nil {
		t.Errorf("Last after the conflict = %s", r.ID)
	}
	again, err := l.Append(context.Background(), ledgertest.NewRecord(1, "new", transfer.PhaseInviting), 0)
	if err != nil {
		t.Errorf("Append to the channel as a new one: %v", err)
	}
	waitFrontier(t, l, again)
	l.known.expire(time.Now().Add(time.Hour))
	if _, err := l.Find(context.Background(), ledgertest.TransferID(1)); err == nil {
		t.Error("Find of what was forgotten")
	}
}

// TestManyEnded has more ended channels than are kept in memory, whole and
// packed.
func TestManyEnded(t *testing.T) {
	const channels = keepEnded + 400
	o := testOptions(t.TempDir())
	o.keepPacked = 200
	l := openWith(t, o)
	inParallel(64, channels, func(n int) { appendNew(t, l, n, transfer.PhaseCompleted) })
	checkMany(t, l, channels)
	if n := len(l.ended.by); n != o.keepPacked || len(l.ended.ring) != n {
		t.Errorf("%d are kept packed, and %d listed", n, len(l.ended.ring))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	checkMany(t, openWith(t, o), channels)
}

// TestPackedRecordsAreTheLastOnes reads an ended channel without the server, and
// what came after it from where that is.
func TestPackedRecordsAreTheLastOnes(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	const channels = keepEnded + 20
	var first uint64
	for n := range channels {
		sequence := appendNew(t, l, n, transfer.PhaseCompleted)
		if n == 0 {
			first = sequence
		}
		waitFrontier(t, l, sequence)
	}
	if _, whole, _ := l.known.channel(keyFor(t, 0)); whole != nil {
		t.Fatal("the record is still there whole: the test shows nothing")
	}
	stored, kept := l.ended.get(keyFor(t, 0), first)
	if !kept || stored.sequence != first || stored.time.IsZero() {
		t.Fatalf("%+v is kept: %v", stored, kept)
	}
	want, err := l.readLast(context.Background(), keyFor(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	record, err := want.decode()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := l.Last(context.Background(), ledgertest.ChannelSID(0)); err != nil || !reflect.DeepEqual(r, *record) {
		t.Errorf("Last: %v\n got %+v\nwant %+v", err, r, *record)
	}
	again := ledgertest.NewRecord(0, "again", transfer.PhaseInviting)
	sequence, err := l.Append(context.Background(), again, first)
	if err != nil {
		t.Fatal(err)
	}
	waitFrontier(t, l, sequence)
	if r, err := l.Last(context.Background(), ledgertest.ChannelSID(0)); err != nil || r.ID != "again" || r.Sequence != sequence {
		t.Errorf("Last: %s, sequence %d, %v; want %d", r.ID, r.Sequence, err, sequence)
	}
	if _, kept := l.ended.get(keyFor(t, 0), sequence); kept {
		t.Error("what is open is kept as ended")
	}
}

func checkMany(t *testing.T, l *Ledger, channels int) {
	t.Helper()
	for n := range channels {
		if r, err := l.Find(context.Background(), ledgertest.TransferID(n)); err != nil || r.Channel() != ledgertest.ChannelSID(n) {
			t.Fatalf("Find of transfer %d = %s, %v", n, r.Channel(), err)
		}
	}
	waitFrontier(t, l, uint64(channels))
	var after uint64
	seen := 0
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	err := l.Follow(ctx, 0, recordsInOrder(t, &after, func() {
		if seen++; seen == channels {
			cancel()
		}
	}))
	if seen != channels {
		t.Errorf("Follow saw %d of %d channels: %v", seen, channels, err)
	}
}

// The stream's files are of 4 MB at most, since nats-server keeps whole files in memory for a while; and records that
// lie in several of them are found as before.
func TestFilesAreSmall(t *testing.T) {
	dir := t.TempDir()
	l := openWith(t, testOptions(dir))
	const records, size = 14, 700_000
	for n := range records {
		r := ledgertest.NewRecord(n, fmt.Sprint("large", n), transfer.PhaseCompleted)
		noise := make([]byte, size/2)
		if _, err := rand.Read(noise); err != nil {
			t.Fatal(err)
		}
		r.State.Transfers[0].Invite.Attributes = hex.EncodeToString(noise)
		if _, err := l.Append(context.Background(), r, 0); err != nil {
			t.Fatal(err)
		}
	}
	blocks, _ := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", l.subjects.stream, "msgs", "*.blk")) // the pattern is valid
	for _, block := range blocks {
		if info, err := os.Stat(block); err != nil || info.Size() > 4<<20 {
			t.Errorf("%s: %v, %v", block, info, err)
		}
	}
	if len(blocks) < 2 {
		t.Errorf("%d files: not as many records as the test needs", len(blocks))
	}
	for n := range records {
		stored, err := l.readLast(context.Background(), keyFor(t, n))
		if err != nil {
			t.Fatal(err)
		}
		if r, err := stored.decode(); err != nil || len(r.State.Transfers[0].Invite.Attributes) != size {
			t.Errorf("record %d: %v", n, err)
		}
	}
}

func keyFor(t *testing.T, n int) channelKey {
	t.Helper()
	key, ok := keyOf(ledgertest.ChannelSID(n))
	if !ok {
		t.Fatal("no channel's SID")
	}
	return key
}
