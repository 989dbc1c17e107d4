// Command flex-transfer hands conversations of Twilio Flex over: the backend
// (serve), and a demo with a simulated Twilio account in it (sandbox).
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/flex-transfer/flex-transfer/server/app"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// commands are the program's commands and their flags.
type commands struct {
	Serve       app.Serve       `cmd:"" help:"Run the backend against a Twilio account."`
	Sandbox     app.Sandbox     `cmd:"" help:"Run the demo: the backend, a simulated Twilio account and the pages of an agent desk. Needs no Twilio account."`
	Flex        app.Flex        `cmd:"" help:"Run the real Flex UI with the plugin in it, against a simulated Twilio account. make flex installs and builds what it needs."`
	Config      config          `cmd:"" help:"Print a settings file with everything in it and what it means."`
	CheckConfig app.CheckConfig `cmd:"" help:"Check a settings file, and print what is in force for an account and why."`
	Version     version         `cmd:"" help:"Print the version and the hash of the rules."`
}

type (
	version struct{}
	config  struct{}
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: it returns the exit code, 2 for a wrong
// command line or setting, 1 for everything else that fails.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("flex-transfer"), kong.UsageOnError(),
		kong.Description("Conversation transfer for Twilio Flex."),
		kong.Writers(out, errs), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(errs, "flex-transfer:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(errs, "flex-transfer: %v\nTry flex-transfer --help.\n", err)
		return 2
	}
	switch command.Command() {
	case "serve":
		err = c.Serve.Run(ctx, out, newLogger(errs, c.Serve.Listen))
	case "sandbox":
		err = c.Sandbox.Run(ctx, out, newLogger(errs, c.Sandbox.Listen))
	case "flex":
		err = c.Flex.Run(ctx, out, newLogger(errs, c.Flex.Listen))
	case "config":
		_, err = io.WriteString(out, settings.Example())
	case "check-config <file>":
		err = c.CheckConfig.Run(out)
	case "version":
		printVersion(out)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(errs, "flex-transfer:", err)
	if app.IsProblem(err) {
		return 2
	}
	return 1
}

func newLogger(w io.Writer, l app.Listen) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func printVersion(out io.Writer) {
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
	}
	fmt.Fprintf(out, "flex-transfer %s, rules %s\n", v, transfer.RulesHash)
}
