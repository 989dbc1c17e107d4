package coordinator

// aim is what a game tries again and again, since it would be rare otherwise: a
// pair of actions, or a situation that leads to an edge of the state machine.
// A game draws it by itself, whatever other games have taken, so that it can be
// played again and made smaller.
type aim struct {
	first, then string
	situation   func(g *game)
}

// aims are nothing in particular, each pair and each situation, those more often
// that come off more seldom: by how often they did in some thousand games.
var aims = func() []aim {
	all := []aim{{}, {}, {}, {}}
	add := func(times int, a aim) {
		for range times {
			all = append(all, a)
		}
	}
	for _, first := range actions {
		for _, then := range actions {
			times := 2
			if two := invitesFor(first) + invitesFor(then); two == 2 || two == 1 && (first == "remove" || then == "remove") {
				times = 6
			}
			add(times, aim{first: first, then: then})
		}
		add(10, aim{first: first, then: actionEnd})
	}
	for _, more := range []aim{
		{first: "leave", then: "cancel"}, {first: "leave", then: "decline"}, {first: "decline", then: "leave"},
		{first: "accept", then: "accept"}, {first: "remove", then: "transfer cold"}, {first: "transfer cold", then: "cancel"},
		{first: "transfer cold", then: "remove"}, {first: "transfer cold on accept", then: "remove"},
		{first: "transfer cold on accept", then: actionEnd}, {first: "decline", then: "transfer cold"},
		{first: "transfer cold", then: "leave"}, {first: "leave", then: "accept"}, {first: "transfer warm", then: actionEnd},
	} {
		add(6, more)
	}
	for _, s := range situations {
		add(s.times, aim{situation: s.play})
	}
	return all
}()

// pursue goes for the aim and reports whether there is one.
func (a aim) pursue(g *game) bool {
	switch {
	case g.over():
	case a.situation != nil:
		a.situation(g)
	case a.first == "":
		return false
	default:
		if g.action != a.first || g.often(3) {
			a.prepare(g)
			if !g.attempt(a.first) {
				return true
			}
			one(g, []func(){func() {}, g.calm, g.calm, g.work, g.webhook, g.trouble})()
		}
		g.makeWay(a.then)
		g.attempt(a.then)
	}
	return true
}

// prepare makes the pair possible.
func (a aim) prepare(g *game) {
	agents, invite := agentsFor(a.first)+agentsFor(a.then), "transfer warm"
	if g.often(5) {
		g.rules.permit()
	}
	if a.then == actionEnd {
		if a.first == "transfer cold on accept" {
			agents = 0 // nobody accepts it
		}
		g.thin(agents) // who ends a conversation is alone in it
		if a.first == "accept" {
			invite = "transfer cold"
			g.makeWay(invite)
		}
	}
	g.bring(agents)
	invites := invitesFor(a.first) + invitesFor(a.then)
	for range invites {
		if g.outstanding() < invites {
			g.attempt(invite)
			g.calm()
		}
	}
	g.makeWay(a.first)
}

// agentsFor is how many agents an action takes out of the conversation, or wants
// to be there.
func agentsFor(action string) int {
	switch action {
	case "leave", "remove", "transfer cold", "transfer cold on accept":
		return 1
	}
	return 0
}

// invitesFor is how many invites an action answers.
func invitesFor(action string) int {
	switch action {
	case "accept", "decline", "cancel":
		return 1
	}
	return 0
}

// bring lets agents invite others until enough are in, beside one who stays.
func (g *game) bring(agents int) {
	for range 4 {
		if len(g.agentsIn()) > agents || !g.attempt("transfer warm") {
			break
		}
		g.attempt("accept")
		g.calm()
	}
}

// thin lets agents leave until few are in, beside one who stays.
func (g *game) thin(agents int) {
	for range 4 {
		if len(g.agentsIn()) > agents+1 {
			g.calm()
			g.attempt("leave")
		}
	}
}

// alone lets all agents but one leave.
func (g *game) alone() { g.thin(0) }

// outstanding counts the invites that wait for an answer.
func (g *game) outstanding() (n int) {
	for _, tasks := range g.invitesOut() {
		n += len(tasks)
	}
	return n
}

// makeWay lets pass what stands in the way of an action: nobody does anything
// about it.
func (g *game) makeWay(action string) {
	switch action {
	case "transfer cold", "transfer cold on accept", actionEnd:
		for range 12 { // an invite that waits runs out of time
			if s := g.state(); !open(s) || g.over() {
				break
			}
			g.calm()
			g.due()
		}
	case "accept", "decline":
		if g.outstanding() == 0 {
			g.calm()
		}
	}
	for _, name := range people {
		if g.often(5) {
			g.be(name, "Available")
		}
	}
}

// with sets what happens to the next call of each process.
func (g *game) with(op string, f func(p *process, do func() error) error) {
	for i := range g.processes {
		if g.processes[i].dead() {
			g.processes[i] = g.openProcess()
		}
		p := g.processes[i]
		p.once(op, func(do func() error) error { return f(p, do) })
	}
}

// acts lets somebody do it, on a conversation that has come to rest.
func (g *game) acts(action string) bool {
	g.calm()
	g.makeWay(action)
	return g.attempt(action)
}
