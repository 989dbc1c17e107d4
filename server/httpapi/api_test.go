package httpapi

import (
	"strings"
	"testing"
	"time"
)

func TestNewNamesTheOptionAtFault(t *testing.T) {
	for want, spoil := range map[string]func(*Options){
		"Verifier":   func(o *Options) { o.Verifier = nil },
		"Transfers":  func(o *Options) { o.Transfers = nil },
		"Directory":  func(o *Options) { o.Directory = nil },
		"Watch":      func(o *Options) { o.Watch = nil },
		"Webhooks":   func(o *Options) { o.Webhooks = nil },
		"PublicURL":  func(o *Options) { o.PublicURL = "" },
		"Origins[1]": func(o *Options) { o.Origins = []string{"*", "https://a.example.com/x"} },
		"Heartbeat":  func(o *Options) { o.Heartbeat = -time.Second },
	} {
		w := newWorld()
		o := Options{Verifier: w, Transfers: w, Directory: w, Watch: w, Webhooks: w, PublicURL: publicURL}
		if _, err := New(o); err != nil {
			t.Fatal(err)
		}
		spoil(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "Options."+want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://flex.twilio.com": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true,
		"": false, "flex.twilio.com": false, "https://": false, "null": false, "ftp://a": false, "https://a/": false,
		"https://a?b": false, "https://a#b": false, "https://u:p@a": false, "https://*.twilio.com": false, "https://a b": false, "%zz://": false,
	} {
		if err := CheckOrigin(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
