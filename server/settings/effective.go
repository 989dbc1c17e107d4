package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// Effective is what is in force for one account, and why.
type Effective struct {
	Config
	Account string
	// Revision names the values: the same values have the same one.
	Revision string
	origins  map[string]string
}

// Origin says where the setting at the path has its value from: file and line,
// the name of an environment variable, or "default".
func (e Effective) Origin(path string) string {
	if o := e.origins[path]; o != "" {
		return o
	}
	return "default"
}

// Override is a setting from outside the file: it counts more.
type Override struct {
	Path   string // such as transfer.coldTransfer
	Source string // what errors call it, such as COLD_TRANSFER
	Text   string // YAML
}

// Environment are the overrides that the environment has. Variables that are
// empty say nothing.
func Environment(lookup func(string) (string, bool)) []Override {
	var all []Override
	for _, f := range fields {
		if text, set := lookup(f.env); set && text != "" {
			all = append(all, Override{f.path, f.env, text})
		}
	}
	return all
}

// Effective is what the file, which may be nil, and the overrides make of the
// defaults for the account. Later overrides count more. The error is Problems.
func (f *File) Effective(account string, overrides []Override) (Effective, error) {
	var problems Problems
	layers := []layer{}
	if f != nil {
		layers = append(layers, f.common, f.accounts[account])
	}
	for _, o := range overrides {
		layers = append(layers, o.layer(&problems))
	}
	e, last := merge(layers)
	e.Account, e.Revision = account, revision(&e.Config)
	check(e.Config, last, &problems)
	return e, problems.err()
}

// layer reads an override.
func (o Override) layer(problems *Problems) layer {
	f, known := fieldAt(o.Path)
	if !known {
		problems.add(Problem{Source: o.Source, Text: fmt.Sprintf("there is no setting %q", o.Path)})
		return nil
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(o.Text), &n); err != nil || len(n.Content) == 0 {
		problems.add(Problem{Source: o.Source, Text: "is not YAML"})
		return nil
	}
	root := n.Content[0]
	var own Problems
	l := layer{}
	l.read(f, value{root, o.Source, "", &own})
	for _, p := range own {
		p.Line = 0 // there is one line
		problems.add(*p)
	}
	return l
}

// merge puts layers on top of each other, and returns the entry that counts
// for each setting that was set.
func merge(layers []layer) (Effective, layer) {
	e := Effective{Config: Default(), origins: map[string]string{}}
	last := layer{}
	for _, l := range layers {
		for path, entry := range l {
			entry.apply(&e.Config)
			e.origins[path] = entry.origin()
		}
		maps.Copy(last, l)
	}
	return e, last
}

func (e entry) origin() string {
	if e.value.field == "" { // an override
		return e.value.source
	}
	return fmt.Sprintf("%s:%d", e.value.source, e.value.node.Line)
}

func revision(c *Config) string {
	h := sha256.New()
	for _, f := range fields {
		fmt.Fprintf(h, "%s=%v\n", f.path, f.show(c)) // maps are printed in order of their keys
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// check finds what does not go together, once for the defaults and for each
// account.
func (f *File) check(problems *Problems) {
	layers := [][]layer{{f.common}}
	for _, sid := range f.Accounts() {
		layers = append(layers, []layer{f.common, f.accounts[sid]})
	}
	for _, l := range layers {
		e, last := merge(l)
		check(e.Config, last, problems)
	}
}

func check(c Config, last layer, problems *Problems) {
	wrong := func(path, text string) {
		if entry, set := last[path]; set {
			v := entry.value
			line := v.node.Line
			if v.field == "" {
				line = 0
			}
			problems.add(Problem{v.source, line, v.field, text})
		}
	}
	p := c.Transfer.PingPong
	if p.Transfers > 0 && p.QueueSID == "" {
		wrong("pingPong.transfers", "is set, but pingPong.queueSid is not: the guard has no queue to send conversations to")
	}
	if p.Transfers > 0 && p.Within == 0 {
		wrong("pingPong.transfers", "is set, but pingPong.within is not")
	}
	if p.Transfers == 0 {
		for _, path := range []string{"pingPong.within", "pingPong.queueSid"} {
			if _, off := last["pingPong.transfers"]; !off {
				wrong(path, "is set, but pingPong.transfers is not: the guard would never act")
			}
		}
	}
	if h := c.Transfer.Handover; h.Required && len(h.Reasons) == 0 {
		wrong("handover.required", "is true, but there are no handover.reasons to choose from")
	}
	if c.Rescue.Then == RescueClose && c.Rescue.QueueSID != "" {
		wrong("rescue.queueSid", "is set, but rescue.then is close: no queue is ever asked")
	}
	if c.Summary.TokenEnv != "" && c.Summary.URL == "" {
		wrong("summary.tokenEnv", "is set, but summary.url is not")
	}
}
