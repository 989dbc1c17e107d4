//go:build race

package coordinator

// races is how often each pair is raced under the race detector, which looks at
// memory; how the races end is looked at without it.
const races = 40
