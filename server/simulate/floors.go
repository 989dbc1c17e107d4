package simulate

import (
	"fmt"
	"time"
)

// Floors are kinds of floor, by name: what is set in the options of one.
const (
	// FloorBusy is a busy floor as contact centres know them: a conversation every
	// 12 minutes for each agent, of 8 to 15 minutes, and a quarter of what agents
	// do is something else than ending it.
	FloorBusy = "busy"
	// FloorDense is one on which things happen in quick succession, for finding
	// faults: a conversation every 6 minutes for each agent, in which something
	// happens every 3 minutes, and four times in ten it is something else than
	// ending it.
	FloorDense = "dense"
)

// SetFloor sets what makes the floor: how often customers come, how long agents
// talk, what they do, and how long a run is.
func (o *Options) SetFloor(name string) error {
	switch name {
	case FloorBusy:
		o.For, o.TalkEvery, o.TalkFor, o.TalkUpTo = 4*time.Hour, 12*time.Minute, 8*time.Minute, 15*time.Minute
		o.Restless, o.Patience = 0.25, time.Hour
	case FloorDense:
		o.For, o.TalkEvery, o.TalkFor, o.TalkUpTo = time.Hour, 6*time.Minute, 3*time.Minute, 0
		o.Restless, o.Patience = 0.4, 25*time.Minute
	default:
		return fmt.Errorf("floor: %q is none of %s, %s", name, FloorBusy, FloorDense)
	}
	return nil
}
