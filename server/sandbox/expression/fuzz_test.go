package expression

import (
	"encoding/json"
	"errors"
	"testing"
)

// FuzzParse promises that no source and no document makes the package panic,
// that every refusal is a SyntaxError within the source, and that what was
// parsed once parses again to the same answer.
func FuzzParse(f *testing.F) {
	for _, c := range matching {
		f.Add(c.source, `{"skills":["a",1,null],"object":{"array":[[]]}}`)
	}
	f.Add(`a NOT IN [`, `null`)
	f.Add(`task.x[0].y == worker.z`, `{"task":{"x":[{"y":1}]},"worker":7}`)
	f.Fuzz(func(t *testing.T, source, attributes string) {
		e, err := Parse(source)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(source) {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		var document map[string]any
		_ = json.Unmarshal([]byte(attributes), &document)
		for _, scope := range []Scope{
			{},
			{Bare: document},
			{Bare: map[string]any{}, Task: document, Worker: document},
		} {
			value := e.Value(scope)
			if e.Matches(scope) != (value == true) {
				t.Fatalf("%q: Matches and Value disagree", source)
			}
			again, err := Parse(e.String())
			if err != nil || again.Matches(scope) != e.Matches(scope) {
				t.Fatalf("%q: parsed again: %v", source, err)
			}
		}
	})
}
