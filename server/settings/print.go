package settings

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Print writes the settings as a file that would give the same ones; each says
// where its value comes from. No token is in it.
func (e Effective) Print(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{}
	for _, f := range fields {
		into, key := root, f.path
		if section, rest, nested := strings.Cut(f.path, "."); nested {
			if into, key = sections[section], rest; into == nil {
				into = &yaml.Node{Kind: yaml.MappingNode}
				sections[section] = into
				root.Content = append(root.Content, text(section), into)
			}
		}
		shown := node(f.show(&e.Config))
		name, comment := text(key), "from "+e.Origin(f.path)
		if shown.Kind == yaml.ScalarNode || len(shown.Content) == 0 {
			shown.LineComment = comment
		} else {
			name.LineComment = comment
		}
		into.Content = append(into.Content, name, shown)
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("print the settings: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// node is a value as it is written in the file.
func node(v any) *yaml.Node {
	switch v := v.(type) {
	case time.Duration:
		if v == 0 {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		}
		return text(short(v))
	case directorySource:
		return text(v.String())
	case string:
		if v == "" {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		}
	case []transfer.Fallback:
		return list(v, fallbackNode)
	case []transfer.ReasonOption:
		return list(v, reasonNode)
	case []transfer.Permission:
		return list(v, permissionNode)
	}
	n := &yaml.Node{}
	if err := n.Encode(v); err != nil {
		panic(err) // texts, numbers and switches alone
	}
	return n
}

func list[T any](all []T, of func(T) *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if len(all) == 0 {
		n.Style = yaml.FlowStyle
	}
	for _, one := range all {
		n.Content = append(n.Content, of(one))
	}
	return n
}

// pairs is a mapping of the values that are not empty.
func pairs(keysAndValues ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(keysAndValues); i += 2 {
		if v := keysAndValues[i+1]; !reflect.ValueOf(v).IsZero() {
			part, is := v.(*yaml.Node)
			if !is {
				part = node(v)
			}
			n.Content = append(n.Content, text(keysAndValues[i].(string)), part)
		}
	}
	return n
}

func fallbackNode(f transfer.Fallback) *yaml.Node {
	if f.SID == "" {
		return text(string(f.Kind))
	}
	return pairs("kind", string(f.Kind), "sid", f.SID)
}

func reasonNode(o transfer.ReasonOption) *yaml.Node {
	labels := map[string]string{}
	for l, t := range o.Labels {
		if l == "" {
			l = everyLanguage
		}
		labels[l] = t
	}
	return pairs("code", o.Code, "labels", labels)
}

func permissionNode(p transfer.Permission) *yaml.Node {
	return pairs("name", p.Name, "workers", p.Workers, "teams", p.Teams, "roles", p.Roles, "skills", p.Skills,
		"fromQueues", p.FromQueues, "noCold", p.NoCold, "noWarm", p.NoWarm,
		"toQueues", patternsNode(p.ToQueues), "toWorkers", patternsNode(p.ToWorkers), "toTeams", patternsNode(p.ToTeams))
}

func patternsNode(p transfer.Patterns) *yaml.Node {
	if none(p) {
		return nil
	}
	return pairs("allow", p.Allow, "deny", p.Deny)
}
