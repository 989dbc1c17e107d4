package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"

	"github.com/flex-transfer/flex-transfer/server/sandbox/flexui"
)

// Flex is the command that runs the real Flex UI with the plugin in it: a
// simulated account, the backend on top of it, and Twilio's pages. It needs the
// Flex UI installed and the plugin built, which make flex does.
type Flex struct {
	Sandbox    `embed:""`
	UIListen   string `name:"flex-addr" env:"FLEX_ADDR" default:"127.0.0.1:8443" placeholder:"HOST:PORT" help:"Loopback address of the Flex UI (TLS)."`
	UI         string `name:"flex-ui" env:"FLEX_UI" default:"server/sandbox/flexui/ui" placeholder:"DIR" help:"Folder in which the Flex UI is installed."`
	Plugin     string `name:"plugin" env:"FLEX_PLUGIN" default:"plugin-shim/build/flex-transfer.js" placeholder:"FILE" help:"The plugin's script."`
	State      string `name:"flex-state" env:"FLEX_STATE" placeholder:"DIR" help:"Folder that keeps the certificate authority of the Flex UI. Default: a new one each time."`
	Language   string `name:"flex-language" env:"FLEX_LANGUAGE" placeholder:"TAG" help:"Language of the Flex UI, such as es-MX."`
	BackendURL string `name:"plugin-backend" env:"PLUGIN_BACKEND" placeholder:"URL" help:"Where the plugin is told that the backend is. Default: where it is."`
	Attributes string `name:"ui-attributes" env:"UI_ATTRIBUTES" placeholder:"JSON" help:"Merged into the configuration's ui_attributes, from which plugins read their settings."`
	JSON       bool   `name:"json" help:"Say where everything is as one line of JSON."`
}

// pluginName is the plugin's name in the list that Flex reads.
const pluginName = "flex-transfer"

// Run serves until ctx is done, and says on out where.
func (f *Flex) Run(ctx context.Context, out io.Writer, logger *slog.Logger) error {
	if err := f.Listen.Validate(); err != nil {
		return err
	}
	if _, err := os.Stat(f.Plugin); err != nil {
		return &Problem{"FLEX_PLUGIN", err.Error() + "; build it with make plugin"}
	}
	dist := filepath.Join(f.UI, "dist") // bundled apart: the program does without the bundler
	if _, err := os.Stat(dist); err != nil {
		return &Problem{"FLEX_UI", err.Error() + "; make deps-flex installs the Flex UI and bundles it"}
	}
	listener, err := listen(&f.Listen)
	if err != nil {
		return err
	}
	demo, err := f.open(logger)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ui, err := f.serveUI(demo, dist, logger)
	if err != nil {
		return errors.Join(err, demo.Close(), listener.Close())
	}
	if err := f.connect(ctx, demo, listener, logger, ui.URL()); err != nil {
		return errors.Join(err, ui.Close(), demo.Close(), listener.Close())
	}
	if err := f.say(out, ui, demo); err != nil {
		return errors.Join(err, ui.Close(), demo.Close(), listener.Close())
	}
	return errors.Join(serve(ctx, listener, demo.handler, demo.drain, demo.Close), ui.Close())
}

// serveUI serves Twilio's pages, with the plugin in the list that they read.
func (f *Flex) serveUI(d *demo, dist string, logger *slog.Logger) (*flexui.Server, error) {
	attributes, err := f.uiAttributes()
	if err != nil {
		return nil, err
	}
	ui, err := flexui.New(d.account, flexui.Options{
		Listen: f.UIListen, StateDir: f.State, BundleDir: dist, Language: f.Language, UIAttributes: attributes, Logger: logger,
		Plugins: []flexui.Plugin{{Name: pluginName, Version: "0.0.0", Src: "/plugins-dev/" + filepath.Base(f.Plugin)}},
		Pages:   http.StripPrefix("/plugins-dev/", http.FileServer(http.Dir(filepath.Dir(f.Plugin)))),
	})
	if err != nil {
		return nil, &Problem{"FLEX_ADDR", err.Error()}
	}
	return ui, nil
}

// uiAttributes are the plugin's settings as an administrator would make them,
// and over them those of the command line.
func (f *Flex) uiAttributes() (map[string]any, error) {
	backend := f.BackendURL
	if backend == "" {
		backend = f.PublicURL
	}
	attributes := map[string]any{"custom_data": map[string]any{"features": map[string]any{
		"flex_transfer": map[string]any{"backend_url": backend},
	}}}
	if f.Attributes == "" {
		return attributes, nil
	}
	var more map[string]any
	if err := json.Unmarshal([]byte(f.Attributes), &more); err != nil {
		return nil, &Problem{"UI_ATTRIBUTES", err.Error()}
	}
	return merged(attributes, more), nil
}

// merged is a with the members of b in it; objects are merged in turn.
func merged(a, b map[string]any) map[string]any {
	into := maps.Clone(a)
	for key, value := range b {
		inner, ok := value.(map[string]any)
		if before, both := into[key].(map[string]any); ok && both {
			into[key] = merged(before, inner)
		} else {
			into[key] = value
		}
	}
	return into
}

// say tells where everything is: for people, or as JSON for programs.
func (f *Flex) say(out io.Writer, ui *flexui.Server, d *demo) error {
	if f.JSON {
		return json.NewEncoder(out).Encode(map[string]any{
			"url": ui.URL(), "stage": f.PublicURL, "backend": f.PublicURL, "spki": ui.SPKI(), "chromium": ui.ChromiumFlags(),
			"account": d.account.AccountSID(), "authToken": d.account.AuthToken(), "workspace": d.account.WorkspaceSID(),
		})
	}
	_, err := fmt.Fprintf(out, "\n  The Flex UI is at %s/as/ada and %s/as/bea, the customer's page at %s\n"+
		"  A browser finds Twilio's names here with these flags:\n", ui.URL(), ui.URL(), f.PublicURL)
	for _, flag := range ui.ChromiumFlags() {
		if err == nil {
			_, err = fmt.Fprintf(out, "    '%s'\n", flag)
		}
	}
	if err == nil {
		_, err = fmt.Fprint(out, "\n  Stop with Ctrl-C.\n")
	}
	return err
}
