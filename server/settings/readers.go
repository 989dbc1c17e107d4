package settings

import (
	"net"
	"net/url"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// readFallbacks reads who is asked next: agent, origin and close stand for
// themselves, a queue or a worker is {kind: queue, sid: WQ…}.
func readFallbacks(v value) []transfer.Fallback {
	all := []transfer.Fallback{} // an empty list is not the default: nobody is asked
	v.list(maxFallbacks, func(item value) {
		f := readFallback(item)
		for i, known := range all {
			switch {
			case known == f:
				item.wrong("is already entry %d", i)
			case known.Kind == transfer.FallbackClose:
				item.wrong("comes after close, which ends the conversation: close has to be the last")
			}
		}
		all = append(all, f)
	})
	return all
}

func readFallback(v value) transfer.Fallback {
	var f transfer.Fallback
	kind := choice(transfer.FallbackAgent, transfer.FallbackOrigin, transfer.FallbackQueue, transfer.FallbackWorker, transfer.FallbackClose)
	sid := v
	sid.node = nil
	if v.node.Kind == yaml.ScalarNode {
		f.Kind = kind(v)
	} else if !v.members([]string{"kind", "sid"}, func(key string, part value) bool {
		switch key {
		case "kind":
			f.Kind = kind(part)
		case "sid":
			sid = part
		default:
			return false
		}
		return true
	}) {
		return f
	}
	f.SID = fallbackSID(v, f.Kind, sid)
	return f
}

// fallbackSID checks that a queue and a worker have a SID, and nothing else has.
func fallbackSID(v value, kind transfer.FallbackKind, sid value) string {
	prefix, what := "", ""
	switch kind {
	case transfer.FallbackQueue:
		prefix, what = "WQ", "a queue"
	case transfer.FallbackWorker:
		prefix, what = "WK", "a worker"
	}
	switch {
	case prefix == "" && sid.node != nil && kind != "":
		sid.wrong("does not belong to the kind %s", kind)
	case prefix != "" && sid.node == nil:
		v.wrong("has no sid: {kind: %s, sid: %s…} is expected", kind, prefix)
	case prefix != "":
		return sid.sid(prefix, what)
	case kind == "" && v.node.Kind == yaml.MappingNode:
		v.wrong("has no kind that is known")
	}
	return ""
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)

func readVariableName(v value) string {
	s := v.text(maxName)
	if s != "" && !variableName.MatchString(s) {
		v.wrong("%s is not the name of an environment variable; the token itself does not belong into this file", v.shown())
		return ""
	}
	return s
}

func readQueue(v value) string { return v.sid("WQ", "a queue") }

// readServiceURL reads an address that is called with a token: https, or http
// on this machine.
func readServiceURL(v value) string {
	s := v.text(2000)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		v.wrong("%s is not an address such as https://summary.example.com/v1/digest", v.shown())
	case u.User != nil:
		v.wrong("has a name or a password in it; put the token into the environment, see summary.tokenEnv")
	case u.Fragment != "":
		v.wrong("has a fragment (#…) in it")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.wrong("is not https; http is for this machine alone")
	default:
		return s
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

var (
	reasonCode = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	language   = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// everyLanguage is the label for languages that have none of their own.
const everyLanguage = "default"

func readReasons(v value) []transfer.ReasonOption {
	var all []transfer.ReasonOption
	lines := map[string]int{}
	v.list(maxReasons, func(item value) {
		o := readReason(item)
		if line, twice := lines[o.Code]; twice && o.Code != "" {
			item.wrong("has the code %q of the reason in line %d", o.Code, line)
		}
		lines[o.Code] = item.node.Line
		all = append(all, o)
	})
	return all
}

// readReason reads {code, labels: {default, es-ES, …}}.
func readReason(v value) transfer.ReasonOption {
	var o transfer.ReasonOption
	coded := false
	mapping := v.members([]string{"code", "labels"}, func(key string, part value) bool {
		switch key {
		case "code":
			coded = true
			if o.Code = part.text(64); o.Code != "" && !reasonCode.MatchString(o.Code) {
				part.wrong("%s is not a code: letters, digits, _ . - are expected", part.shown())
			}
		case "labels":
			o.Labels = readLabels(part)
		default:
			return false
		}
		return true
	})
	if mapping && !coded {
		v.wrong("has no code")
	}
	return o
}

func readLabels(v value) map[string]string {
	if v.node.Kind == yaml.ScalarNode && !v.absent() {
		return map[string]string{"": v.text(maxReasonLabel)}
	}
	labels := map[string]string{}
	v.members(nil, func(key string, part value) bool {
		text := part.text(maxReasonLabel)
		switch {
		case key == everyLanguage:
			labels[""] = text
		case language.MatchString(key):
			labels[key] = text
		default:
			part.wrong("%q is not a language such as es-ES, and not %q", key, everyLanguage)
		}
		return true
	})
	return labels
}
