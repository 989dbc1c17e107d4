package coordinator

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestRandom plays random sequences of all that agents can do, by random agents
// in one conversation, with lost answers, refusals to answer, late, lost and
// repeated webhooks, processes that pause, race and are killed. The account's own
// record is the judge.
//
// A long run (make random) prints how often each edge of the state machine and
// each pair of actions was taken.
func TestRandom(t *testing.T) {
	took := newTally()
	t.Run("games", func(t *testing.T) {
		for i := range 3 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) {
					g := newGame(t, took)
					defer g.close()
					for _, seed := range rapid.SliceOfN(rapid.Uint64(), 15, 60).Draw(t, "seeds") {
						g.step(seed)
						g.judge()
					}
					g.heal()
					g.judge()
					g.judgeEnd()
					took.played()
				})
			})
		}
	})
	took.report(t)
}
