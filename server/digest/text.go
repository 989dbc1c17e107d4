package digest

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	maxAgents = 3 // who are named in the count of messages
	maxBefore = 3 // former transfers that are told
)

// text is the digest by plain code.
func (t *talk) text(in Input, now time.Time) string {
	sentences := []string{t.size(now)}
	if l := t.last(roleCustomer); l != nil {
		sentences = append(sentences, "The customer, "+ago(now, l.Created)+": "+l.quote())
	}
	if l := t.last(roleAgent); l != nil {
		sentences = append(sentences, orSomebody(l.name)+", "+ago(now, l.Created)+": "+l.quote())
	}
	if before := before(in); before != "" {
		sentences = append(sentences, before)
	}
	return strings.Join(sentences, "\n")
}

// size says how long the conversation lasts, and how many messages there are by whom.
func (t *talk) size(now time.Time) string {
	lasts := ""
	if !t.began.IsZero() {
		lasts = "The conversation has lasted " + duration(now.Sub(t.began)) + ". "
	}
	if t.last(roleCustomer) == nil && t.last(roleAgent) == nil {
		return lasts + "Nobody has written yet."
	}
	customer, other := 0, 0
	var names []string
	by := map[string]int{}
	for _, l := range t.lines {
		switch {
		case l.role == roleCustomer:
			customer++
		case l.role == roleAgent && l.name == "", l.role == roleAgent && by[l.name] == 0 && len(names) == maxAgents:
			other++
		case l.role == roleAgent:
			if by[l.name]++; by[l.name] == 1 {
				names = append(names, l.name)
			}
		}
	}
	counts := []string{count(customer, "message") + " from the customer"}
	for _, name := range names {
		counts = append(counts, fmt.Sprintf("%d from %s", by[name], short(name)))
	}
	if other > 0 {
		counts = append(counts, fmt.Sprintf("%d from %s", other, map[bool]string{true: "agents", false: "other agents"}[len(names) == 0]))
	}
	text := lasts + list(counts) + "."
	if t.clipped {
		text += fmt.Sprintf(" Only the newest %d messages are counted.", len(t.lines))
	}
	return text
}

// before tells of the transfers before, the newest last.
func before(in Input) string {
	var told []string
	n := 0
	for _, t := range in.State.Transfers {
		if t.Mode == transfer.ModeWarm { // nobody handed it over by that
			continue
		}
		if t.ID == in.Transfer.ID || t.Phase != transfer.PhaseCompleted || t.RequestedAt.After(in.Transfer.RequestedAt) {
			continue
		}
		n++
		why := "no reason given"
		if t.Briefing.Reason != "" {
			why = t.Briefing.Reason
		}
		told = append(told, fmt.Sprintf("by %s (%s)", orSomebody(t.From.Name), short(why)))
	}
	if n == 0 {
		return ""
	}
	if len(told) > maxBefore {
		told = told[len(told)-maxBefore:]
	}
	times := fmt.Sprintf("%d times", n)
	switch n {
	case 1:
		times = "once"
	case 2:
		times = "twice"
	}
	prefix := ""
	if n > maxBefore {
		prefix = "last "
	}
	return "Transferred " + times + " before: " + prefix + strings.Join(told, ", then ") + "."
}

func orSomebody(name string) string {
	if name == "" {
		return "An agent"
	}
	return short(name)
}

// short is a name or a code in one line.
func short(s string) string { return clip(oneLine(s), 60) }

// quote is what a message says, in one line.
func (l *line) quote() string {
	body := clip(oneLine(l.Body), maxQuote)
	switch {
	case body == "" && l.Media:
		return "(an attachment)"
	case body == "":
		return "(an empty message)"
	case l.Media:
		return "“" + body + "” (with an attachment)"
	}
	return "“" + body + "”"
}

// oneLine makes text printable: any run of spaces and control characters is one space.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}

// clip shortens text to so many characters, the ellipsis being one of them.
func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			runes := []rune(s[:i])
			return strings.TrimRightFunc(string(runes[:most-1]), unicode.IsSpace) + "…"
		}
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

func ago(now, then time.Time) string {
	if now.Sub(then) < time.Minute {
		return "just now"
	}
	return duration(now.Sub(then)) + " ago"
}

// duration is a time in words, in the largest unit that fits.
func duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return count(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour")
	}
	return count(int(d/(24*time.Hour)), "day")
}
