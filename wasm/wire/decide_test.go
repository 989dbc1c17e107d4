package wire

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"
)

// TestOneDeciderForManyQuestions asks one decider all golden questions in many
// orders, each where the former one stood in memory, as the bridge does: the
// answers must be those of deciders that know no other question.
func TestOneDeciderForManyQuestions(t *testing.T) {
	questions := []string{readFile(t, crowd), "", "{", `{"wire":1}`, `{"wire":2,"participants":[{}]}`}
	paths, err := filepath.Glob("../transfer/testdata/golden/*.json")
	if err != nil || len(paths) < minGolden {
		t.Fatalf("found %d golden cases: %v", len(paths), err)
	}
	for _, path := range paths {
		text := string(readCase(t, path).Question)
		questions = append(questions, text, text[:len(text)*2/3]) // and one that breaks off
	}
	worker := `{"sid":"WK00000000000000000000000000000001","attributes":"{\"full_name\":\"A\",\"routing\":{\"skills\":[\"x\"]}}"}`
	questions = append(questions, `{"wire":1,"workers":[`+strings.Repeat(worker+",", mostKept/len(worker))+worker+`]}`)
	want := make([]string, len(questions))
	for i, q := range questions {
		want[i] = string(Decide(q))
	}
	var d Decider
	var answer []byte
	room := make([]byte, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		for _, i := range random.Perm(len(questions)) {
			n := copy(room, questions[i])
			answer = d.Append(answer[:0], unsafe.String(&room[0], n))
			if string(answer) != want[i] {
				t.Fatalf("round %d: %s\ngot  %s\nwant %s", round, questions[i], answer, want[i])
			}
		}
	}
	d.Append(nil, questions[len(questions)-1])
	if d.memory.lists.Workers != nil || d.facts.Workers != nil || d.screen.Targets != nil {
		t.Error("the memory of a large question is kept")
	}
}
