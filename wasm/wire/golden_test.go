package wire

import (
	"bytes"
	stdjson "encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// goldenCase is a question and the part of the answer that the case is about:
// members that want does not name may be anything. The same cases run through
// the built module, see wasm/js/golden.test.mjs, and through the whole server.
type goldenCase struct {
	Name     string             `json:"name"`
	Question stdjson.RawMessage `json:"question"`
	Want     any                `json:"want"`
	// Server says how the whole server is brought to the same decision.
	Server stdjson.RawMessage `json:"server,omitempty"`
}

var updateCases = flag.Bool("update-cases", false, "write what the golden cases want anew, as far as each names it; read the diff")

// minGolden guards against a run that finds no cases and so cannot fail.
const minGolden = 140

func TestGoldenCases(t *testing.T) {
	paths, err := filepath.Glob("../transfer/testdata/golden/*.json")
	if err != nil || len(paths) < minGolden {
		t.Fatalf("found %d golden cases, want %d or more: %v", len(paths), minGolden, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c := readCase(t, path)
			answer := Decide(string(c.Question))
			var got any
			if err := stdjson.Unmarshal(answer, &got); err != nil {
				t.Fatalf("the answer is not JSON: %v\n%s", err, answer)
			}
			if *updateCases {
				c.Want = refreshed(c.Want, got)
				c.write(t, path)
			}
			if diff := subset("answer", c.Want, got); diff != "" {
				t.Errorf("%s: %s\nanswer: %s", c.Name, diff, answer)
			}
		})
	}
}

func readCase(t *testing.T, path string) goldenCase {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c goldenCase
	d := stdjson.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if want, ok := c.Want.(map[string]any); c.Name == "" || !ok || len(want) == 0 {
		t.Fatalf("%s: a case has a name, a question and what is wanted", path)
	}
	return c
}

// write writes the case as it is kept.
func (c goldenCase) write(t *testing.T, path string) {
	t.Helper()
	var text bytes.Buffer
	e := stdjson.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// refreshed is got, as far as want names it.
func refreshed(want, got any) any {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return got
		}
		for key := range w {
			w[key] = refreshed(w[key], g[key])
		}
		return w
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return got
		}
		for i := range w {
			w[i] = refreshed(w[i], g[i])
		}
		return w
	}
	return got
}

// subset says how got differs from want, looking only at the members that want
// has. Arrays must have the same length.
func subset(path string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: got %v, want an object", path, got)
		}
		for key, value := range want {
			has, ok := g[key]
			if !ok {
				return fmt.Sprintf("%s.%s is missing", path, key)
			}
			if diff := subset(path+"."+key, value, has); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return fmt.Sprintf("%s: got %v, want %d elements", path, got, len(want))
		}
		for i := range want {
			if diff := subset(fmt.Sprintf("%s[%d]", path, i), want[i], g[i]); diff != "" {
				return diff
			}
		}
		return ""
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s: got %v, want %v", path, got, want)
	}
	return ""
}

func TestSubsetSeesDifferences(t *testing.T) {
	read := func(text string) (v any) {
		if err := stdjson.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	got := read(`{"a":[{"b":1,"c":2}],"d":null}`)
	for _, same := range []string{`{}`, `{"a":[{"b":1}]}`, `{"d":null}`} {
		if diff := subset("x", read(same), got); diff != "" {
			t.Errorf("%s: %s", same, diff)
		}
	}
	for _, other := range []string{`{"a":[]}`, `{"a":[{"b":2}]}`, `{"e":null}`, `{"d":false}`, `{"a":{}}`, `[]`} {
		if subset("x", read(other), got) == "" {
			t.Errorf("%s was taken for a part", other)
		}
	}
}
