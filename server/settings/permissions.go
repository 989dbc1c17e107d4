package settings

import (
	"regexp"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var permissionKeys = []string{"name", "workers", "teams", "roles", "skills", "fromQueues", "noCold", "noWarm", "toQueues", "toWorkers", "toTeams"}

func readPermissions(v value) []transfer.Permission {
	var all []transfer.Permission
	v.list(maxPermissions, func(item value) { all = append(all, readPermission(item)) })
	return all
}

func readPermission(v value) transfer.Permission {
	var p transfer.Permission
	exact := func(part value) string { return part.literal() }
	into := map[string]func(value){
		"name":       func(part value) { p.Name = part.text(maxName) },
		"workers":    func(part value) { p.Workers = part.texts(maxPatterns, pattern("WK")) },
		"teams":      func(part value) { p.Teams = part.texts(maxPatterns, pattern("")) },
		"roles":      func(part value) { p.Roles = part.texts(maxPatterns, exact) },
		"skills":     func(part value) { p.Skills = part.texts(maxPatterns, exact) },
		"fromQueues": func(part value) { p.FromQueues = part.texts(maxPatterns, pattern("WQ")) },
		"noCold":     func(part value) { p.NoCold = part.bool() },
		"noWarm":     func(part value) { p.NoWarm = part.bool() },
		"toQueues":   func(part value) { p.ToQueues = part.patterns("WQ") },
		"toWorkers":  func(part value) { p.ToWorkers = part.patterns("WK") },
		"toTeams":    func(part value) { p.ToTeams = part.patterns("") },
	}
	problems := len(*v.problems)
	v.members(permissionKeys, func(key string, part value) bool {
		read, known := into[key]
		if known {
			read(part)
		}
		return known
	})
	if says := p.NoCold || p.NoWarm || !none(p.ToQueues) || !none(p.ToWorkers) || !none(p.ToTeams); !says && problems == len(*v.problems) {
		v.wrong("forbids nothing: at least one of noCold, noWarm, toQueues, toWorkers, toTeams is expected")
	}
	return p
}

func none(p transfer.Patterns) bool { return len(p.Allow) == 0 && len(p.Deny) == 0 }

// patterns reads {allow: […], deny: […]}.
func (v value) patterns(prefix string) transfer.Patterns {
	var p transfer.Patterns
	v.members([]string{"allow", "deny"}, func(key string, part value) bool {
		switch key {
		case "allow":
			p.Allow = part.texts(maxPatterns, pattern(prefix))
		case "deny":
			p.Deny = part.texts(maxPatterns, pattern(prefix))
		default:
			return false
		}
		return true
	})
	return p
}

// likeSID is what was surely meant as a SID.
var likeSID = regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{24,}$`)

// pattern reads a pattern of names, or a SID where things of that prefix have
// one.
func pattern(prefix string) func(value) string {
	return func(v value) string {
		s := v.text(maxName)
		switch {
		case s == "":
		case likeSID.MatchString(s) && prefix == "":
			v.wrong("%s is a SID, but this goes by names", v.shown())
		case likeSID.MatchString(s):
			return v.sid(prefix, map[string]string{"WK": "a worker", "WQ": "a queue"}[prefix])
		case strings.Contains(s, ".*") || (strings.HasPrefix(s, "^") && strings.HasSuffix(s, "$")):
			v.wrong("%s is a regular expression; in a pattern * stands for any run of characters and ? for one", v.shown())
		default:
			return s
		}
		return ""
	}
}

// literal reads a name that is compared as it is: roles and skills.
func (v value) literal() string {
	s := v.text(maxName)
	if strings.Contains(s, "*") {
		v.wrong("%s has a * in it, but roles and skills are compared as they are", v.shown())
		return ""
	}
	return s
}
