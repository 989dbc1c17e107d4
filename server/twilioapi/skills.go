package twilioapi

import (
	"regexp"
	"slices"
	"strings"
)

// hasSkill is how a queue's target_workers asks for a skill: routing.skills HAS "billing". The string before it is
// swallowed, so that what is quoted is not read as an expression.
var hasSkill = regexp.MustCompile(`routing\.skills\s+(?i:HAS)\s+("[^"]*"|'[^']*')|"[^"]*"|'[^']*'`)

// skillsOf are the skills that a queue's target_workers names, each once, in the order of the expression. Whether it
// asks for one of them or for all is not told.
func skillsOf(targetWorkers string) []string {
	if !strings.Contains(targetWorkers, "routing.skills") {
		return nil
	}
	var skills []string
	for _, found := range hasSkill.FindAllStringSubmatch(targetWorkers, -1) {
		if quoted := found[1]; len(quoted) > 2 {
			if skill := quoted[1 : len(quoted)-1]; !slices.Contains(skills, skill) {
				skills = append(skills, skill)
			}
		}
	}
	return skills
}
