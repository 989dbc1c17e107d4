package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Features say what the feature does: a settings file, and switches that count
// more than it, under the template's names. Every other setting of the file is
// also taken from the environment, see package settings.
type Features struct {
	File             string `name:"config" env:"CONFIG" placeholder:"FILE" help:"Settings file; flex-transfer config prints one with everything in it. It may be changed at any time."`
	ColdTransfer     *bool  `name:"cold-transfer" env:"COLD_TRANSFER" negatable:"" help:"Let agents hand conversations over. Counts more than the settings file. Default: true."`
	MultiParticipant *bool  `name:"multi-participant" env:"MULTI_PARTICIPANT" negatable:"" help:"Let agents invite colleagues and stay. Counts more than the settings file. Default: false."`
	NativeTransfers  *bool  `name:"native-transfers" env:"NATIVE_TRANSFERS" negatable:"" help:"Say that Twilio's own messaging transfers are switched on: this feature then stands aside. Counts more than the settings file. Default: false."`
}

// overrides are what counts more than the file: the environment, and flags.
func (f Features) overrides() []settings.Override {
	flags := []struct {
		path, env string
		value     *bool
	}{
		{"transfer.coldTransfer", "COLD_TRANSFER", f.ColdTransfer},
		{"transfer.multiParticipant", "MULTI_PARTICIPANT", f.MultiParticipant},
		{"transfer.nativeTransfers", "NATIVE_TRANSFERS", f.NativeTransfers},
	}
	all := settings.Environment(os.LookupEnv)
	for _, flag := range flags {
		// The flag has been read from the environment too, in more spellings.
		all = slices.DeleteFunc(all, func(o settings.Override) bool { return o.Path == flag.path })
		if flag.value != nil {
			all = append(all, settings.Override{Path: flag.path, Source: flag.env, Text: strconv.FormatBool(*flag.value)})
		}
	}
	return all
}

// open reads the settings of the account; builtIn stands in for the file where
// none is named.
func (f Features) open(account, builtIn string, logger *slog.Logger) (*settings.Store, error) {
	if f.File != "" {
		if _, err := os.Stat(f.File); err != nil {
			return nil, &Problem{"CONFIG", err.Error()}
		}
	}
	return settings.Open(settings.Options{File: f.File, Text: builtIn, Account: account, Overrides: f.overrides(), Logger: logger})
}

// reloadOnHangup looks at the settings file at each SIGHUP, until ctx is done.
func reloadOnHangup(ctx context.Context, store *settings.Store) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				_ = store.RunOnce() // it is logged and counted
			}
		}
	}()
}

// CheckConfig is the command that checks a settings file and says what is in
// force for an account.
type CheckConfig struct {
	File    string `arg:"" placeholder:"FILE" help:"Settings file."`
	Account string `name:"account" env:"TWILIO_ACCOUNT_SID" placeholder:"AC…" help:"Account whose settings are printed. Default: what is in force for accounts that the file does not name."`
}

// Run checks the file for every account and prints what is in force for one,
// each setting with where it comes from.
func (c *CheckConfig) Run(out io.Writer) error {
	if c.Account != "" && !transfer.ValidSID(c.Account, "AC") {
		return &Problem{"--account", "is not the SID of an account: AC and 32 hexadecimal digits are expected"}
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return &Problem{"FILE", err.Error()}
	}
	file, err := settings.Parse(c.File, text)
	if err != nil {
		return err
	}
	effective, err := file.Effective(c.Account, settings.Environment(os.LookupEnv))
	if err != nil {
		return err
	}
	if name := effective.Summary.TokenEnv; name != "" && os.Getenv(name) == "" {
		fmt.Fprintf(out, "# %s is not set here: a backend without it does not start.\n", name)
	}
	return effective.Print(out)
}
