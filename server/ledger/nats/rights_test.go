package nats

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// subjectsInReadme are those that the README says NATS_CREDS needs.
func subjectsInReadme(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	sentence := regexp.MustCompile("`NATS_CREDS` needs the subjects ([^.]+?(?:\\.[^ \\n][^.]*?)*)\\.\\s").FindSubmatch(readme)
	if sentence == nil {
		t.Fatal("the README does not say which subjects NATS_CREDS needs")
	}
	var all []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllSubmatch(sentence[1], -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// TestRightsOfTheReadme: a user who may do what the README says and nothing else has a whole ledger, with the notes and
// the bus.
func TestRightsOfTheReadme(t *testing.T) {
	rights := &server.SubjectPermission{Allow: subjectsInReadme(t)}
	restricted := func(t *testing.T) Options {
		s := startServer(t, server.Options{StoreDir: t.TempDir(), Users: []*server.User{
			{Username: "backend", Password: "secret", Permissions: &server.Permissions{Publish: rights, Subscribe: rights}},
		}})
		u, err := url.Parse(s.ClientURL())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("backend", "secret")
		o := testOptions("")
		o.URLs, o.Replicas = []string{u.String()}, 1
		return o
	}
	conforms(t, restricted)
	o := restricted(t)
	a, b := openWith(t, o), openWith(t, o)
	ctx := context.Background()
	if err := a.SetNote(ctx, "turn", "mine", 0); err != nil {
		t.Fatal(err)
	}
	if value, _, err := b.Note(ctx, "turn"); value != "mine" || err != nil {
		t.Errorf("Note = %q, %v", value, err)
	}
	appendNew(t, a, 1, transfer.PhaseInviting)
	if _, err := b.Newest(ctx, ledgertest.ChannelSID(1)); err != nil {
		t.Errorf("Newest: %v", err)
	}
	heard := make(chan []byte, 1)
	cancel, err := b.Bus("topic").Subscribe(func(m []byte) { heard <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if err := b.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := a.Bus("topic").Publish([]byte("1")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Error("the bus carries nothing")
	}
}
