// Package app puts the backend together: configuration, wiring, start and
// stop. Nothing is wired anywhere else.
package app

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/httpapi"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Listen is where and how the backend serves; it is shared by all commands.
type Listen struct {
	Addr       string        `name:"addr" env:"ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on."`
	PublicURL  string        `name:"public-url" env:"PUBLIC_URL" placeholder:"URL" help:"Where Twilio and browsers reach this backend, such as https://transfer.example.com. Webhook signatures are checked against it. Default: http:// and the address."`
	DataDir    string        `name:"data-dir" env:"DATA_DIR" placeholder:"DIR" help:"Folder of the ledger. Default: data/<account>."`
	Origins    []string      `name:"allowed-origin" env:"ALLOWED_ORIGINS" default:"https://flex.twilio.com" placeholder:"ORIGIN" help:"Origins whose pages may call the API; * allows any."`
	LogLevel   string        `name:"log-level" env:"LOG_LEVEL" default:"info" help:"How much is logged: debug, info, warn or error."`
	LogFormat  string        `name:"log-format" env:"LOG_FORMAT" default:"text" help:"How it is logged: text or json."`
	Runners    int           `name:"runners" env:"RUNNERS" default:"32" help:"Transfers that are carried on at once."`
	AgentRate  int           `name:"agent-requests-per-second" env:"AGENT_REQUESTS_PER_SECOND" default:"10" placeholder:"N" help:"Requests a second that one agent may make, four times as many at once; 0 for any number."`
	DrainDelay time.Duration `name:"drain-delay" env:"DRAIN_DELAY" default:"0s" placeholder:"TIME" help:"How long after SIGTERM the backend, not ready any more, still answers, so that load balancers notice. Give it a few seconds where there are several replicas."`
	NATS       []string      `name:"nats-url" env:"NATS_URLS" placeholder:"URL" help:"NATS servers with JetStream that keep the ledger for several replicas. Default: an embedded one in the data directory."`
	NATSCreds  string        `name:"nats-creds" env:"NATS_CREDS" placeholder:"FILE" help:"Credentials file for NATS."`
	Replicas   int           `name:"nats-replicas" env:"NATS_REPLICAS" default:"3" help:"Copies of the ledger that NATS keeps, with --nats-url: 1, 3 or 5."`
}

// Account names the Twilio account and how to sign in to it, under the names
// that the Flex project template uses.
type Account struct {
	AccountSID   string `name:"twilio-account-sid" env:"TWILIO_ACCOUNT_SID" placeholder:"AC…" help:"Twilio account."`
	APIKey       string `name:"twilio-api-key" env:"TWILIO_API_KEY" placeholder:"SK…" help:"API key."`
	APISecret    string `name:"twilio-api-secret" env:"TWILIO_API_SECRET" placeholder:"…" help:"Secret of the API key. Better set in the environment than on the command line."`
	AuthToken    string `name:"twilio-auth-token" env:"TWILIO_AUTH_TOKEN" placeholder:"…" help:"Auth token: webhooks are signed with it. Better set in the environment than on the command line."`
	WorkspaceSID string `name:"twilio-flex-workspace-sid" env:"TWILIO_FLEX_WORKSPACE_SID" placeholder:"WS…" help:"TaskRouter workspace of Flex."`
	WorkflowSID  string `name:"twilio-flex-chat-transfer-workflow-sid" env:"TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID" placeholder:"WW…" help:"Workflow that routes transfers."`
	BaseURL      string `name:"twilio-base-url" env:"TWILIO_BASE_URL" placeholder:"URL" help:"Sends all of Twilio's products to one address, such as a sandbox; the Host header still names the product."`
	Rate         int    `name:"twilio-requests-per-second" env:"TWILIO_REQUESTS_PER_SECOND" default:"20" placeholder:"N" help:"Calls a second to each of Twilio's endpoints, Twilio's limit; 0 lifts it, for accounts whose limit was lifted and for benchmarks."`
}

// Problem is a setting that does not do.
type Problem struct {
	Setting string // its name in the environment
	Problem string
}

// Error names the setting.
func (p *Problem) Error() string { return p.Setting + ": " + p.Problem }

// Validate returns every setting that does not do, each as a *Problem.
func (a Account) Validate() error {
	var problems []error
	sid := func(setting, value, prefix, what string) {
		switch {
		case value == "":
			problems = append(problems, &Problem{setting, fmt.Sprintf("is not set; it is the SID of %s (%s and 32 hexadecimal digits)", what, prefix)})
		case !transfer.ValidSID(value, prefix):
			problems = append(problems, &Problem{setting, fmt.Sprintf("is not the SID of %s: %s and 32 hexadecimal digits are expected", what, prefix)})
		}
	}
	sid("TWILIO_ACCOUNT_SID", a.AccountSID, "AC", "the Twilio account")
	sid("TWILIO_FLEX_WORKSPACE_SID", a.WorkspaceSID, "WS", "the TaskRouter workspace of Flex")
	sid("TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID", a.WorkflowSID, "WW", "the workflow that routes transfers")
	if a.APIKey != "" || a.APISecret != "" {
		sid("TWILIO_API_KEY", a.APIKey, "SK", "an API key")
		if a.APISecret == "" {
			problems = append(problems, &Problem{"TWILIO_API_SECRET", "is not set, but TWILIO_API_KEY is"})
		}
	}
	if a.AuthToken == "" {
		problems = append(problems, &Problem{"TWILIO_AUTH_TOKEN", "is not set; webhooks are verified with it, and calls are signed in with it where there is no API key"})
	}
	if a.BaseURL != "" {
		problems = appendOrigin(problems, "TWILIO_BASE_URL", strings.TrimSuffix(a.BaseURL, "/"))
	}
	if a.Rate < 0 || a.Rate > 10_000 {
		problems = append(problems, &Problem{"TWILIO_REQUESTS_PER_SECOND", fmt.Sprintf("%d is not between 0 and 10000", a.Rate)})
	}
	return errors.Join(problems...)
}

// Validate returns every setting that does not do, each as a *Problem.
func (l Listen) Validate() error {
	var problems []error
	if _, _, err := net.SplitHostPort(l.Addr); err != nil {
		problems = append(problems, &Problem{"ADDR", fmt.Sprintf("%q is not a host and a port, such as 127.0.0.1:8080", l.Addr)})
	}
	if l.PublicURL != "" {
		problems = appendOrigin(problems, "PUBLIC_URL", strings.TrimSuffix(l.PublicURL, "/"))
	}
	for _, o := range l.Origins {
		if o != "*" {
			problems = appendOrigin(problems, "ALLOWED_ORIGINS", o)
		}
	}
	for _, u := range l.NATS {
		if parsed, err := url.Parse(u); err != nil || parsed.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, parsed.Scheme) {
			problems = append(problems, &Problem{"NATS_URLS", "an address is not like nats://host:4222"})
		}
	}
	if !slices.Contains([]string{"", "debug", "info", "warn", "error"}, l.LogLevel) {
		problems = append(problems, &Problem{"LOG_LEVEL", fmt.Sprintf("%q is not one of debug, info, warn, error", l.LogLevel)})
	}
	if !slices.Contains([]string{"", "text", "json"}, l.LogFormat) {
		problems = append(problems, &Problem{"LOG_FORMAT", fmt.Sprintf("%q is neither text nor json", l.LogFormat)})
	}
	if l.Runners < 1 || l.Runners > 4096 {
		problems = append(problems, &Problem{"RUNNERS", fmt.Sprintf("%d is not between 1 and 4096", l.Runners)})
	}
	if l.DrainDelay < 0 || l.DrainDelay > 5*time.Minute {
		problems = append(problems, &Problem{"DRAIN_DELAY", fmt.Sprintf("%s is not between 0s and 5m", l.DrainDelay)})
	}
	if l.AgentRate < 0 || l.AgentRate > 10_000 {
		problems = append(problems, &Problem{"AGENT_REQUESTS_PER_SECOND", fmt.Sprintf("%d is not between 0 and 10000", l.AgentRate)})
	}
	if len(l.NATS) > 0 && !slices.Contains([]int{1, 3, 5}, l.Replicas) {
		problems = append(problems, &Problem{"NATS_REPLICAS", fmt.Sprintf("%d is not 1, 3 or 5", l.Replicas)})
	}
	if l.NATSCreds != "" {
		if _, err := os.Stat(l.NATSCreds); err != nil {
			problems = append(problems, &Problem{"NATS_CREDS", err.Error()})
		}
	}
	return errors.Join(problems...)
}

// appendOrigin checks scheme, host and port without a path.
func appendOrigin(problems []error, setting, value string) []error {
	if err := httpapi.CheckOrigin(value); err != nil {
		return append(problems, &Problem{setting, err.Error()})
	}
	return problems
}

// The times of the HTTP server. Answers may take as long as a request waits
// for Twilio; streams lift the write limit for themselves.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 15 * time.Second
)

// IsProblem reports whether a setting is what is wrong.
func IsProblem(err error) bool {
	var own *Problem
	var file *settings.Problem
	return errors.As(err, &own) || errors.As(err, &file)
}
