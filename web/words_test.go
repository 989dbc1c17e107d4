package web

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/js"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// languages returns the words of every language, by file name.
func languages(t *testing.T) map[string]map[string]string {
	t.Helper()
	names, err := fs.Glob(Files(), "words/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no words are embedded: %v", err)
	}
	found := map[string]map[string]string{}
	for _, name := range names {
		var words map[string]string
		if err := json.Unmarshal([]byte(read(t, name)), &words); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found[name] = words
	}
	return found
}

// sources returns the text of all files under the folders that end so and are
// no tests, by path. A folder that is not there has none.
func sources(t *testing.T, endings []string, folders ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && path == folder:
				return nil
			case err != nil:
				return err
			case entry.IsDir() && slices.Contains([]string{"node_modules", "e2e", "testdata", "dist", "official"}, entry.Name()):
				return fs.SkipDir
			case entry.IsDir(), strings.Contains(entry.Name(), "_test."), strings.Contains(entry.Name(), ".test."):
				return nil
			case !slices.Contains(endings, filepath.Ext(path)):
				return nil
			}
			text, err := os.ReadFile(path)
			found[path] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// users are the sources that show words: pages, plugin and Go.
func users(t *testing.T) map[string]string {
	t.Helper()
	found := sources(t, []string{".js", ".ts", ".tsx"}, ".", "../plugin-shim")
	maps.Copy(found, sources(t, []string{".go"}, "../server"))
	return found
}

// wordUse finds t("key" in pages and plugin, and Text("key" in Go.
var wordUse = regexp.MustCompile(`\b(?:t|Text)\(\s*"(\w+\.\w+)"`)

func TestEveryWordUsedExists(t *testing.T) {
	uses := 0
	for language, words := range languages(t) {
		for file, text := range users(t) {
			for _, use := range wordUse.FindAllStringSubmatch(text, -1) {
				uses++
				if words[use[1]] == "" && (words[use[1]+"_one"] == "" || words[use[1]+"_other"] == "") {
					t.Errorf("%s: %s uses %q, which has no text", language, file, use[1])
				}
			}
		}
	}
	if uses == 0 {
		t.Error("nothing uses any words: this test looks in the wrong place")
	}
}

// The English words are the source of the texts that the rules and the server
// have with them, so that they work where the words do not.
func TestReasonsSayWhatTheEnglishWordsSay(t *testing.T) {
	words := languages(t)["words/en-US.json"]
	for _, reason := range transfer.Reasons() {
		if got, want := reason.Message(), words["reason."+string(reason)]; got != want {
			t.Errorf("%s says %q, words/en-US.json says %q", reason, got, want)
		}
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	code := regexp.MustCompile(`(?m)^\s*Reason\w+ +(?:transfer\.)?Reason += "([A-Z_]+)"`)
	var codes []string
	for _, text := range sources(t, []string{".go"}, "../wasm", "../server") {
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			codes = append(codes, m[1])
		}
	}
	if len(codes) < len(transfer.Reasons()) {
		t.Fatalf("only %d codes were found: this test looks in the wrong place", len(codes))
	}
	for language, words := range languages(t) {
		for _, c := range codes {
			if words["reason."+c] == "" {
				t.Errorf("%s: %s has no text", language, c)
			}
		}
	}
}

func TestNoWordIsUnused(t *testing.T) {
	used := map[string]bool{}
	for _, text := range users(t) {
		for _, use := range wordUse.FindAllStringSubmatch(text, -1) {
			for _, form := range []string{"", "_one", "_other"} {
				used[use[1]+form] = true
			}
		}
	}
	var codes strings.Builder
	for _, text := range sources(t, []string{".go", ".js", ".ts", ".tsx"}, "../wasm", "../server", ".", "../plugin-shim") {
		codes.WriteString(text)
	}
	given := codes.String()
	// Where English alone has none to spare, no language has: they have the same keys.
	for key := range languages(t)["words/en-US.json"] {
		code, isReason := strings.CutPrefix(key, "reason.")
		switch {
		case isReason && !strings.Contains(given, `"`+code+`"`):
			t.Errorf("%q: nothing gives the code %s", key, code)
		case !isReason && !used[key] && key != "error.unknown":
			t.Errorf("%q is used nowhere", key)
		}
	}
}

var placeholders = regexp.MustCompile(`\{\w+\}`)

func TestWordsOfEachLanguageTakeTheSameValues(t *testing.T) {
	all := languages(t)
	english := all["words/en-US.json"]
	for language, words := range all {
		for key, text := range words {
			want, got := valuesOf(english[key]), valuesOf(text)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q takes %v, English takes %v", language, key, got, want)
			}
			if rest := placeholders.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
				t.Errorf("%s: %q has a brace that belongs to no value: %s", language, key, text)
			}
		}
	}
}

// valuesOf returns the placeholders of a text in order of name: a language may say them in another order.
func valuesOf(text string) []string {
	found := placeholders.FindAllString(text, -1)
	slices.Sort(found)
	return found
}

// What is counted has both forms, in every language: Intl.PluralRules chooses.
func TestCountedWordsHaveBothForms(t *testing.T) {
	for language, words := range languages(t) {
		for key, text := range words {
			base, one := strings.CutSuffix(key, "_one")
			base2, other := strings.CutSuffix(key, "_other")
			if (one && words[base+"_other"] == "") || (other && words[base2+"_one"] == "") {
				t.Errorf("%s: %q has no other form", language, key)
			}
			if (one || other) && !slices.Contains(valuesOf(text), "{n}") {
				t.Errorf("%s: %q does not say how many", language, key)
			}
		}
	}
}

func TestEveryLanguageHasTheKeysOfEnglish(t *testing.T) {
	all := languages(t)
	english := all["words/en-US.json"]
	for language, words := range all {
		for key := range english {
			if strings.TrimSpace(words[key]) == "" {
				t.Errorf("%s: %q has no text", language, key)
			}
		}
		for key := range words {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %q is not a key of English", language, key)
			}
		}
	}
}

// A JSON object may name a key twice, and the last would silently win.
func TestNoWordIsSaidTwice(t *testing.T) {
	key := regexp.MustCompile(`(?m)^\s*"([^"]+)":`)
	for language, words := range languages(t) {
		if lines := key.FindAllString(read(t, language), -1); len(lines) != len(words) {
			t.Errorf("%s: %d lines give %d texts", language, len(lines), len(words))
		}
	}
}

// sameInEnglish are the texts that some language rightly says as English does: names, symbols and loan words.
var sameInEnglish = regexp.MustCompile(`^(top\.title|top\.titleRinging|faults\.unavailable|channel\.(sms|whatsapp)|directory\.why|time\.(seconds|minutes)|people\.supervisor|trace\.(webhooks|colStatus|colMs|byTwilio|byBackend))$`)

func TestNoTextWasLeftInEnglish(t *testing.T) {
	all := languages(t)
	english := all["words/en-US.json"]
	for language, words := range all {
		for key, text := range words {
			if language != "words/en-US.json" && text == english[key] && !sameInEnglish.MatchString(key) {
				t.Errorf("%s: %q is still the English %q", language, key, text)
			}
		}
	}
}

func TestPagesOfferTheLanguagesThatHaveWords(t *testing.T) {
	script, err := fs.ReadFile(js.Files(), "words.js")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)const LANGUAGES = \[(.*?)\]`).FindSubmatch(script)
	if list == nil {
		t.Fatal("wasm/js/words.js has no list LANGUAGES")
	}
	var offered []string
	for _, name := range regexp.MustCompile(`"([^"]+)"`).FindAllSubmatch(list[1], -1) {
		offered = append(offered, string(name[1]))
	}
	if !slices.Equal(offered, Languages) {
		t.Errorf("pages offer %v, Go offers %v", offered, Languages)
	}
	var have []string
	for name := range languages(t) {
		have = append(have, strings.TrimSuffix(strings.TrimPrefix(name, "words/"), ".json"))
	}
	slices.Sort(have)
	if !slices.Equal(slices.Sorted(slices.Values(Languages)), have) {
		t.Errorf("Go offers %v, there are %v", Languages, have)
	}
}

// The same readers as in wasm/js/words.test.mjs.
func TestReadersAreServedTheNearestLanguage(t *testing.T) {
	text, err := os.ReadFile("testdata/readers.json")
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]string{}
	if err := json.Unmarshal(text, &readers); err != nil {
		t.Fatal(err)
	}
	for _, weighed := range []struct{ header, language string }{
		{"de, es-AR;q=0.8, th;q=0.9", "th"}, {"pt;q=0, th;q=0.1", "th"}, {"th;q=2, pt;q=x, zh;q=NaN", "en-US"},
		{"en;q=0.5,pt-BR ; q=0.5", "en-US"}, {"*", "en-US"}, {"fr-CH, *;q=0.5", "en-US"}, {strings.Repeat("xx,", 1000) + "th", "th"},
	} {
		readers[weighed.header] = weighed.language
	}
	for header, language := range readers {
		if got := Words(header).Language; got != language {
			t.Errorf("Accept-Language %q is served %s, want %s", header, got, language)
		}
	}
}

func TestTextsTakeTheirValues(t *testing.T) {
	w := Words("es-MX")
	if got := w.Text("progress.declinedTrying", map[string]string{"tried": "{name}", "name": "Caja"}); got != "{name} rechazó la solicitud; probando con Caja…" {
		t.Errorf("%q", got)
	}
	if got := w.Reason("TARGET_DECLINED"); got != "El agente rechazó la solicitud." {
		t.Errorf("%q", got)
	}
	if got := w.Reason("NO_SUCH_REASON"); got != "" {
		t.Errorf("%q", got)
	}
}
