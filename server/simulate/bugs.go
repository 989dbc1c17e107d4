package simulate

import (
	"maps"
	"slices"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
)

// bug is a fault that is put into the backends on purpose.
type bug struct {
	what string
	put  func(*coordinator.Options)
}

// Bugs are the names of the faults that may be put in on purpose, sorted.
func Bugs() []string { return slices.Sorted(maps.Keys(bugs)) }

var bugs = map[string]bug{}
