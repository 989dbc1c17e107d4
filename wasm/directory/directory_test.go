package directory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var (
	firstNames = []string{"Anna", "Zoë", "Łukasz", "Bea", "José", "Nguyễn", "Αλέξανδρος", "小龙", "สมชาย", "Jean-Luc", "Öykü", "Bob\tTab", `Back\slash`}
	lastNames  = []string{"Bergström", "Ébert", "Weiß", "Ortiz", "O'Neill", "García Márquez", "李", "van der Berg", "Abel", "Ng"}
	teams      = []string{"", "Billing", "Retención", "Night shift", "Ventas"}
	skills     = []string{"billing", "english", "español", "returns", "vip", "chat-2"}
	activities = []string{"Available", "Break", "Offline", "Unavailable", ""}
)

func sidOf(prefix string, i int) string {
	return prefix + fmt.Sprintf("%032x", uint64(i)*0x9E3779B97F4A7C15+1)
}

func randomWorker(r *rand.Rand, i int) transfer.Colleague {
	w := transfer.Colleague{
		SID: sidOf("WK", i), Name: firstNames[r.IntN(len(firstNames))] + " " + lastNames[r.IntN(len(lastNames))],
		Team: teams[r.IntN(len(teams))], Activity: activities[r.IntN(len(activities))], Available: r.IntN(2) == 0,
	}
	for _, s := range skills {
		if r.IntN(3) == 0 {
			w.Skills = append(w.Skills, s)
		}
	}
	return w
}

func randomQueue(r *rand.Rand, i int) transfer.QueueRecord {
	q := transfer.QueueRecord{SID: sidOf("WQ", i), FriendlyName: "Queue " + lastNames[r.IntN(len(lastNames))], Unserved: r.IntN(4) == 0}
	if r.IntN(2) == 0 {
		q.Skills = []string{skills[r.IntN(len(skills))]}
	}
	if r.IntN(2) == 0 {
		q.Figures = &transfer.QueueFigures{Available: r.IntN(3), Waiting: r.IntN(9), LongestWait: r.IntN(5000)}
	}
	return q
}

func randomAccount(r *rand.Rand, workers, queues int) ([]transfer.Colleague, []transfer.QueueRecord) {
	ws := make([]transfer.Colleague, workers)
	for i := range ws {
		ws[i] = randomWorker(r, i)
	}
	qs := make([]transfer.QueueRecord, queues)
	for i := range qs {
		qs[i] = randomQueue(r, i)
	}
	return ws, qs
}

func load(t testing.TB, workers []transfer.Colleague, queues []transfer.QueueRecord) *Directory {
	t.Helper()
	d, err := Load(string(Pack(workers, queues)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// contents are the workers and queues that a directory holds, in its order.
func (d *Directory) contents() (workers []transfer.Colleague, queues []transfer.QueueRecord) {
	d.workers.inOrder(d.workers.alive, func(id uint32) bool {
		workers = append(workers, d.workers.colleague(id, d.workers.sid(id)))
		return true
	})
	d.queues.inOrder(d.queues.alive, func(id uint32) bool {
		queues = append(queues, d.queue(id))
		return true
	})
	return workers, queues
}

func TestPackAndLoad(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		workers, queues := randomAccount(r, n*3, n)
		text := Pack(workers, queues)
		d := load(t, workers, queues)
		gotWorkers, gotQueues := d.contents()
		if !equalSets(gotWorkers, workers) || !equalSets(gotQueues, queues) {
			t.Fatalf("%d workers: packed and loaded they are others\n%s", n, text)
		}
		r.Shuffle(len(workers), func(i, j int) { workers[i], workers[j] = workers[j], workers[i] })
		if again := Pack(workers, queues); string(again) != string(text) {
			t.Fatal("the text depends on the order in which the workers come")
		}
	}
}

// equalSets compares regardless of order.
func equalSets[T any](a, b []T) bool {
	keys := func(all []T) []string {
		out := make([]string, len(all))
		for i, x := range all {
			if q, ok := any(x).(transfer.QueueRecord); ok && q.Figures != nil {
				out[i] = fmt.Sprintf("%q %v", q.SID, *q.Figures)
				q.Figures = nil
				out[i] += fmt.Sprintf("%+v", q)
				continue
			}
			out[i] = fmt.Sprintf("%+v", x)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(keys(a), keys(b))
}

func TestUnusualSIDsAndNames(t *testing.T) {
	workers := []transfer.Colleague{
		{SID: "WK" + strings.Repeat("F", 32), Name: "upper"}, {SID: "=", Name: ""}, {SID: "short\t\n", Name: "a\nb\r\\c\td"},
		{SID: "WK" + strings.Repeat("f", 32), Name: "all ones", Skills: []string{"a\tb", "c,d"}, Team: "x\ty", Activity: "\\"},
	}
	d := load(t, workers, nil)
	if got, _ := d.contents(); !equalSets(got, workers) {
		t.Errorf("%+v", got)
	}
}

func TestThirtyBytesAWorkerBesideTheSID(t *testing.T) {
	workers, queues := randomAccount(rand.New(rand.NewPCG(1, 1)), 15_000, 0)
	if n := len(Pack(workers, queues)); n > 15_000*(22+30) {
		t.Errorf("%d bytes, %d a worker", n, n/15_000)
	}
}

func TestLoadTakesAnOrder(t *testing.T) {
	workers := []transfer.Colleague{{SID: sidOf("WK", 1), Name: "a"}, {SID: sidOf("WK", 2), Name: "b"}, {SID: sidOf("WK", 3), Name: "c"}}
	queues := []transfer.QueueRecord{{SID: sidOf("WQ", 1), FriendlyName: "p"}, {SID: sidOf("WQ", 2), FriendlyName: "q"}}
	text := string(Pack(workers, queues))
	d, err := Load(text, []uint32{2, 0, 1, 4, 3})
	if err != nil {
		t.Fatal(err)
	}
	d.Open(transfer.Facts{})
	if got := namesOf(d, d.Search(Query{Limit: 9})); !slices.Equal(got, []string{"c", "a", "b", "q", "p"}) {
		t.Errorf("%q", got)
	}
	for _, order := range [][]uint32{{0, 1, 2, 3}, {0, 0, 1, 3, 4}, {3, 1, 2, 0, 4}, {0, 1, 2, 3, 9}, {}} {
		if _, err := Load(text, order); err != ErrOrder {
			t.Errorf("%v: %v", order, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	good := "flex-transfer-directory\t1\t1\t0\nAvailable\n\n\nAda\tAAAAAAAAAAAAAAAAAAAAAA\t0+\n"
	if _, err := Load(good, nil); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{
		"": ErrFormat, "<!doctype html>": ErrFormat, "{}": ErrFormat,
		strings.Replace(good, "\t1\t1", "\t2\t1", 1):           ErrVersion,
		strings.Replace(good, "\t1\t0\n", "\t2\t0\n", 1):       ErrFormat,
		strings.Replace(good, "\t1\t0\n", "\t0\t0\n", 1):       ErrFormat,
		strings.Replace(good, "\t1\t0\n", "\t1\t1\n", 1):       ErrFormat,
		strings.Replace(good, "\t1\t0\n", "\t999999999\t0", 1): ErrFormat,
		strings.Replace(good, "0+", "1+", 1):                   ErrFormat,
		strings.Replace(good, "0+", "0+\t0", 1):                ErrFormat,
		strings.Replace(good, "0+", "0+\t\t0", 1):              ErrFormat,
		strings.Replace(good, "0+", "0+\t\t0,", 1):             ErrFormat,
		strings.Replace(good, "AAAAAAA\t", "AAAAAAB\t", 1):     ErrFormat,
		strings.Replace(good, "AAAAAAA\t", "AAAAAA\t", 1):      ErrFormat,
		strings.Replace(good, "AAAAAAA\t", "AA*AAAA\t", 1):     ErrFormat,
		good[:len(good)-1]: ErrFormat, good + "more": ErrFormat,
	} {
		if _, err := Load(text, nil); err != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

// namesOf are the names that a search found.
func namesOf(d *Directory, f Found) []string {
	names := map[uint32]string{}
	for _, x := range []*Index{&d.workers, &d.queues} {
		for _, e := range x.entries {
			names[e.text] = e.name
		}
	}
	out := []string{}
	for _, h := range f.Hits {
		out = append(out, names[h.Text])
	}
	return out
}

func TestEntriesOfHits(t *testing.T) {
	workers, queues := randomAccount(rand.New(rand.NewPCG(7, 8)), 40, 10)
	d := load(t, workers, queues)
	d.Open(transfer.Facts{Me: transfer.Colleague{SID: "nobody"}})
	d.UpdateWorker(transfer.Colleague{SID: workers[0].SID, Name: "Renamed", Skills: []string{"new"}})
	found := d.Search(Query{Limit: 99})
	if len(found.Hits) != 50 {
		t.Fatalf("%d are found", len(found.Hits))
	}
	names := namesOf(d, found)
	for i, h := range found.Hits {
		if e, ok := d.Entry(h.Text); !ok || e.Target.Kind != h.Kind || e.Target.Name != names[i] {
			t.Errorf("line %d: %+v is not %q", i, e, names[i])
		}
	}
	if e, ok := d.Entry(50); !ok || e.Target.SID != workers[0].SID || !slices.Equal(e.Skills, []string{"new"}) {
		t.Errorf("the first text that came later: %+v", e)
	}
	if e, ok := d.Entry(51); ok {
		t.Errorf("a text that there is not: %+v", e)
	}
}

// naive is an entry as a search without an index has it.
type naive struct {
	name      string
	texts     []string // folded
	available bool
}

func (d *Directory) naive() (workers, queues []naive) {
	fold := func(texts ...string) []string {
		for i := range texts {
			texts[i] = Fold(texts[i])
		}
		return texts
	}
	ws, qs := d.contents()
	for _, w := range ws {
		workers = append(workers, naive{w.Name, fold(append(slices.Clone(w.Skills), w.Name, w.Team, w.Activity)...), w.Available})
	}
	for _, q := range qs {
		queues = append(queues, naive{q.FriendlyName, fold(append(slices.Clone(q.Skills), q.FriendlyName)...), q.Figures == nil || q.Figures.Available > 0})
	}
	return workers, queues
}

// oracle searches without an index: it looks at every entry.
func oracle(text string, available bool, kinds ...[]naive) []string {
	words := strings.Fields(Fold(text))
	var out []string
	for _, entries := range kinds {
		var inside []string
		for _, e := range entries {
			switch {
			case available && !e.available:
			case rank(words, e.texts) == atBeginning:
				out = append(out, e.name)
			case rank(words, e.texts) != nowhere:
				inside = append(inside, e.name)
			}
		}
		out = append(out, inside...)
	}
	return out
}

func rank(words, texts []string) quality {
	worst := atBeginning
	for _, word := range words {
		best := nowhere
		for _, text := range texts {
			best = max(best, find(text, word))
		}
		worst = min(worst, best)
	}
	return worst
}

var queries = []string{
	"", "a", "b", "be", "ber", "berg", "bergstr", "bergstro\u0308m", "ZOË", "zo eb", "weiß", "ss", "ö", "小", "龙", "小龙 李", "สม", "αλεξ", "ngu", "nguyen",
	"o'n", "n'", "jean-luc", "-luc", "l", "luc", "billing ber", "engl anna", "english", "avail bea", "night", "shift b", "x", "zzzz", "van der", "tab", "slash", "back\\", "retencion", "queue", "chat-2", "que ber", "1", "españ vip",
}

func TestSearchFindsWhatAnExhaustiveSearchFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 15 {
		workers, queues := randomAccount(r, r.IntN(120), r.IntN(20))
		d := load(t, workers, queues)
		d.Open(transfer.Facts{})
		compareSearches(t, r, d)
		for i := range 1 + n*60 { // enough to have it laid out anew
			id := r.IntN(400)
			switch r.IntN(8) {
			case 0:
				d.Remove(sidOf("WK", id))
			case 1:
				d.Remove(sidOf("WQ", id%30))
			case 2:
				d.UpdateQueue(randomQueue(r, id%30))
			default:
				d.UpdateWorker(randomWorker(r, id))
			}
			if i%211 == 0 {
				compareSearches(t, r, d)
			}
		}
		compareSearches(t, r, d)
	}
}

// randomQuery is some parts of what there is to be found, and now and then of
// what there is not.
func randomQuery(r *rand.Rand, workers []transfer.Colleague) string {
	var words []string
	for range 1 + r.IntN(3) {
		text := "nobody"
		if len(workers) > 0 && r.IntN(9) > 0 {
			w := workers[r.IntN(len(workers))]
			texts := append(slices.Clone(w.Skills), w.Name, w.Name, w.Name, w.Team, w.Activity)
			text = texts[r.IntN(len(texts))]
		}
		runes := []rune(text)
		from := r.IntN(len(runes) + 1)
		words = append(words, string(runes[from:from+r.IntN(len(runes)-from+1)]))
	}
	return strings.Join(words, " ")
}

func compareSearches(t *testing.T, r *rand.Rand, d *Directory) {
	t.Helper()
	known, _ := d.contents()
	texts := slices.Clone(queries)
	for range 40 {
		texts = append(texts, randomQuery(r, known))
	}
	workers, queues := d.naive()
	for _, text := range texts {
		for _, available := range []bool{false, true} {
			found := d.Search(Query{Text: text, Available: available, Limit: 1 << 20})
			want := oracle(text, available, workers, queues)
			if got := namesOf(d, found); !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Fatalf("%q, available %v: %q, want %q", text, available, got, want)
			}
			if found.Workers+found.Queues != len(want) {
				t.Fatalf("%q: counts %d and %d, want %d", text, found.Workers, found.Queues, len(want))
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	workers, queues := randomAccount(rand.New(rand.NewPCG(5, 6)), 5, 3)
	f.Add(string(Pack(workers, queues)), "an be")
	f.Add("flex-transfer-directory\t1\t1\t0\nAvailable\n\n\nAda\tAAAAAAAAAAAAAAAAAAAAAA\t0+\n", "a")
	f.Fuzz(func(t *testing.T, text, query string) {
		d, err := Load(text, nil)
		if err != nil {
			return
		}
		d.Open(transfer.Facts{})
		workers, queues := d.contents()
		if found := d.Search(Query{Text: query, Limit: 1000}); found.Workers > len(workers) || found.Queues > len(queues) {
			t.Fatalf("%q found more than there is in %q", query, text)
		}
		again, err := Load(string(Pack(workers, queues)), nil)
		if err != nil {
			t.Fatalf("what was loaded from %q cannot be packed: %v", text, err)
		}
		againWorkers, againQueues := again.contents()
		if !equalSets(workers, againWorkers) || !equalSets(queues, againQueues) {
			t.Fatalf("packed again, %q has other contents", text)
		}
	})
}

func BenchmarkKeystroke(b *testing.B) {
	workers, queues := randomAccount(rand.New(rand.NewPCG(5, 6)), 15_000, 100)
	d := load(b, workers, queues)
	d.Open(transfer.Facts{})
	for _, text := range []string{"", "a", "be", "berg", "bergs anna", "available"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Search(Query{Text: text, Limit: 30})
			}
		})
	}
}
