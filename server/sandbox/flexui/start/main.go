// Command start serves the real Flex UI against a simulated account, for people and for browser tests.
//
//	go run ./server/sandbox/flexui/start [-listen 127.0.0.1:8443] [-state DIR] [-world FILE] [-plugin NAME=ADDRESS]...
//
// It bundles the Flex UI where that is needed, and prints one line of JSON: the page's address, Chromium's flags, the
// address of the stage, where customers and workers are played (package server/sandbox/stage), the authority's certificate, and
// the account's credentials for the REST API, which is behind the page's and the stage's addresses, by Host header. The
// members are called as in the line of `flex-transfer flex --json`. With -bundle it bundles and ends.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/sandbox/flexui"
	"github.com/flex-transfer/flex-transfer/server/sandbox/flexui/bundle"
	"github.com/flex-transfer/flex-transfer/server/sandbox/stage"
)

type config struct {
	listen, state, world, ui string
	bundleOnly, verbose      bool
	lifetime                 time.Duration
	plugins                  []flexui.Plugin
	attributes               map[string]any
}

func main() {
	c, err := parse(os.Args[1:])
	if err == nil {
		err = run(c)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

func parse(args []string) (config, error) {
	c := config{}
	f := flag.NewFlagSet("start", flag.ContinueOnError)
	f.StringVar(&c.listen, "listen", "127.0.0.1:0", "loopback address of the Flex UI (TLS)")
	f.StringVar(&c.state, "state", "", "folder that keeps the certificate authority; empty makes a new one each time")
	f.StringVar(&c.world, "world", "", "file with the world; empty is the demo's")
	f.StringVar(&c.ui, "ui", "server/sandbox/flexui/ui", "folder with the Flex UI's package.json")
	f.DurationVar(&c.lifetime, "lifetime", 0, "how long a sign-in is good; 0 is 12h")
	f.BoolVar(&c.bundleOnly, "bundle", false, "bundle the Flex UI and end")
	f.BoolVar(&c.verbose, "verbose", false, "log every request")
	f.Func("plugin", "NAME=ADDRESS or NAME@VERSION=ADDRESS of a plugin's script; may be repeated", func(text string) error {
		name, src, ok := strings.Cut(text, "=")
		if !ok {
			return errors.New("wants NAME=ADDRESS")
		}
		name, version, _ := strings.Cut(name, "@")
		if version == "" {
			version = "0.0.0"
		}
		c.plugins = append(c.plugins, flexui.Plugin{Name: name, Version: version, Src: src})
		return nil
	})
	f.Func("ui-attributes", "JSON object that is merged into the configuration's ui_attributes", func(text string) error {
		return json.Unmarshal([]byte(text), &c.attributes)
	})
	return c, f.Parse(args)
}

func run(c config) error {
	dist, err := bundle.Build(c.ui)
	if err != nil || c.bundleOnly {
		return err
	}
	world := sandbox.DemoWorld()
	if c.world != "" {
		text, err := os.ReadFile(c.world)
		if err != nil {
			return err
		}
		if world, err = sandbox.ParseWorld(text); err != nil {
			return err
		}
	}
	level := slog.LevelWarn
	if c.verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	account := sandbox.New(sandbox.Options{Seed: uint64(time.Now().UnixNano()), Logger: logger})
	defer account.Close()
	if err := account.Load(world); err != nil {
		return err
	}
	server, err := flexui.New(account, flexui.Options{Listen: c.listen, StateDir: c.state, BundleDir: dist, Plugins: c.plugins,
		UIAttributes: c.attributes, TokenLifetime: c.lifetime, Logger: logger})
	if err != nil {
		return err
	}
	defer server.Close()
	return serve(account, server)
}

// serve adds the stage on a port of its own, says where everything is, and waits for the end.
func serve(account *sandbox.Account, server *flexui.Server) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	mux := http.NewServeMux()
	mux.Handle("/stage/", stage.Handler(account))
	mux.Handle("/", account.Handler())
	mux.HandleFunc("/unanswered", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(server.Unanswered())
	})
	go func() { _ = http.Serve(l, mux) }()
	line, err := json.Marshal(map[string]any{"url": server.URL(), "stage": "http://" + l.Addr().String(), "spki": server.SPKI(),
		"chromium": server.ChromiumFlags(), "authority": string(server.Authority()), "account": account.AccountSID(),
		"authToken": account.AuthToken(), "workspace": account.WorkspaceSID()})
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	<-end
	return nil
}
