package json

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// anyValue reads a value as encoding/json would into an any, with numbers kept
// as text.
func anyValue(r *Reader) (any, error) {
	switch r.Kind() {
	case Object:
		m := map[string]any{}
		err := r.Object(func(key string) (err error) {
			m[key], err = anyValue(r)
			return err
		})
		return m, err
	case Array:
		a := []any{}
		err := r.Array(func(int) error {
			v, err := anyValue(r)
			a = append(a, v)
			return err
		})
		return a, err
	case String:
		return r.String()
	case Number:
		raw, err := r.Raw()
		return stdjson.Number(raw), err
	case Bool:
		return r.Bool()
	case Null:
		if r.Null() {
			return nil, nil
		}
	}
	return nil, r.Skip()
}

func readAll(text string) (any, error) {
	r := NewReader(text)
	v, err := anyValue(r)
	if err != nil {
		return nil, err
	}
	return v, r.End()
}

func readStd(text string) (v any, err error) {
	d := stdjson.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if !stdjson.Valid([]byte(text)) {
		return nil, errors.New("not valid")
	}
	return v, d.Decode(&v)
}

var samples = []string{
	`{"a":1,"b":[true,false,null,"x"],"c":{"d":{}}}`, ` [ ] `, `{}`, `"plain"`, `"ünïcödé 😀"`,
	`"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"`, `"\ud83d"`, `"\ude00x"`, `"\ud83d\ud83d\ude00"`, `"\uD83Dx"`,
	"\"\xff\xfe ok\"", "\"a\x01b\"", `"\x"`, `"\u12"`, `"\u12g4"`, `"open`, `"open\`, `"\`,
	`0`, `-0`, `01`, `-`, `1.`, `.5`, `1.5e`, `1e+`, `1.25E-10`, `12345678901234567890`, `1e999`, `+1`,
	`tru`, `true`, `truex`, `nul`, `null`, `falsefalse`, ``, `   `, `{`, `[`, `[1`, `[1,`, `[1,]`, `[,1]`, `{"a"}`,
	`{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1 "b":2}`, `[1 2]`, `{"a":1}}`, "\ufeff{}", "[1]\u00a0", "\t\r\n [\n1 ]\v", `{"a":1,"a":2}`,
}

func TestReaderAgreesWithTheStandard(t *testing.T) {
	for _, text := range samples {
		compare(t, text)
	}
}

func compare(t *testing.T, text string) {
	t.Helper()
	want, wantErr := readStd(text)
	got, err := readAll(text)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: error %v, encoding/json says %v", text, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: got %#v, encoding/json reads %#v", text, got, want)
	}
	var at *Error
	if err != nil && (!errors.As(err, &at) || at.Offset < 0 || at.Offset > len(text)) {
		t.Fatalf("%q: the error %v has no offset within the text", text, err)
	}
}

func TestReaderErrorsTellWhereAndWhat(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": tru}`: "at offset 6: expected true or false, found true or false",
		`{"a" 1}`:    "at offset 5: expected a colon, found a number",
		`[1 2]`:      "at offset 3: expected a comma or ], found a number",
		`{"a":1} x`:  `at offset 8: expected the end, found "x"`,
		`["abc`:      "at offset 5: a string does not end",
		``:           "at offset 0: expected a value, found the end",
		`{1:2}`:      "at offset 1: expected a key, found a number",
	} {
		if _, err := readAll(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestReaderRefusesTheWrongKind(t *testing.T) {
	calls := map[string]func(r *Reader) error{
		"an object":     func(r *Reader) error { return r.Object(func(string) error { return r.Skip() }) },
		"an array":      func(r *Reader) error { return r.Array(func(int) error { return r.Skip() }) },
		"a string":      func(r *Reader) error { _, err := r.String(); return err },
		"true or false": func(r *Reader) error { _, err := r.Bool(); return err },
	}
	for kind, call := range calls {
		err := call(NewReader(" 12"))
		if want := "at offset 1: expected " + kind + ", found a number"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, call := range []func(r *Reader) error{
		func(r *Reader) error { _, err := r.Int(); return err },
		func(r *Reader) error { _, err := r.Float(); return err },
	} {
		if err := call(NewReader(`"1"`)); err == nil || err.Error() != "at offset 0: expected a number, found a string" {
			t.Errorf("a string as number: %v", err)
		}
	}
	if r := NewReader("nil"); r.Null() || r.Offset() != 0 {
		t.Error("nil was taken for null")
	}
}

func TestReaderNumbers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-12": -12, "9223372036854775807": math.MaxInt64} {
		if n, err := NewReader(text).Int(); err != nil || n != want {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"1.0", "1e3", "9223372036854775808"} {
		if _, err := NewReader(text).Int(); err == nil {
			t.Errorf("%s was read as a whole number", text)
		}
	}
	if f, err := NewReader("-1.25e2").Float(); err != nil || f != -125 {
		t.Errorf("-1.25e2: %v, %v", f, err)
	}
	if _, err := NewReader("1e999").Float(); err == nil {
		t.Error("1e999 was read as a number")
	}
}

func TestReaderBoundsDepth(t *testing.T) {
	fits := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if _, err := readAll(fits); err != nil {
		t.Error(err)
	}
	for _, open := range []string{"[", `{"a":`} {
		if err := NewReader(strings.Repeat(open, 100_000)).Skip(); err == nil || !strings.Contains(err.Error(), "nested") {
			t.Errorf("%s: %v", open, err)
		}
	}
	// Depth is nesting, not length.
	r := NewReader("[" + strings.Repeat("[],{},", 200) + "[]]")
	if err := r.Skip(); err != nil {
		t.Error(err)
	}
}

func TestReaderWantsEveryValueRead(t *testing.T) {
	if err := NewReader(`{"a": 1}`).Object(func(string) error { return nil }); err == nil {
		t.Error("a member that was not read went unnoticed")
	}
	if err := NewReader(`[ 1]`).Array(func(int) error { return nil }); err == nil {
		t.Error("an element that was not read went unnoticed")
	}
}

func TestReaderPassesOnErrorsOfTheCaller(t *testing.T) {
	mine := errors.New("mine")
	if err := NewReader(`{"a":1}`).Object(func(string) error { return mine }); err != mine {
		t.Error(err)
	}
	if err := NewReader(`[1]`).Array(func(int) error { return mine }); err != mine {
		t.Error(err)
	}
}

func TestPlainStringsAreNotCopied(t *testing.T) {
	text := `{"friendly_name":"Zoë Example"}`
	allocs := testing.AllocsPerRun(100, func() {
		r := Reader{text: text}
		_ = r.Object(func(string) error { _, err := r.String(); return err })
	})
	if allocs > 1 { // the reader itself
		t.Errorf("%v allocations for plain strings", allocs)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "[")+strings.Count(text, "{") > MaxDepth {
			_, _ = readAll(text) // must not panic; deeper than we read
			return
		}
		compare(t, text)
		r := NewReader(text)
		raw, err := r.Raw()
		if err == nil && r.End() == nil && raw != strings.Trim(text, " \t\r\n") {
			t.Fatalf("%q: the raw value is %q", text, raw)
		}
		_, _ = NewReader(text).Int()
		_, _ = NewReader(text).Float()
	})
}

func TestSkipPlainStopsAtTheFirstSpecialByte(t *testing.T) {
	for special := range 256 {
		for place := range 20 {
			for _, plain := range []byte{' ', '!', '#', 'A', '[', ']', '~', 0x7f} {
				text := []byte(strings.Repeat(string(rune(plain)), 24))
				text[place] = byte(special)
				want := place
				if !isSpecial(byte(special)) {
					want = len(text)
				}
				if got := skipPlain(string(text), 0); got != want {
					t.Fatalf("byte %#x at %d among %#x: stopped at %d", special, place, plain, got)
				}
			}
		}
	}
}

func TestPath(t *testing.T) {
	deep := strings.Repeat(`[0,{"k":`, 10) + "x" + strings.Repeat("}]", 10)
	for text, want := range map[string]string{
		`x`:                                     "",
		`{"a":x}`:                               "a",
		`{"a":1,"b":{"c":[1,[],{"d":x`:          "b.c[2].d",
		`{"a":{"b":1}x}`:                        "",
		`{"a":{"b":1 x}}`:                       "a",
		`{"a":[1,2 3]}`:                         "a",
		`[[x]]`:                                 "[0][0]",
		`[1,2]x`:                                "",
		`{"a":{"b":{}},"c":x}`:                  "c",
		deep:                                    strings.Repeat("[1].k", 10),
		`{"` + strings.Repeat("ö", 99) + `":x}`: strings.Repeat("ö", 32) + "…",
		`{"":{"":x}}`:                           ".",
	} {
		r := NewReader(text)
		err := r.Skip()
		if err == nil {
			err = r.End()
		}
		if err == nil || r.Path() != want {
			t.Errorf("%s: path %q, want %q; %v", text, r.Path(), want, err)
		}
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		text, written string
		same          bool
	}{
		{` "a\"b",1`, `"a\"b"`, true}, {`"ab"`, `"a"`, false}, {`"a"`, `"ab"`, false}, {`"a"`, ``, false}, {``, `"a"`, false}, {``, ``, false}, {`1`, `"1"`, false},
	} {
		r := NewReader(c.text)
		start := len(c.text) - len(strings.TrimLeft(c.text, " "))
		if got := r.Same(c.written); got != c.same {
			t.Errorf("%s written as %s: %v", c.text, c.written, got)
		}
		want := ""
		if c.same {
			want = c.written
		}
		if got := r.Since(start); got != want {
			t.Errorf("%s: consumed %q, want %q", c.text, got, want)
		}
	}
}

// TestResetKeepsStrings reads texts one after the other with one reader; the
// strings of the former ones stay what they were.
func TestResetKeepsStrings(t *testing.T) {
	var r Reader
	var got, want []string
	for i := range 200 {
		value := strings.Repeat("\"\n", i%37) + strconv.Itoa(i)
		text, _ := stdjson.Marshal([]any{value, nil, "plain", value + "\\"})
		r.Reset(string(text))
		err := r.Array(func(int) error {
			s := "untouched"
			err := r.Text(&s)
			got = append(got, s)
			return err
		})
		if err != nil || r.End() != nil || r.Path() != "" {
			t.Fatal(err)
		}
		want = append(want, value, "untouched", "plain", value+"\\")
		r.Reset("{")
		if err := r.Array(func(int) error { return nil }); err == nil {
			t.Fatal("an object is read as an array")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
