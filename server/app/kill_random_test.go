package app

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// kills is how often TestKillUnderLoad kills its backend: a few times in make
// test, hundreds of times with -args -kills 300.
var kills = flag.Int("kills", 6, "how often the backend under load is killed with -9")

// clicksAtOnce is how many agents click before each kill.
const clicksAtOnce = 4

// click is a request of Chidi's, and the transfer's ID once it was acknowledged.
type click struct {
	body map[string]any
	id   string
}

// TestKillUnderLoad kills a backend with -9 at random moments while agents ask
// for transfers, targets accept and what earlier kills have left is carried on.
// Then everything that was acknowledged must be there and come to its end, with
// one invite each.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	r := newKillRig(t)
	stop := r.acceptAlways()
	defer stop()
	var clicks []*click
	begun := time.Now()
	acknowledged := 0
	for n := range *kills {
		if n > 0 && n%25 == 0 {
			t.Logf("%d kills in %v", n, time.Since(begun).Round(time.Second))
		}
		var fresh []*click
		for range clicksAtOnce {
			fresh = append(fresh, &click{body: r.anotherConversation()})
		}
		clicks = append(clicks, fresh...)
		acknowledged += r.clickAndKill(fresh, time.Duration(random.IntN(250_000))*time.Microsecond)
		r.start()
		for _, c := range fresh {
			r.stillThere(c)
		}
	}
	t.Logf("%d kills in %v: %d of %d clicks were acknowledged before their kill", *kills, time.Since(begun).Round(time.Second), acknowledged, len(clicks))
	r.allCompleted(clicks)
}

// clickAndKill lets all click at once, kills the backend after the delay and
// returns how many clicks were acknowledged before.
func (r *killRig) clickAndKill(clicks []*click, delay time.Duration) (acknowledged int) {
	r.Helper()
	token := r.token("chidi")
	var clicking sync.WaitGroup
	for _, c := range clicks {
		clicking.Go(func() { c.id = r.clickOnce(c.body, token) })
	}
	time.Sleep(delay)
	r.kill()
	clicking.Wait()
	for _, c := range clicks {
		if c.id != "" {
			acknowledged++
		}
	}
	return acknowledged
}

// clickOnce clicks as a browser does whose backend may die, and returns the
// transfer's ID if it was acknowledged.
func (r *killRig) clickOnce(body map[string]any, token string) string {
	text, err := json.Marshal(body)
	if err != nil {
		r.Error(err)
		return ""
	}
	q, err := http.NewRequest("POST", r.url+"/v1/transfers", bytes.NewReader(text))
	if err != nil {
		r.Error(err)
		return ""
	}
	q.Header.Set("Authorization", "Bearer "+token)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Idempotency-Key", "click")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var made struct {
		ID string `json:"id"`
	}
	if resp.StatusCode >= 300 || json.NewDecoder(resp.Body).Decode(&made) != nil {
		return ""
	}
	return made.ID
}

// acceptAlways lets Bea accept whatever she is asked, until stop.
func (r *killRig) acceptAlways() (stop func()) {
	done := make(chan struct{})
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			for _, res := range r.account.Snapshot().Reservations {
				if res.WorkerName == "bea" && res.ReservationStatus == "pending" {
					_, _ = r.account.AcceptReservation(res.SID) // it may be over by now
				}
			}
		}
	})
	return func() { close(done); accepting.Wait() }
}

// stillThere finds what was acknowledged in the backend that was started again.
func (r *killRig) stillThere(c *click) {
	r.Helper()
	if c.id == "" {
		return
	}
	if a := r.read("chidi", c.id); a.status != http.StatusOK {
		r.Errorf("transfer %s was acknowledged; after the kill: %d %s", c.id, a.status, a.text)
	}
}

// allCompleted repeats every click and waits until each transfer is completed.
func (r *killRig) allCompleted(clicks []*click) {
	r.Helper()
	for _, c := range clicks {
		a := r.post("chidi", c.body, "click")
		if a.status >= 300 || c.id != "" && a.id() != c.id {
			r.Errorf("the click that made transfer %q, repeated: %d %s", c.id, a.status, a.text)
			continue
		}
		c.id = a.id()
	}
	known := map[string]bool{}
	for _, c := range clicks {
		if c.id == "" {
			continue // that was said
		}
		known[c.id] = true
		r.foundBy("chidi", c.id)
		r.handedOver(c.id, c.body["interactionChannelSid"].(string), "chidi", "bea")
	}
	for _, e := range r.invited() {
		if id, _ := transfer.ReadStamp(e.Detail); !known[id] {
			r.Errorf("an invite that nobody clicked for: task %s, %s", e.SID, e.Detail)
		}
	}
}

// anotherConversation lets Chidi talk to one more customer, and returns the
// request to hand that conversation to Bea.
func (r *killRig) anotherConversation() map[string]any {
	r.Helper()
	before := r.account.Snapshot()
	if err := r.account.Load(sandbox.World{Conversations: []sandbox.WorldConversation{
		{Customer: sandbox.Customer{Name: "Cust Ova"}, Agents: []string{"chidi"}},
	}}); err != nil {
		r.Fatal(err)
	}
	known := map[string]bool{} // the account forgets what ended a while ago
	for _, ch := range before.InteractionChannels {
		known[ch.SID] = true
	}
	for _, res := range before.Reservations {
		known[res.SID] = true
	}
	after := r.account.Snapshot()
	ch := after.InteractionChannels[slices.IndexFunc(after.InteractionChannels, func(ch sandbox.InteractionChannel) bool { return !known[ch.SID] })]
	res := after.Reservations[slices.IndexFunc(after.Reservations, func(res sandbox.Reservation) bool { return !known[res.SID] && res.WorkerName == "chidi" })]
	body := r.body(res.TaskSID, "worker", r.worker("bea").SID)
	body["interactionSid"], body["interactionChannelSid"] = ch.InteractionSID, ch.SID
	return body
}
