package mirror

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestRemove(t *testing.T) {
	for text, want := range map[string]string{
		`{"k":1}`: `{}`, `{ "k" : 1 }`: `{  }`, `{"k":1,"a":2}`: `{"a":2}`, `{"a":2,"k":1}`: `{"a":2}`, `{"a":2 , "k":1 }`: `{"a":2 }`,
		`{"a":1,"k":2,"b":3}`: `{"a":1,"b":3}`, `{"k":1,"k":2}`: `{}`, `{"k":1,"a":0,"k":2}`: `{"a":0}`,
		`{"a":0,"k":1,"k":2}`: `{"a":0}`, `{"k":1,"k":2,"a":0}`: `{"a":0}`, `{"a":"}","k":"}"}`: `{"a":"}"}`, `{"\u006b":1}`: `{}`,
	} {
		o, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.remove("k"); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

// others lists the texts of keys and values of all members but those of a key.
func others(t *testing.T, text, key string) []string {
	t.Helper()
	o, err := parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var all []string
	for _, m := range o.members {
		if m.key != key {
			all = append(all, text[m.start:m.valueEnd])
		}
	}
	return all
}

// FuzzMerge holds set and remove to their promise: JSON stays JSON, the key is as it should be, and all others keep their
// bytes and their order.
func FuzzMerge(f *testing.F) {
	for _, text := range []string{`{}`, `{"a":1,"invites":{"x":[1.50,{}]},"b":"\u0000"}`, ` {"a" : {} , "a":1 } `, `{"\u0069nvites":1,"invites":2}`, `{"invites":1 ,"":null}`} {
		f.Add(text, "invites")
		f.Add(text, "a")
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		o, err := parse(text)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q was taken for JSON", text)
		}
		if quoted, _ := json.Marshal(key); json.Unmarshal(quoted, &key) != nil {
			return // as Go reads it back: without invalid bytes
		}
		rest := others(t, text, key)
		after := o.set(key, `{"WT1":{}}`)
		set, err := parse(after)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, after, err)
		}
		if value, ok := set.value(key); !ok || value != `{"WT1":{}}` {
			t.Errorf("%q became %q: %q is %s", text, after, key, value)
		}
		if got := others(t, after, key); !slices.Equal(got, rest) {
			t.Errorf("%q became %q: the others are %q", text, after, got)
		}
		if again := set.set(key, `{"WT1":{}}`); again != after {
			t.Errorf("%q became %q the second time", after, again)
		}
		gone := set.remove(key)
		if got := others(t, gone, key); !slices.Equal(got, rest) {
			t.Errorf("%q became %q: the others are %q", text, gone, got)
		}
		left, err := parse(gone)
		if err != nil {
			t.Fatal(err)
		}
		if _, has := left.value(key); has {
			t.Errorf("%q is still in %q", key, gone)
		}
	})
}
