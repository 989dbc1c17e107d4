package twilioapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"time"

	twilio "github.com/twilio/twilio-go/client"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Options say which account to talk to, and how.
type Options struct {
	// AccountSID (AC…) and WorkspaceSID (WS…, of Flex's TaskRouter workspace) are required.
	AccountSID, WorkspaceSID string
	// APIKey (SK…) and APISecret sign in; where they are empty, AuthToken does.
	APIKey, APISecret, AuthToken string
	// BaseURL sends the requests to all of Twilio's products to one scheme and host, such as a sandbox; the Host
	// header still names the product. Empty means Twilio.
	BaseURL string
	// Transport carries the requests; nil means a connection pool of the client's own.
	Transport http.RoundTripper
	// Pace keeps the requests under Twilio's limit; nil means NewPacer(DefaultRate).
	Pace Pacer
	// Logger gets failed attempts, at level debug; nil means nothing is logged.
	Logger *slog.Logger
	// Observe is told about every attempt, for metrics. It is called on the caller's goroutine and must be quick.
	Observe func(Call)
}

// Call is one attempt at a request.
type Call struct {
	Endpoint string // such as "Invites.create"
	Attempt  int    // 1 for the first
	Status   int    // HTTP status, 0 without an answer
	Code     int    // Twilio's error code, 0 if none
	Outcome  Outcome
	Waited   time.Duration // for the pacer
	Duration time.Duration // from sending to the end of the answer
}

// Client makes calls to one Twilio account. It is safe for concurrent use.
type Client struct {
	account, workspace string
	credentials        *twilio.Credentials
	secrets            []string
	base               *url.URL // nil: Twilio
	transport          http.RoundTripper
	own                *http.Transport // the transport, where it is ours
	pace               Pacer
	logger             *slog.Logger
	observe            func(Call)
	// attemptLimit ends an attempt whose context has no earlier deadline.
	attemptLimit time.Duration
}

const attemptLimit = 15 * time.Second

// readLimit is how long the first attempt of a read takes at most that somebody waits for: of a connection that hangs
// nothing comes any more, and a customer may be alone meanwhile.
const readLimit = 3 * time.Second

// ReadLimit is how long the attempt (1, 2, …) of a read takes at most before it is made anew, twice as long each time, so
// that an answer that is only slow gets through. A read of the sweep's class, which nobody waits for, has all the time
// that any request has. otherwise is the class that the read has where ctx says nothing.
func ReadLimit(ctx context.Context, otherwise Class, attempt int) time.Duration {
	if classOf(ctx, otherwise) == ClassSweep {
		return attemptLimit
	}
	return min(readLimit<<(attempt-1), attemptLimit)
}

// credential is what twilio-go accepts as a username or password.
var credential = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

// New returns a client, or an error that names every option that does not do. It makes no request.
func New(o Options) (*Client, error) {
	base, baseErr := parseBase(o.BaseURL)
	if err := errors.Join(checkSIDs(o), checkCredentials(o), baseErr); err != nil {
		return nil, fmt.Errorf("twilioapi: %w", err)
	}
	c := &Client{
		account: o.AccountSID, workspace: o.WorkspaceSID, base: base, transport: o.Transport, pace: o.Pace,
		credentials: twilio.NewCredentials(o.APIKey, o.APISecret),
		logger:      o.Logger, observe: o.Observe, attemptLimit: attemptLimit,
	}
	if o.APIKey == "" {
		c.credentials = twilio.NewCredentials(o.AccountSID, o.AuthToken)
	}
	for _, secret := range []string{o.APISecret, o.AuthToken} {
		if secret != "" {
			c.secrets = append(c.secrets, secret)
		}
	}
	if c.transport == nil {
		c.own = newTransport()
		c.transport = c.own
	}
	if c.pace == nil {
		c.pace = NewPacer(DefaultRate)
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// Close gives back idle connections of the client's own pool. Calls under way go on.
func (c *Client) Close() error {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
	return nil
}

// InviteLine is how long an invite that is asked for now is likely to wait for its turn; see [Liner].
func (c *Client) InviteLine() time.Duration {
	if l, ok := c.pace.(Liner); ok {
		return l.Line(invitesCreate.name, invitesCreate.class)
	}
	return 0
}

func checkSIDs(o Options) error {
	var errs []error
	if !transfer.ValidSID(o.AccountSID, "AC") {
		errs = append(errs, errors.New("Options.AccountSID: not an account SID (AC and 32 hexadecimal digits)"))
	}
	if !transfer.ValidSID(o.WorkspaceSID, "WS") {
		errs = append(errs, errors.New("Options.WorkspaceSID: not a workspace SID (WS and 32 hexadecimal digits)"))
	}
	return errors.Join(errs...)
}

func checkCredentials(o Options) error {
	switch {
	case o.APIKey == "" && o.AuthToken == "":
		return errors.New("Options.APIKey or Options.AuthToken: one of them is needed to sign in")
	case o.APIKey == "" && !credential.MatchString(o.AuthToken):
		return errors.New("Options.AuthToken: letters and digits only")
	case o.APIKey != "" && !transfer.ValidSID(o.APIKey, "SK"):
		return errors.New("Options.APIKey: not an API key SID (SK and 32 hexadecimal digits)")
	case o.APIKey != "" && !credential.MatchString(o.APISecret):
		return errors.New("Options.APISecret: needed with an API key, letters and digits only")
	}
	return nil
}

func parseBase(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("Options.BaseURL: not an address such as http://127.0.0.1:8080")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "", u.User != nil:
		return nil, errors.New("Options.BaseURL: only scheme and host, no path, query or user")
	}
	return u, nil
}
