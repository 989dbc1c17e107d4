package wire

import (
	"encoding/json"
	"os"
	"testing"
)

// crowd is what a page asks in a conversation with 10 participants and 4
// invites that nobody has answered.
const crowd = "testdata/crowd.json"

// TestCrowd makes sure that the benchmark is of what it says.
func TestCrowd(t *testing.T) {
	var answer struct {
		Screen struct {
			Participants, Invites []struct{ Name, By string }
			Parties               int
		}
	}
	if err := json.Unmarshal(Decide(readFile(t, crowd)), &answer); err != nil {
		t.Fatal(err)
	}
	s := answer.Screen
	if len(s.Participants) != 10 || s.Parties != 10 || len(s.Invites) != 4 || s.Participants[9].Name == "" || s.Invites[3].By == "" {
		t.Errorf("%+v", s)
	}
}

// BenchmarkAnswer is one decision as the module makes it: question in, answer
// out, as text, with the memory of the decision before; beside it, encoding/json
// with the same question.
func BenchmarkAnswer(b *testing.B) {
	questions := map[string][]byte{"crowd": []byte(readFile(b, crowd))}
	for _, name := range []string{"to-an-agent", "screen-completed"} {
		text, err := os.ReadFile("../transfer/testdata/golden/" + name + ".json")
		if err != nil {
			b.Fatal(err)
		}
		var c struct{ Question json.RawMessage }
		if err := json.Unmarshal(text, &c); err != nil {
			b.Fatal(err)
		}
		questions[name] = c.Question
	}
	for name, question := range questions {
		var v any
		_ = json.Unmarshal(question, &v)
		compact, _ := json.Marshal(v)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var d Decider
			var answer []byte
			text := string(compact)
			for b.Loop() {
				answer = d.Append(answer[:0], text)
			}
		})
		b.Run(name+"/encoding-json", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var v any
				_ = json.Unmarshal(compact, &v)
				_, _ = json.Marshal(v)
			}
		})
	}
}
