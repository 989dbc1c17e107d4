package digest

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// FuzzSummary holds whatever a summary service answers to what a page can show: short, printable text.
func FuzzSummary(f *testing.F) {
	for _, answer := range []string{`{"summary":"x"}`, `{"summary":"\u0000\ud800\u202e"}`, `[]`, `<html>`, `{"summary":1}`} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		text, err := summaryOf(answer)
		if err != nil {
			if text != "" {
				t.Errorf("%q with %v", text, err)
			}
			return
		}
		if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxText {
			t.Errorf("%q became %q", answer, text)
		}
		for _, r := range text {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Errorf("%q became %q", answer, text)
			}
		}
	})
}

// FuzzText holds the digest by plain code to its length, and its quotes to one line, whatever people write.
func FuzzText(f *testing.F) {
	f.Add("Hello", "ada", "reason", `{"customerAddress":"cleo-1"}`)
	f.Add("\x00\xff\u2028\n", "", strings.Repeat("x", 2000), "[")
	f.Fuzz(func(t *testing.T, body, author, reason, attributes string) {
		in := input(past("XT1", author, reason, transfer.PhaseCompleted))
		in.Transfer.Invite.Attributes = attributes
		d := (&fake{}).say(3, "cleo-1", body).say(2, author, body).maker().Make(t.Context(), in)
		if d.Text == "" || utf8.RuneCountInString(d.Text) > MaxText || !utf8.ValidString(d.Text) {
			t.Errorf("%q", d.Text)
		}
		if lines := strings.Count(d.Text, "\n"); lines > 3 {
			t.Errorf("%d lines: %q", lines+1, d.Text)
		}
		if _, err := json.Marshal(d); err != nil {
			t.Error(err)
		}
	})
}
