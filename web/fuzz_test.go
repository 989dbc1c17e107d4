package web

import (
	"slices"
	"testing"
)

// FuzzWords: whatever a browser says it wants to read, it gets a language that there are texts in.
func FuzzWords(f *testing.F) {
	for _, header := range []string{"", "th", "es-MX,es;q=0.8,en;q=0.1", "zh-Hant-TW", "zh-TW-hans;q=1.0", "pt;q=0", "en;q=NaN", "de;q=1e309, *", ";;,;q==", "ES-419 ; Q = 0.5"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if w := Words(header); !slices.Contains(Languages, w.Language) || len(w.own) == 0 {
			t.Errorf("%q: %q with %d texts", header, w.Language, len(w.own))
		}
	})
}
