package transfer

import "strings"

// Colleagues remember what the attributes of workers say. A page asks about the
// same people again and again, and to read their attributes takes a sixth of an
// answer's time. What is remembered counts only for the very same text; so
// nothing has to be told when attributes change. It is not safe for concurrent
// use. The zero value is ready for use.
type Colleagues struct {
	known map[string]*remembered // by the worker's SID; by MeKey for who asks
}

// remembered is what one worker's attributes were, and what they say.
type remembered struct {
	written string    // as JSON
	text    string    // the value of that
	says    Colleague // what only attributes tell
	read    bool      // says is made of the text
}

// MeKey is the key of the worker who asks: their attributes come from another
// source than those of the others, and are written differently.
const MeKey = "me"

// The most that is remembered: workers, and bytes of one worker's attributes as
// JSON.
const (
	mostRemembered = 512
	mostWritten    = 2048
)

// Attributes returns the attributes that were remembered last for the key, as
// JSON and as text. Both are empty where there are none.
func (m *Colleagues) Attributes(key string) (written, text string) {
	if r := m.known[key]; r != nil {
		return r.written, r.text
	}
	return "", ""
}

// Remember keeps attributes for the key, which is a worker's SID or [MeKey]. It
// copies what it keeps.
func (m *Colleagues) Remember(key, written, text string) {
	if len(written) > mostWritten {
		return
	}
	if m.known == nil || len(m.known) >= mostRemembered {
		m.known = make(map[string]*remembered)
	}
	m.known[strings.Clone(key)] = &remembered{written: strings.Clone(written), text: strings.Clone(text)}
}

// read reads the attributes of the worker, unless it is remembered what they say.
// m may be nil.
func (m *Colleagues) read(key, text string) (Colleague, error) {
	var known *remembered
	if m != nil {
		known = m.known[key]
	}
	if known == nil || known.text != text {
		var c Colleague
		return c, c.readAttributes(text)
	}
	if !known.read {
		var says Colleague
		if err := says.readAttributes(known.text); err != nil {
			return Colleague{}, err
		}
		known.says, known.read = says, true
	}
	return known.says, nil
}
