package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// value is a place in the YAML: a node, what it is called, and where what is
// wrong with it is noted. Its methods return the zero value for what does not
// do, and note why.
type value struct {
	node     *yaml.Node
	source   string
	field    string
	problems *Problems
}

func (v value) wrong(format string, args ...any) {
	v.problems.add(Problem{v.source, v.node.Line, v.field, fmt.Sprintf(format, args...)})
}

// at is a part of the value.
func (v value) at(node *yaml.Node, name string) value {
	if v.field != "" && !strings.HasPrefix(name, "[") {
		name = "." + name
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return value{node, v.source, v.field + name, v.problems}
}

// absent reports whether nothing is said: a key without a value.
func (v value) absent() bool { return v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!null" }

// shown is the value as it may be quoted in a message.
func (v value) shown() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if v.absent() {
		return "nothing"
	}
	if utf8.RuneCountInString(v.node.Value) > 60 {
		return strconv.Quote(string([]rune(v.node.Value)[:60]) + "…")
	}
	return strconv.Quote(v.node.Value)
}

func (v value) bool() bool {
	if v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!bool" {
		return strings.EqualFold(v.node.Value, "true")
	}
	v.wrong("%s is neither true nor false", v.shown())
	return false
}

func (v value) int(least, most int) int {
	n, err := strconv.Atoi(v.node.Value)
	switch {
	case v.node.Kind != yaml.ScalarNode || v.node.Tag != "!!int" || err != nil:
		v.wrong("%s is not a whole number", v.shown())
	case n < least || n > most:
		v.wrong("%d is not between %d and %d", n, least, most)
	default:
		return n
	}
	return 0
}

// duration reads 90 (seconds), 90s, 2m or 1h30m.
func (v value) duration(least, most time.Duration) time.Duration {
	var d time.Duration
	var err error
	switch {
	case v.node.Kind != yaml.ScalarNode || v.absent():
		err = strconv.ErrSyntax
	case v.node.Tag == "!!int":
		var n int64
		n, err = strconv.ParseInt(v.node.Value, 10, 32)
		d = time.Duration(n) * time.Second
	default:
		d, err = time.ParseDuration(v.node.Value)
	}
	switch {
	case err != nil:
		v.wrong("%s is not a time: seconds, or a number with a unit such as 500ms, 90s, 2m or 24h, is expected", v.shown())
	case d < least || d > most:
		v.wrong("%s is not between %s and %s", short(d), short(least), short(most))
	default:
		return d
	}
	return 0
}

// short is a time without units that are zero: 2m, not 2m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// text reads a text of one line that is not empty.
func (v value) text(most int) string {
	if v.node.Kind != yaml.ScalarNode || v.absent() || v.node.Tag == "!!binary" {
		v.wrong("%s is not a text", v.shown())
		return ""
	}
	s := v.node.Value
	switch {
	case strings.TrimSpace(s) == "":
		v.wrong("is empty")
	case s != strings.TrimSpace(s):
		v.wrong("%s begins or ends with a space", v.shown())
	case strings.ContainsFunc(s, unicode.IsControl):
		v.wrong("%s has a control character in it", v.shown())
	case utf8.RuneCountInString(s) > most:
		v.wrong("is longer than %d characters", most)
	default:
		return s
	}
	return ""
}

func (v value) oneOf(allowed ...string) string {
	if v.node.Kind == yaml.ScalarNode && slices.Contains(allowed, v.node.Value) {
		return v.node.Value
	}
	v.wrong("%s is not one of %s", v.shown(), strings.Join(allowed, ", "))
	return ""
}

func (v value) sid(prefix, what string) string {
	if v.node.Kind == yaml.ScalarNode && transfer.ValidSID(v.node.Value, prefix) {
		return v.node.Value
	}
	v.wrong("%s is not the SID of %s: %s and 32 hexadecimal digits are expected", v.shown(), what, prefix)
	return ""
}

// list reads a list; a key without a value is an empty one.
func (v value) list(most int, item func(value)) {
	if v.absent() {
		return
	}
	if v.node.Kind != yaml.SequenceNode {
		v.wrong("%s is not a list", v.shown())
		return
	}
	if len(v.node.Content) > most {
		v.wrong("has more than %d entries", most)
		return
	}
	for i, n := range v.node.Content {
		item(v.at(n, "["+strconv.Itoa(i)+"]"))
	}
}

// texts reads a list of texts, or a single one.
func (v value) texts(most int, read func(value) string) []string {
	if v.node.Kind == yaml.ScalarNode && !v.absent() {
		return []string{read(v)}
	}
	var all []string
	v.list(most, func(item value) { all = append(all, read(item)) })
	return all
}

// members reads a mapping: member is told each key with its value, and says
// whether there is such a key. Keys that are there twice are noted. It reports
// whether the value is a mapping.
func (v value) members(known []string, member func(key string, v value) bool) bool {
	if v.absent() {
		return true
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrong("%s is not a mapping", v.shown())
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		part := v.at(v.node.Content[i+1], key.Value)
		here := part
		here.node = key
		switch line, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			v.wrong("has a key that is not a text")
		case twice:
			here.wrong("is already set in line %d", line)
		default:
			seen[key.Value] = key.Line
			if !member(key.Value, part) {
				here.wrong("there is no such setting%s", suggest(key.Value, known))
			}
		}
	}
	return true
}

// suggest names the known key that was likely meant, or all of them.
func suggest(key string, known []string) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
	}
	for _, k := range known {
		if plain(k) == plain(key) {
			return "; did you mean " + k + "?"
		}
	}
	if len(known) == 0 {
		return ""
	}
	return "; there are " + strings.Join(known, ", ")
}
