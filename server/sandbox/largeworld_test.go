package sandbox

import (
	"reflect"
	"testing"
	"time"
)

func TestLargeWorld(t *testing.T) {
	w := LargeWorld(15_000, 1)
	if len(w.Workers) != 15_000 || !reflect.DeepEqual(w, LargeWorld(15_000, 1)) || reflect.DeepEqual(w, LargeWorld(15_000, 2)) {
		t.Fatal("not so many, or not of the seed")
	}
	a := New(Options{Seed: 1})
	t.Cleanup(func() { _ = a.Close() })
	began := time.Now()
	if err := a.Load(w); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Snapshot().Workers); n != 15_000 {
		t.Errorf("%d workers", n)
	}
	t.Logf("loaded in %v", time.Since(began))
}
