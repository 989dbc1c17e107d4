package app

import (
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

// The plugin's settings of the command line go into those that the command
// makes, object by object.
func TestFlexUIAttributes(t *testing.T) {
	f := Flex{Sandbox: Sandbox{Listen: Listen{PublicURL: "http://127.0.0.1:8080"}}}
	f.Attributes = `{"theme": 1, "custom_data": {"features": {"conversation_transfer": {"cold_transfer": false}}}}`
	got, err := f.uiAttributes()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"theme": 1.0, "custom_data": map[string]any{"features": map[string]any{
		"flex_transfer":         map[string]any{"backend_url": "http://127.0.0.1:8080"},
		"conversation_transfer": map[string]any{"cold_transfer": false},
	}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	f.Attributes = "{"
	if _, err := f.uiAttributes(); !IsProblem(err) || !strings.Contains(err.Error(), "UI_ATTRIBUTES") {
		t.Errorf("got %v, want a problem that names UI_ATTRIBUTES", err)
	}
}

// Without the plugin the command says how to build it, before it starts anything.
func TestFlexWithoutPlugin(t *testing.T) {
	f := Flex{Sandbox: Sandbox{Listen: Listen{Addr: "127.0.0.1:0", Runners: 1}}, Plugin: t.TempDir() + "/none.js"}
	err := f.Run(t.Context(), io.Discard, slog.New(slog.DiscardHandler))
	if !IsProblem(err) || !strings.Contains(err.Error(), "make plugin") {
		t.Errorf("got %v, want a problem that says make plugin", err)
	}
}
