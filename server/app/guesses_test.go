package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// guessed begins the digits of every SID that these tests make up, which exist
// nowhere.
const guessed = "dadadadadada"

// guessedCalls counts what is asked of Twilio about SIDs that were made up.
type guessedCalls struct {
	http.RoundTripper
	calls atomic.Int64
	hold  chan struct{} // where set, they wait until it is closed

	mu       sync.Mutex
	channels map[string]bool // or conversations, or tasks, by their digits
}

func (g *guessedCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	if at := strings.Index(r.URL.Path, guessed); at >= 0 {
		g.calls.Add(1)
		g.mu.Lock()
		g.channels[r.URL.Path[at:at+32]] = true
		g.mu.Unlock()
		if g.hold != nil {
			<-g.hold
		}
	}
	return g.RoundTripper.RoundTrip(r)
}

// asked is about how many of them something was asked.
func (g *guessedCalls) asked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.channels)
}

// guessRig is a backend whose agents may ask often, at Twilio's own limit, with
// the drop-in switched on.
func guessRig(t *testing.T, g *guessedCalls, world func(*sandbox.World)) *rig {
	t.Helper()
	g.channels = map[string]bool{}
	return newRig(t, rigOptions{world: world, config: func(c *Config) {
		g.RoundTripper = c.Transport
		c.Transport = g
		c.Listen.AgentRate, c.Account.Rate = 1000, 20
		c.Settings = settings.Fixed(settings.Config{
			Transfer: transfer.Settings{ColdTransfer: true, MultiParticipant: true}, DropIn: true,
		})
	}})
}

// guess asks, in one of all the ways that there are, about something that does
// not exist.
func (r *rig) guess(token string, n int) answer {
	digits := fmt.Sprintf("%s%020x", guessed, n)
	about := `{"wire":1,"interactionSid":"KD` + digits + `","interactionChannelSid":"UO` + digits + `","taskSid":"WT` + digits + `"`
	header := bearer(token)
	form := func(path string, fields map[string]string) answer {
		fields["Token"] = token
		return r.ask("POST", path, encoded(fields), formHeader)
	}
	switch n % 8 {
	case 0:
		return r.ask("POST", "/v1/transfers", about+`,"rules":"x","mode":"cold","target":{"kind":"worker","sid":"WK`+digits+`"}}`, header)
	case 1:
		return r.ask("POST", "/v1/departures", about+`,"kind":"leave"}`, header)
	case 2:
		return r.ask("GET", "/v1/directory?interactionSid=KD"+digits+"&interactionChannelSid=UO"+digits+"&taskSid=WT"+digits, "", header)
	case 3:
		return form(dropInInvite, map[string]string{
			"taskSid": "WT" + digits, "conversationId": "WT" + digits, "jsonAttributes": "{}", "transferTargetSid": "WK" + digits,
			"workersToIgnore": "{}", "flexInteractionSid": "KD" + digits, "flexInteractionChannelSid": "UO" + digits, "taskChannelUniqueName": "chat",
		})
	case 4:
		return form(dropInRemove, map[string]string{
			"flexInteractionSid": "KD" + digits, "flexInteractionChannelSid": "UO" + digits, "flexInteractionParticipantSid": "UT" + digits,
		})
	case 5:
		return form(dropInAttributes, map[string]string{"conversationSid": "CH" + digits, "attributes": `{"a":1}`})
	case 6:
		return form(dropInStatus, map[string]string{"taskSid": "WT" + digits, "assignmentStatus": "canceled"})
	}
	return form(dropInSample, map[string]string{"Payload": `{"interactionDetails":{"flexInteractionSid":"KD` + digits +
		`","flexInteractionChannelSid":"UO` + digits + `","flexInteractionParticipantSid":"UT` + digits + `"},"transferDetails":{"transferTargetSid":"WK` + digits + `"}}`})
}

// tooManyGuesses reports whether it was refused as one guess too many.
func (a answer) tooManyGuesses() bool {
	return a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") == "1" &&
		(a.code() == "TOO_MANY_GUESSES" || strings.Contains(a.field("message"), "conversations that you are not in"))
}

// TestOneAgentsGuesses lets an agent ask about conversations that do not exist, as
// fast as they can, while others hand theirs over at Twilio's limit: Twilio is
// asked about no more than the allowance, and everybody's transfer is made.
func TestOneAgentsGuesses(t *testing.T) {
	t.Parallel()
	const agents, requests, perGuess = 12, 600, 4 // participants, channel, task, target
	var twilio guessedCalls
	r := guessRig(t, &twilio, crowd(agents))
	snapshot, channels := r.account.Snapshot(), map[string]string{}
	for _, ch := range snapshot.InteractionChannels {
		channels[ch.InteractionSID] = ch.SID
	}
	chidi, began := r.token("chidi"), time.Now()
	var all sync.WaitGroup
	var next, refused, slowest atomic.Int64
	for range 4 {
		all.Go(func() {
			for n := next.Add(1); n <= requests; n = next.Add(1) {
				if r.guess(chidi, int(n)).tooManyGuesses() {
					refused.Add(1)
				}
			}
		})
	}
	for _, a := range agentsIn(r, snapshot, channels, agents) {
		all.Go(func() { a.handOver(r.server.URL, &slowest) })
	}
	all.Wait()
	r.eventuallyWithin(4*time.Minute, "every agent has left", func() bool {
		return r.count(sandbox.Query{Kind: "participant", Status: "left"}) == agents
	})
	took := time.Since(began)
	t.Logf("%d of %d guesses were refused; %d calls for the rest, in %v", refused.Load(), requests, twilio.calls.Load(), took)
	if n := r.invites(); n != agents {
		t.Errorf("%d invites for %d transfers", n, agents)
	}
	allowance := 20 + int(took.Seconds()) + 1
	if n := twilio.asked(); n > allowance || n < 10 {
		t.Errorf("Twilio was asked about %d conversations that do not exist; %d may be", n, allowance)
	}
	if n := int(twilio.calls.Load()); n > perGuess*allowance {
		t.Errorf("%d calls, at most %d are for %d guesses", n, perGuess*allowance, allowance)
	}
	if refused.Load() == 0 {
		t.Error("nothing was refused")
	}
}

// TestGuessesAllAtOnce makes eighty guesses before Twilio has answered the first.
func TestGuessesAllAtOnce(t *testing.T) {
	t.Parallel()
	const requests, allowed = 80, 20
	twilio := guessedCalls{hold: make(chan struct{})}
	r := guessRig(t, &twilio, nil)
	answer := sync.OnceFunc(func() { close(twilio.hold) })
	defer answer()
	chidi := r.token("chidi")
	var all sync.WaitGroup
	var refused atomic.Int64
	for n := range requests {
		if n%8 == 2 {
			continue // the directory is answered whether it asks Twilio or not
		}
		all.Go(func() {
			if r.guess(chidi, n).tooManyGuesses() {
				refused.Add(1)
			}
		})
	}
	r.eventually("all are refused or have asked Twilio", func() bool {
		return twilio.asked()+int(refused.Load()) >= requests*7/8
	})
	if n := twilio.asked(); n != allowed {
		t.Errorf("Twilio was asked about %d conversations at once", n)
	}
	made := r.postOnce("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	for made.busy() && !made.tooManyGuesses() { // the machine may be slow
		made = r.postOnce("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	}
	if made.status >= 300 {
		t.Errorf("somebody else in the middle of it: %d %s", made.status, made.text)
	}
	answer()
	all.Wait()
}

// TestOwnConversationsAreNoGuesses: an agent who asks often about a conversation of
// theirs, and now and then about one that is over, is never taken for somebody who
// guesses.
func TestOwnConversationsAreNoGuesses(t *testing.T) {
	t.Parallel()
	var twilio guessedCalls
	r := guessRig(t, &twilio, nil)
	token, task := r.token("ada"), r.taskOf("ada")
	self, err := json.Marshal(r.body(task, "worker", r.worker("ada").SID))
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"interactionSid": {r.conv.interaction}, "interactionChannelSid": {r.conv.channel}, "taskSid": {task}}
	mayNot := func(what string, a answer) {
		t.Helper()
		if a.tooManyGuesses() || a.status == http.StatusOK && a.body["success"] != nil && a.body["success"] != true {
			t.Errorf("%s: %d %s", what, a.status, a.text)
		}
	}
	for n := range 40 {
		if a := r.ask("GET", "/v1/directory?"+query.Encode(), "", bearer(token)); a.status != http.StatusOK {
			t.Errorf("the directory: %d %s", a.status, a.text)
		}
		mayNot("a transfer to oneself", r.ask("POST", "/v1/transfers", string(self), bearer(token)))
		mayNot("the drop-in's attributes", r.ask("POST", dropInAttributes, encoded(map[string]string{
			"Token": token, "conversationSid": r.conv.ch, "attributes": fmt.Sprintf(`{"n":%d}`, n),
		}), formHeader))
		if n%10 == 0 {
			if a := r.guess(token, 8*n+1); a.code() != "NOT_IN_CONVERSATION" && !a.busy() {
				t.Errorf("one that is over: %d %s", a.status, a.text)
			}
		}
	}
	made := r.post("ada", r.body(task, "worker", r.worker("bea").SID), "k")
	r.phase("ada", made.id(), "ringing")
	r.accept("bea")
	r.phase("ada", made.id(), "completed")
}
