package coordinator

import (
	"flag"
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
//
// make test plays the same games each time, so that it says something about the
// change and not about its luck; a long run plays others.
func TestRandom(t *testing.T) {
	if seed := flag.Lookup("rapid.seed"); *atLeast == 0 && seed != nil && seed.Value.String() == "0" {
		if err := seed.Value.Set("20"); err != nil {
			t.Fatal(err)
		}
	}
	took := newTally()
	t.Run("games", func(t *testing.T) {
		for i := range 3 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) { play(t, took, uint64(i)) })
			})
		}
	})
	took.report(t)
}

// play plays one game. Each part of a run plays others.
func play(t *rapid.T, took *tally, part uint64) {
	g := newGame(t, took, part)
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
