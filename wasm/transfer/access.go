package transfer

import "slices"

// Access is to whom one agent may hand one conversation, by the permissions
// that apply to them.
type Access struct {
	noCold, noWarm         bool
	queues, workers, teams []Patterns
	queuesBySkill          bool
	skills                 []string
}

// Access collects the permissions that apply to the one who looks or asks, and
// to the conversation.
func (f *Facts) Access() Access {
	a := Access{queuesBySkill: f.Settings.Directory.QueuesBySkill, skills: f.Me.Skills}
	for i := range f.Settings.Permissions {
		if p := &f.Settings.Permissions[i]; f.selected(p) {
			a.add(p)
		}
	}
	if f.Me.Own != nil {
		a.add(f.Me.Own)
	}
	return a
}

func (a *Access) add(p *Permission) {
	a.noCold = a.noCold || p.NoCold
	a.noWarm = a.noWarm || p.NoWarm
	if !p.ToQueues.empty() {
		a.queues = append(a.queues, p.ToQueues)
	}
	if !p.ToWorkers.empty() {
		a.workers = append(a.workers, p.ToWorkers)
	}
	if !p.ToTeams.empty() {
		a.teams = append(a.teams, p.ToTeams)
	}
}

// selected reports whether a permission applies.
func (f *Facts) selected(p *Permission) bool {
	return (len(p.Workers) == 0 || matchAny(p.Workers, f.Me.Name, f.Me.SID)) &&
		(len(p.Teams) == 0 || matchAny(p.Teams, f.Me.Team, "")) &&
		(len(p.Roles) == 0 || common(p.Roles, f.Roles)) &&
		(len(p.Skills) == 0 || common(p.Skills, f.Me.Skills)) &&
		(len(p.FromQueues) == 0 || matchAny(p.FromQueues, f.Task.QueueName, f.Task.QueueSID))
}

// common reports whether both have an element in common.
func common(a, b []string) bool {
	for _, s := range a {
		if slices.Contains(b, s) {
			return true
		}
	}
	return false
}

// Worker says why the worker may not be a target; empty where they may.
func (a Access) Worker(w Colleague) Reason {
	for _, p := range a.workers {
		if !p.allows(w.Name, w.SID) {
			return ReasonTargetNotAllowed
		}
	}
	for _, p := range a.teams {
		if !p.allows(w.Team, "") {
			return ReasonTargetNotAllowed
		}
	}
	return ""
}

// Queue says why the queue may not be a target; empty where it may.
func (a Access) Queue(q QueueRecord) Reason {
	for _, p := range a.queues {
		if !p.allows(q.FriendlyName, q.SID) {
			return ReasonTargetNotAllowed
		}
	}
	if a.queuesBySkill && len(q.Skills) > 0 && !common(q.Skills, a.skills) {
		return ReasonTargetNotAllowed
	}
	return ""
}

// Mode says why a kind of transfer is not allowed; empty where it is.
func (a Access) Mode(m Mode) Reason {
	if (m == ModeCold && a.noCold) || (m == ModeWarm && a.noWarm) {
		return ReasonModeNotAllowed
	}
	return ""
}
