package json

import (
	stdjson "encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestWriter(t *testing.T) {
	w := NewWriter([]byte("kept "))
	w.BeginObject()
	w.Key("s")
	w.String("a\"b\\c\n\r\t\x01\x1f\u2028\u2029é😀<&>\x7f")
	w.Key("n")
	w.Int(-42)
	w.Key("list")
	w.BeginArray()
	w.Bool(true)
	w.Bool(false)
	w.Null()
	w.BeginObject()
	w.EndObject()
	w.BeginArray()
	w.EndArray()
	w.Raw(`{"x":1}`)
	w.Raw("")
	w.EndArray()
	w.Key("at")
	w.Time(time.Date(2025, 3, 4, 5, 6, 7, 8_900_000, time.FixedZone("", 3600)))
	w.Key("never")
	w.Time(time.Time{})
	w.EndObject()
	want := `kept {"s":"a\"b\\c\n\r\t\u0001\u001f\u2028\u2029é😀<&>` + "\x7f" + `","n":-42,` +
		`"list":[true,false,null,{},[],{"x":1},null],"at":"2025-03-04T04:06:07.008Z","never":null}`
	if got := string(w.Bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWriterReplacesWhatIsNotUTF8(t *testing.T) {
	w := NewWriter(nil)
	w.String("a\xffb\xe2\x80")
	if got := string(w.Bytes()); got != "\"a\uFFFDb\uFFFD\uFFFD\"" {
		t.Errorf("%q", got)
	}
}

// rewrite writes a value that readAll has read.
func rewrite(w *Writer, v any) {
	switch v := v.(type) {
	case map[string]any:
		w.BeginObject()
		for key, value := range v {
			w.Key(key)
			rewrite(w, value)
		}
		w.EndObject()
	case []any:
		w.BeginArray()
		for _, value := range v {
			rewrite(w, value)
		}
		w.EndArray()
	case string:
		w.String(v)
	case stdjson.Number:
		w.Raw(string(v))
	case bool:
		w.Bool(v)
	default:
		w.Null()
	}
}

func FuzzWriter(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := NewWriter(nil)
		w.String(text)
		var back string
		if err := stdjson.Unmarshal(w.Bytes(), &back); err != nil || back != toValid(text) {
			t.Fatalf("%q was written as %s: %q, %v", text, w.Bytes(), back, err)
		}
		if own, err := readAll(string(w.Bytes())); err != nil || own != back {
			t.Fatalf("%s: read as %q, %v", w.Bytes(), own, err)
		}
		v, err := readAll(text)
		if err != nil {
			return
		}
		w = NewWriter(nil)
		rewrite(w, v)
		again, err := readStd(string(w.Bytes()))
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%q was written as %s: %v", text, w.Bytes(), err)
		}
	})
}

// toValid replaces each byte that is not UTF-8, where strings.ToValidUTF8
// replaces each run of them.
func toValid(s string) string { return string([]rune(s)) }
