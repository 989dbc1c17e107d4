//go:build !race

package coordinator

// races is how often each pair is raced.
const races = 300
