// Package leaktest looks for goroutines that a package's tests have left behind.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long goroutines may take to end: on a slow machine those of
// the last connections take their time, for which [goleak.VerifyTestMain] waits
// less than a second.
const patience = time.Minute

// Main runs the tests of a package, from its TestMain, and ends the process. It
// fails where a goroutine stays.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Find says which goroutines do not end.
func Find(options ...goleak.Option) error {
	for deadline := time.Now().Add(patience); ; {
		err := goleak.Find(options...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
