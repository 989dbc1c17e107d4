package coordinator

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestRandom plays random sequences of all that agents can do, by random agents
// in one conversation, under random settings that change, with lost answers,
// refusals to answer, late, lost and repeated webhooks, processes that pause,
// race and are killed. The account's own record is the judge.
//
// Each game aims at something that would be rare otherwise: a pair of actions or
// an edge of the state machine; see aims. A long run (make random) prints how
// often each was taken.
func TestRandom(t *testing.T) {
	took := newTally()
	t.Run("games", func(t *testing.T) {
		for i := range 3 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) { play(t, took) })
			})
		}
	})
	took.report(t)
}

// play plays one game.
func play(t *rapid.T, took *tally) {
	g := newGame(t, took)
	defer g.close()
	for _, seed := range rapid.SliceOfN(rapid.Uint64(), 12, 40).Draw(t, "seeds") {
		g.step(seed)
		g.judgeNow()
	}
	g.heal()
	g.judgeNow()
	g.judgeEnd()
	took.played()
}
