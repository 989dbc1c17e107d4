package wire

import (
	"encoding/json"
	"os"
	"testing"
)

// BenchmarkAnswer is one decision as the module makes it: question in, answer
// out, as text.
func BenchmarkAnswer(b *testing.B) {
	for _, name := range []string{"to-an-agent", "screen-completed"} {
		text, err := os.ReadFile("../transfer/testdata/golden/" + name + ".json")
		if err != nil {
			b.Fatal(err)
		}
		var c struct{ Question json.RawMessage }
		if err := json.Unmarshal(text, &c); err != nil {
			b.Fatal(err)
		}
		var compact []byte
		var v any
		_ = json.Unmarshal(c.Question, &v)
		compact, _ = json.Marshal(v)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Decide(string(compact))
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
