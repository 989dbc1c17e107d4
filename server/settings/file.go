package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// maxFile is how long a file may be, in bytes.
const maxFile = 1 << 20

// accountsKey is the section with what differs by account.
const accountsKey = "accounts"

// File is a file that was read: defaults, and what differs by account.
type File struct {
	name     string
	common   layer
	accounts map[string]layer
}

// layer is what one source says, by the path of the setting.
type layer map[string]entry

// entry is one setting as one source says it.
type entry struct {
	value value
	apply func(*Config)
}

// Parse reads a file; name is what errors call it. The error is Problems.
func Parse(name string, text []byte) (*File, error) {
	var problems Problems
	f := &File{name: name, common: layer{}, accounts: map[string]layer{}}
	root := document(name, text, &problems)
	if root == nil || len(problems) > 0 {
		return f, problems.err()
	}
	sections, keys := sections()
	known := append(slices.Clone(sections), accountsKey)
	top := value{root, name, "", &problems}
	top.members(known, func(key string, part value) bool {
		if key == accountsKey {
			f.readAccounts(part)
			return true
		}
		return f.common.section(key, part, keys)
	})
	f.check(&problems)
	return f, problems.err()
}

// document is the root of the one YAML document; nil where there is none.
func document(name string, text []byte, problems *Problems) *yaml.Node {
	if len(text) > maxFile {
		problems.add(Problem{Source: name, Text: fmt.Sprintf("is longer than %d kB", maxFile>>10)})
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var n yaml.Node
	if err := d.Decode(&n); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file says nothing
			problems.add(syntaxProblem(name, err))
		}
		return nil
	}
	var second yaml.Node
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			problems.add(syntaxProblem(name, err))
		} else {
			problems.add(Problem{name, second.Line, "", "a second document begins here; one is expected"})
		}
	}
	return n.Content[0]
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxProblem makes a problem of the parser's error, which has the line in
// its text.
func syntaxProblem(name string, err error) Problem {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	if m == nil {
		return Problem{Source: name, Text: "is not YAML: " + text}
	}
	line, _ := strconv.Atoi(m[1])
	return Problem{Source: name, Line: line, Text: "is not YAML: " + strings.TrimPrefix(text, m[0])}
}

// section reads one section of the file, or of an account.
func (l layer) section(name string, v value, keys map[string][]string) bool {
	if f, is := fieldAt(name); is {
		l.read(f, v)
		return true
	}
	inside, known := keys[name]
	if known {
		v.members(inside, func(key string, part value) bool {
			f, is := fieldAt(name + "." + key)
			if is {
				l.read(f, part)
			}
			return is
		})
	}
	return known
}

// read reads a setting. A key without a value says nothing, so that examples
// may be left standing; an empty list is [].
func (l layer) read(f field, v value) {
	if !v.absent() {
		l[f.path] = entry{v, f.read(v)}
	}
}

func (f *File) readAccounts(v value) {
	sections, keys := sections()
	v.members(nil, func(sid string, part value) bool {
		if !transfer.ValidSID(sid, "AC") {
			part.wrong("%q is not the SID of an account: AC and 32 hexadecimal digits are expected", sid)
			return true
		}
		l := layer{}
		f.accounts[sid] = l
		part.members(sections, func(key string, section value) bool { return l.section(key, section, keys) })
		return true
	})
}

// Accounts are those that the file has overrides for, in order.
func (f *File) Accounts() []string { return slices.Sorted(maps.Keys(f.accounts)) }
