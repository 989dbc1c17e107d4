package nats

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TestBus tells two processes of one account, and not one of another.
func TestBus(t *testing.T) {
	s := startServer(t, server.Options{StoreDir: t.TempDir()})
	a, b := openWith(t, remoteOptions(1, s)), openWith(t, remoteOptions(1, s))
	o := remoteOptions(1, s)
	o.Account = "another"
	c := openWith(t, o)
	heard := make(chan string, 10)
	for name, l := range map[string]*Ledger{"a": a, "b": b, "c": c} {
		cancel, err := l.Bus("topic").Subscribe(func(m []byte) { heard <- name + string(m) })
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		if err := l.nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Bus("topic").Publish([]byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := c.Bus("topic").Publish([]byte("2")); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for range 3 {
		select {
		case h := <-heard:
			got[h] = true
		case <-time.After(time.Minute):
			t.Fatalf("heard only %v", got)
		}
	}
	if want := map[string]bool{"a1": true, "b1": true, "c2": true}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Bus("topic").Publish(nil); err == nil {
		t.Error("a closed ledger's bus tells something")
	}
}
