package simulate

import "time"

// Result is what came of a run.
type Result struct {
	Seed      uint64
	Hash      uint64 // over every hand-over and every event
	Simulated time.Duration
	Floor     time.Duration // in which customers came
	HandOvers int
	Events    int

	Conversations int
	Requests      int
	Unanswered    int // their process died
	Transfers     int
	Ended         map[string]int // by phase
	Kills         int
	Troubles      int            // disturbances that happened
	Waited        time.Duration  // the longest that an agent waited for an answer
	Alone         Times          // how long customers were alone
	Behind        Times          // likewise, where somebody had done something behind our back
	Repairs       map[string]int // of the reconciler, by what was wrong

	// Violation is the first broken invariant; nil if there was none. Story is
	// what happened in that conversation, where the run was told to tell.
	Violation *Violation
	Story     string

	lines    int
	customer int      // of the story
	troubles []string // the disturbances that happened, where the run was told to tell
}

// Times are how long something lasted, each time.
type Times struct {
	Count    int
	Longest  time.Duration
	Over10   int // longer than 10 s
	Together time.Duration
}

func (t *Times) add(d time.Duration) {
	t.Count++
	t.Longest, t.Together = max(t.Longest, d), t.Together+d
	if d > 10*time.Second {
		t.Over10++
	}
}

// finish is the result of a run that is over.
func (s *Simulation) finish() Result {
	r := s.result
	r.Seed, r.Hash, r.Simulated, r.Conversations = s.options.Seed, s.hash, s.now().Sub(s.began), s.floor.came
	r.Floor = min(r.Simulated, s.options.For)
	r.customer, r.troubles = -1, s.troubles
	if v := r.Violation; v != nil && v.talk != nil {
		r.Story, r.customer = s.story(v.talk), v.talk.number
	}
	return r
}
