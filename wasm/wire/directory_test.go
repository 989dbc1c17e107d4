package wire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/directory"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func sid(prefix string, n int) string { return prefix + fmt.Sprintf("%032d", n) }

// opened is a directory of two workers and two queues, for somebody else.
func opened(t testing.TB) *Directories {
	t.Helper()
	text := string(directory.Pack([]transfer.Colleague{
		{SID: sid("WK", 1), Name: "Ada", Activity: "Available", Available: true, Team: "Care", Skills: []string{"chat", "vip"}},
		{SID: sid("WK", 2), Name: "Bea", Activity: "Break"},
	}, []transfer.QueueRecord{
		{SID: sid("WQ", 1), FriendlyName: "Billing", Skills: []string{"vip"}, Figures: &transfer.QueueFigures{Available: 2, Waiting: 3, LongestWait: 61}},
		{SID: sid("WQ", 2), FriendlyName: "Returns", Unserved: true},
	}))
	s := new(Directories)
	if answer := string(s.Load(nil, text, []uint32{1, 0, 2, 3})); answer != `{"workers":2,"queues":2}` {
		t.Fatal(answer)
	}
	if answer := string(s.Open(nil, `{"wire":1,"settings":{"cold_transfer":true}}`)); answer != "{}" {
		t.Fatal(answer)
	}
	return s
}

const searchAll = SearchWorkers | SearchQueues

func TestSearchAnswersWithNumbers(t *testing.T) {
	s := opened(t)
	got := s.Search("", 0, searchAll, 30)
	want := []int32{
		2, 2, 4,
		2 | 1<<8, 1, 1, 0, 0, // Bea, who is not available, is first in the order
		2 | 8, 0, 0, 0, 0,
		3 | 4 | 8 | 16, 2, 2, 3, 61,
		3 | 4 | 8 | 2<<8, 3, 0, 0, 0,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d,\nwant %d", got, want)
	}
	for number, want := range []string{`""`, `"` + string(transfer.ReasonTargetUnavailable) + `"`, `"` + string(transfer.ReasonQueueNotServed) + `"`, `""`} {
		if got := string(s.Describe(nil, DescribeReason, uint32(number))); got != want {
			t.Errorf("reason %d: %s, want %s", number, got, want)
		}
	}
	for number, want := range []string{`"Available"`, `"Break"`} {
		if got := string(s.Describe(nil, DescribeActivity, uint32(number))); got != want {
			t.Errorf("activity %d: %s, want %s", number, got, want)
		}
	}
	for number, want := range map[uint32]string{
		0: `["` + sid("WK", 1) + `","Ada","Care",["chat","vip"]]`, 3: `["` + sid("WQ", 2) + `","Returns","",[]]`, 4: "null",
	} {
		if got := string(s.Describe(nil, DescribeEntry, number)); got != want {
			t.Errorf("entry %d: %s, want %s", number, got, want)
		}
	}
}

// texts are the numbers of the texts that a search comes to, each with its group.
func texts(numbers []int32) [][2]int32 {
	out := [][2]int32{}
	for i := 3; i < len(numbers); i += 5 {
		out = append(out, [2]int32{numbers[i] & 3, numbers[i+1]})
	}
	return out
}

func TestSearchReadsItsText(t *testing.T) {
	s := opened(t)
	for _, c := range []struct {
		text                     string
		favourites, flags, limit uint32
		want                     [][2]int32
	}{
		{"ada", 0, searchAll, 30, [][2]int32{{2, 0}}},
		{"VIP", 0, searchAll, 30, [][2]int32{{2, 0}, {3, 2}}},
		{"vip", 0, SearchQueues, 30, [][2]int32{{3, 2}}},
		{"", 0, SearchWorkers | SearchAvailable, 30, [][2]int32{{2, 0}}},
		{"", 0, searchAll, 1, [][2]int32{{2, 1}, {3, 2}}},
		{"", 0, searchAll, 0, [][2]int32{}},
		{"\n" + sid("WQ", 2) + "\n" + sid("WK", 9) + "\n" + sid("WK", 1), 2, searchAll, 1, [][2]int32{{0, 3}, {1, 0}, {2, 1}, {3, 2}}},
		{"\n" + sid("WQ", 2), 99, SearchQueues, 0, [][2]int32{{0, 3}}},
		{"\n\n\n", 1, SearchQueues, 0, [][2]int32{}},
	} {
		if got := texts(s.Search(c.text, c.favourites, c.flags, c.limit)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %d, want %d", c.text, got, c.want)
		}
	}
}

func TestWhatChangedHasATextOfItsOwn(t *testing.T) {
	s := opened(t)
	update := `{"workers":[{"sid":"` + sid("WK", 1) + `","friendly_name":"Adele","attributes":"{}","activity_name":"Lunch","available":false}],
		"queues":[{"sid":"` + sid("WQ", 1) + `","friendly_name":"Billing","skills":["vip"],"figures":{"available":0,"waiting":9,"longest_wait":5}}]}`
	if answer := string(s.Update(nil, update)); answer != "{}" {
		t.Fatal(answer)
	}
	found := s.Search("ade", 0, SearchWorkers, 30)
	if got := texts(found); !slices.Equal(got, [][2]int32{{2, 4}}) {
		t.Fatalf("%d", got)
	}
	if got := string(s.Describe(nil, DescribeEntry, 4)); got != `["`+sid("WK", 1)+`","Adele","",[]]` {
		t.Error(got)
	}
	if got := string(s.Describe(nil, DescribeActivity, uint32(found[5]))); got != `"Lunch"` {
		t.Error(got)
	}
	if got := s.Search("bill", 0, SearchQueues, 30); !slices.Equal(got, []int32{0, 1, 1, 3 | 4 | 16, 2, 0, 9, 5}) {
		t.Errorf("a queue with other figures: %d", got)
	}
}

func TestSearchWithoutADirectory(t *testing.T) {
	var s Directories
	if got := s.Search("a", 0, searchAll, 30); !slices.Equal(got, []int32{0, 0, 0}) {
		t.Errorf("%d", got)
	}
	if got := string(s.Describe(nil, DescribeEntry, 0)); got != "null" {
		t.Error(got)
	}
}

func FuzzSearchText(f *testing.F) {
	f.Add("ada", uint32(0), uint32(3), uint32(30))
	f.Add("a b\n"+sid("WQ", 2)+"\n"+sid("WK", 1), uint32(1), uint32(7), uint32(1))
	f.Add("\n\xff\n=\n", uint32(1<<31), uint32(1<<31), uint32(1<<31))
	s := opened(f)
	f.Fuzz(func(t *testing.T, text string, favourites, flags, limit uint32) {
		got := s.Search(text, favourites, flags, limit)
		if len(got) != 3+5*int(got[2]) || got[0] > 2 || got[1] > 2 || got[2] > 4 {
			t.Fatalf("%d", got)
		}
		if strings.TrimSpace(text) == "" && flags == searchAll && (got[0] != 2 || got[1] != 2) {
			t.Fatalf("no query finds %d", got)
		}
	})
}
