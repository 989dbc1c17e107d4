package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// object is the text of a JSON object, and where its members are in it. What is not changed keeps its bytes: order,
// spaces, escapes, and numbers that no float64 holds.
type object struct {
	text    string
	members []member
	end     int // of its closing brace
}

// member is a member by its place in the text: the key's first quote, and the value.
type member struct {
	key            string
	start          int
	valueStart     int
	valueEnd       int
	afterSeparator int // where the text goes on after the comma that follows, or valueEnd if there is none
}

var errNotObject = errors.New("not a JSON object")

// parse finds the members of a JSON object.
func parse(text string) (*object, error) {
	if trimmed := strings.TrimLeft(text, " \t\r\n"); trimmed == "" || trimmed[0] != '{' || !json.Valid([]byte(text)) {
		return nil, errNotObject
	}
	o := &object{text: text, end: strings.LastIndexByte(text, '}')}
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		m := member{start: int(d.InputOffset())}
		m.start += strings.IndexByte(text[m.start:], '"')
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		m.key, _ = token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		m.valueEnd = int(d.InputOffset())
		m.valueStart = m.valueEnd - len(value)
		m.afterSeparator = m.valueEnd
		if rest := text[m.valueEnd:o.end]; strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ",") {
			m.afterSeparator += strings.IndexByte(rest, ',') + 1
		}
		o.members = append(o.members, m)
	}
	return o, nil
}

// find returns the member that counts for a key: the last, where there are several. -1 if there is none.
func (o *object) find(key string) int {
	for i := len(o.members) - 1; i >= 0; i-- {
		if o.members[i].key == key {
			return i
		}
	}
	return -1
}

// value returns the text of a member's value.
func (o *object) value(key string) (string, bool) {
	i := o.find(key)
	if i < 0 {
		return "", false
	}
	return o.text[o.members[i].valueStart:o.members[i].valueEnd], true
}

// set returns the object's text with a member's value replaced, or with the member added at the end.
func (o *object) set(key, value string) string {
	if i := o.find(key); i >= 0 {
		return o.text[:o.members[i].valueStart] + value + o.text[o.members[i].valueEnd:]
	}
	var b builder
	b.WriteString(o.text[:o.lastEnd()])
	b.more = len(o.members) > 0
	b.key(key)
	b.WriteString(value)
	return b.String() + o.text[o.lastEnd():]
}

// lastEnd is where the last member ends, or the opening brace.
func (o *object) lastEnd() int {
	if n := len(o.members); n > 0 {
		return o.members[n-1].valueEnd
	}
	return strings.IndexByte(o.text, '{') + 1
}

// remove returns the object's text without the members of that key.
func (o *object) remove(key string) string {
	text := o.text
	for i := len(o.members) - 1; i >= 0; i-- {
		m := o.members[i]
		if m.key != key {
			continue
		}
		from, to := m.start, m.afterSeparator
		if to == m.valueEnd && i > 0 { // the last: the comma before it goes too
			from = o.members[i-1].valueEnd
		}
		text = text[:from] + text[to:]
		if to == m.valueEnd && i > 0 {
			o.members[i-1].afterSeparator = o.members[i-1].valueEnd
		}
	}
	return text
}

// keysOf lists the keys of two objects, each once.
func keysOf(objects ...*object) []string {
	var keys []string
	known := map[string]bool{}
	for _, o := range objects {
		for _, m := range o.members {
			if !known[m.key] {
				known[m.key] = true
				keys = append(keys, m.key)
			}
		}
	}
	return keys
}

// same reports whether two values are the same, however they are written.
func same(a, b string) bool {
	if a == b {
		return true
	}
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// builder writes a JSON object.
type builder struct {
	strings.Builder
	more bool
}

func (b *builder) open() {
	b.WriteByte('{')
	b.more = false
}

func (b *builder) close() {
	b.WriteByte('}')
	b.more = true
}

func (b *builder) key(key string) {
	if b.more {
		b.WriteByte(',')
	}
	b.quote(key)
	b.WriteByte(':')
	b.more = true
}

func (b *builder) text(key, value string) {
	b.key(key)
	b.quote(value)
}

// quote writes a string as JSON, with < and > as they are: the attributes are no HTML.
func (b *builder) quote(s string) {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings have no error
	b.Write(bytes.TrimSuffix(quoted.Bytes(), []byte("\n")))
}
