package nats

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestDamagedTail opens files as a crash or a power loss may leave them: with the last write cut off, with something
// else behind it, or with a stretch of zeros or of anything in the last records. All records before the damage are there,
// those that are open are handed out, nothing is served that was not written, and the ledger goes on: what is written next
// is handed out, also where consumers had come further than the files now reach. That part of the files is lost is said.
//
// Records behind the damage in the same file (of 4 MB at most) are lost with it, also where they are whole: nats-server
// cuts a file back to the last record that is whole.
func TestDamagedTail(t *testing.T) {
	const records = 20
	for name, c := range map[string]struct {
		damage func(blk []byte, at []int) []byte // at is where each record begins, and where the last ends
		whole  int                               // records before the damage
	}{
		"cut off":                    {func(blk []byte, at []int) []byte { return blk[:len(blk)-7] }, records - 1},
		"garbage behind":             {func(blk []byte, at []int) []byte { return append(blk, strings.Repeat("\x17garbage", 99)...) }, records},
		"zeros behind":               {func(blk []byte, at []int) []byte { return append(blk, make([]byte, 4096)...) }, records},
		"the last zeroed":            {zeroed(records-1, 0, records), records - 1},
		"the last three zeroed":      {zeroed(records-3, 0, records), records - 3},
		"the third from last zeroed": {zeroed(records-3, 0, records-2), records - 3},
		"zeros from the middle on":   {zeroed(records-2, 150, records), records - 2},
		"zeros into the middle":      {zeroed(records-3, 60, records-2), records - 3},
		"garbage in the last":        {garbled(records-1, 200, 240), records - 1},
		"garbage in the one before":  {garbled(records-2, 200, 240), records - 2},
		"another length":             {garbled(records-1, 0, 3), records - 1},
		"another sequence":           {garbled(records-2, 4, 12), records - 2},
		"another length of subject":  {garbled(records-2, 20, 22), records - 2},
		"another subject":            {garbled(records-1, 30, 31), records - 1},
		"another checksum":           {func(blk []byte, at []int) []byte { blk[len(blk)-1] ^= 1; return blk }, records - 1},
		"nothing but zeros":          {zeroed(0, 0, records), 0},
	} {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/done=%v", name, done), func(t *testing.T) { testDamage(t, records, c.whole, done, c.damage) })
		}
	}
}

// zeroed makes zeros of what lies between a place in a record and the beginning of another.
func zeroed(from, offset, to int) func([]byte, []int) []byte {
	return func(blk []byte, at []int) []byte {
		clear(blk[at[from]+offset : at[to]])
		return blk
	}
}

// garbled changes every bit between two places in a record.
func garbled(n, from, to int) func([]byte, []int) []byte {
	return func(blk []byte, at []int) []byte {
		for i := at[n] + from; i < at[n]+to; i++ {
			blk[i] ^= 0xff
		}
		return blk
	}
}

// testDamage damages the file of so many records, all of them handed out and done before or none.
func testDamage(t *testing.T, records, whole int, done bool, damage func([]byte, []int) []byte) {
	dir := t.TempDir()
	l := openWith(t, testOptions(dir))
	want := make([]ledger.Record, records)
	for n := range records {
		appendNew(t, l, n, transfer.PhaseInviting)
		var err error
		if want[n], err = l.Newest(context.Background(), ledgertest.ChannelSID(n)); err != nil {
			t.Fatal(err)
		}
	}
	if done {
		handedOut(t, l, records)
		waitAnswered(t, l)
	}
	crash(t, l, dir)
	blk := lastBlock(t, dir)
	text, err := os.ReadFile(blk)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blk, damage(text, recordsIn(t, text, records)), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	o := testOptions(dir)
	o.Logger = slog.New(slog.NewTextHandler(&said, nil))
	l = openWith(t, o)
	if !strings.Contains(said.String(), "was damaged") {
		t.Errorf("it was not said that a file was damaged: %s", said.String())
	}
	waitReady(t, l)
	for n, r := range want {
		got, err := l.Last(context.Background(), ledgertest.ChannelSID(n))
		switch {
		case n < whole && (err != nil || !reflect.DeepEqual(got, r)):
			t.Errorf("Last of channel %d: %v, %v", n, got.ID, err)
		case n >= whole && !errors.Is(err, ledger.ErrNotFound):
			t.Errorf("Last of channel %d, which is lost: %v, %v", n, got.ID, err)
		}
	}
	appendNew(t, l, records, transfer.PhaseInviting)
	expected := map[string]bool{ledgertest.ChannelSID(records): true}
	if whole < records {
		appendNew(t, l, whole, transfer.PhaseInviting)
		expected[ledgertest.ChannelSID(whole)] = true
	}
	for n := range whole {
		if !done {
			expected[ledgertest.ChannelSID(n)] = true
		}
	}
	if open := handedOut(t, l, len(expected)); !maps.Equal(open, expected) {
		t.Errorf("handed out were %v, want %v", open, expected)
	}
}

// TestDamageThatNoChecksumCovers: four bytes of each record, the length of its headers, are under none of nats-server's
// checksums. Where they alone are damaged, which no lost page does, the record cannot be read, and that is said; it is
// never taken for another one, or for none.
func TestDamageThatNoChecksumCovers(t *testing.T) {
	const records = 3
	dir := t.TempDir()
	l := openWith(t, testOptions(dir))
	for n := range records {
		appendNew(t, l, n, transfer.PhaseInviting)
	}
	crash(t, l, dir)
	blk := lastBlock(t, dir)
	text, err := os.ReadFile(blk)
	if err != nil {
		t.Fatal(err)
	}
	last := text[recordsIn(t, text, records)[records-1]:]
	last[22+int(binary.LittleEndian.Uint16(last[20:]))] += 9
	if err := os.WriteFile(blk, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l = openWith(t, testOptions(dir))
	waitReady(t, l)
	for n := range records {
		r, err := l.Last(context.Background(), ledgertest.ChannelSID(n))
		if damaged := n == records-1; (err != nil) != damaged || errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("Last of channel %d: %v, %v", n, r.ID, err)
		}
	}
	handedOut(t, l, records-1)
}

// crash ends the ledger, and leaves its files as a crash would: the server's indexes, which may be there, are no proof.
func crash(t *testing.T, l *Ledger, dir string) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, endedName)); err != nil {
		t.Fatal(err)
	}
	if indexes, _ := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", "msgs", "index.db")); len(indexes) == 0 { // the pattern is valid
		t.Fatal("the server has written no index: the test shows less than it should")
	}
}

// TestIndexesCountAfterACleanEnd: the next start is as quick as it can be.
func TestIndexesCountAfterACleanEnd(t *testing.T) {
	dir := t.TempDir()
	l := openWith(t, testOptions(dir))
	appendNew(t, l, 1, transfer.PhaseInviting)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(filepath.Dir(lastBlock(t, dir)), "index.db")
	for _, c := range []struct {
		what string
		kept bool
	}{{"after a clean end", true}, {"after a start that was the last that was heard", false}} {
		if err := distrust(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(index); (err == nil) != c.kept {
			t.Errorf("the index, %s: %v", c.what, err)
		}
	}
}

// lastBlock is the last file of the stream of transfers.
func lastBlock(t *testing.T, dir string) string {
	t.Helper()
	blocks, _ := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "transfers-*", "msgs", "*.blk")) // the pattern is valid
	if len(blocks) == 0 {
		t.Fatal("the stream has no files")
	}
	return slices.Max(blocks)
}

// recordsIn is where each record begins in a file of nats-server's, and where the last one ends.
func recordsIn(t *testing.T, blk []byte, records int) []int {
	t.Helper()
	at := []int{0}
	for end := 0; end < len(blk); at = append(at, end) {
		end += int(binary.LittleEndian.Uint32(blk[end:]) &^ (1 << 31)) // the first bit says that there are headers
	}
	if len(at) != records+1 {
		t.Fatalf("%d records in the file, want %d", len(at)-1, records)
	}
	return at
}

// handedOut sees so many pieces of work done, and returns the channels that they are of.
func handedOut(t *testing.T, l *Ledger, pieces int) map[string]bool {
	t.Helper()
	channels := map[string]bool{}
	for range pieces { // nextWithin fails where nothing more comes
		w := nextWithin(t, l, time.Minute)
		channels[w.Record().Channel()] = true
		if err := w.Done(); err != nil {
			t.Fatal(err)
		}
	}
	return channels
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
