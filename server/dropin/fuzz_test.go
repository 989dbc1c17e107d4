package dropin

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"testing"
)

// FuzzWith gives a conversation attributes that a plugin wants, beside those that
// anybody may have written: the invites stay as they are, all else is as it is
// wanted, and it is known from what is there whether it has been written.
func FuzzWith(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":1,"invites":{"WT1":{}}}`, `{"a":1.0,"invites":{}}`}, {`{"invites":null}`, `{"b":"<\u2028\ud83d"}`}, {`{"a":[1, 2]}`, `{"\u0069nvites":{"WT9":{}}}`},
		{`[1]`, `{"invites":[],"invites":{"WT1":{}}}`}, {``, `{"a":12345678901234567891,"":{"invites":{}}}`}, {"{\"\xff\":\"\xff\"}", "{\"\xfe\":1,\"\xff\":2}"},
		{`{"a":1,"b":2}`, `{"b":2.0,"a":1}`}, {`{"a":null}`, `{"b":null}`}, {`{"a":1}`, `{}`}, {`0`, `null`},
	} {
		f.Add(seed[0], seed[1])
		f.Add(seed[1], seed[0])
	}
	f.Fuzz(func(t *testing.T, there, sent string) {
		d := &DropIn{Options: Options{Twilio: &conversation{text: there}}}
		now, err := d.attributes(t.Context(), "CH")
		if err != nil {
			t.Fatal(err)
		}
		var wanted members
		if json.Unmarshal([]byte(sent), &wanted) != nil || wanted == nil {
			return // it is refused before
		}
		asked := maps.Clone(wanted)
		encoded, err := json.Marshal(wanted.with(now[keyInvites]))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(wanted, asked) {
			t.Errorf("what was asked for, %s, has become %s", asked, wanted)
		}
		var after members
		if err := json.Unmarshal(encoded, &after); err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if !after.same(wanted.with(now[keyInvites])) {
			t.Errorf("%q over %q is written as %s, and taken for another", sent, there, encoded)
		}
		_, had := now[keyInvites]
		if _, has := after[keyInvites]; has != had || !equal(after[keyInvites], now[keyInvites]) {
			t.Errorf("%q over %q is %s", sent, there, encoded)
		}
		delete(after, keyInvites)
		delete(wanted, keyInvites)
		if !alike(after, wanted) {
			t.Errorf("%q over %q is %s", sent, there, encoded)
		}
		for _, pair := range [][2]members{{now, wanted}, {wanted, now}} {
			if a, b := pair[0], pair[1]; !a.same(a) || a.same(b) != b.same(a) || a.same(b) && !alike(a, b) {
				t.Errorf("%s and %s: the same %v, and the other way round %v", a, b, a.same(b), b.same(a))
			}
		}
	})
}

// alike reports whether both are read as the same.
func alike(a, b members) bool {
	read := func(m members) (v any) {
		text, _ := json.Marshal(m) // it was read from JSON
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		_ = decoder.Decode(&v)
		return v
	}
	return reflect.DeepEqual(read(a), read(b))
}

// FuzzEqual compares JSON with itself, written otherwise, and with other JSON.
func FuzzEqual(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":[1, 2],"b":"\u00e9"}`, `{"b":"é","a":[1,2]}`}, {`12345678901234567890`, `12345678901234567891`}, {`null`, `{}`}, {`1.0`, `1`}, {`"<"`, `"\u003c"`},
		{`[]`, `{}`}, {`"\ud83d"`, "\"\xff\""}, {`{"a":1,"a":2}`, `{"a":2}`}, {`1e400`, `1e400 `},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !json.Valid([]byte(a)) || !json.Valid([]byte(b)) {
			return // a member of an object is JSON
		}
		x, y := json.RawMessage(a), json.RawMessage(b)
		if !equal(x, x) || equal(x, nil) || equal(nil, x) || !equal(nil, nil) {
			t.Errorf("%s is not itself, or is nothing", a)
		}
		var spread, tight bytes.Buffer
		if json.Indent(&spread, x, " ", "\t") != nil || json.Compact(&tight, x) != nil || !equal(spread.Bytes(), tight.Bytes()) || !equal(x, tight.Bytes()) {
			t.Errorf("%s is not %s or %s", a, spread.Bytes(), tight.Bytes())
		}
		same := equal(x, y)
		if same != equal(y, x) {
			t.Errorf("%s and %s: %v, and the other way round %v", a, b, same, !same)
		}
		if same != alike(members{"": x}, members{"": y}) {
			t.Errorf("%s and %s: %v", a, b, same)
		}
	})
}
