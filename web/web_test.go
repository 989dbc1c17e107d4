package web

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// read returns the text of one of the pages' files.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// scripts returns the text of every module, by name.
func scripts(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(Files(), "demo/*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts are embedded: %v", err)
	}
	found := map[string]string{}
	for _, name := range names {
		found[name] = read(t, name)
	}
	return found
}

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

var wordUse = regexp.MustCompile(`\bt\("([^"]+)"`)

func TestEveryWordUsedExists(t *testing.T) {
	for language, words := range languages(t) {
		for file, text := range scripts(t) {
			for _, use := range wordUse.FindAllStringSubmatch(text, -1) {
				if words[use[1]] == "" {
					t.Errorf("%s: %s uses %q, which has no text", language, file, use[1])
				}
			}
		}
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for language, words := range languages(t) {
		for _, reason := range transfer.Reasons() {
			if words["reason."+string(reason)] == "" {
				t.Errorf("%s: %s has no text", language, reason)
			}
		}
	}
}

func TestNoWordIsUnused(t *testing.T) {
	used := map[string]bool{}
	all := ""
	for _, text := range scripts(t) {
		all += text
		for _, use := range wordUse.FindAllStringSubmatch(text, -1) {
			used[use[1]] = true
		}
	}
	codes := all + goSources(t, "../wasm", "../server") + readDir(t, "../wasm/js", ".js")
	for language, words := range languages(t) {
		for key := range words {
			code, isReason := strings.CutPrefix(key, "reason.")
			switch {
			case isReason && !strings.Contains(codes, `"`+code+`"`):
				t.Errorf("%s: %q: nothing gives the code %s", language, key, code)
			case !isReason && !used[key]:
				t.Errorf("%s: %q is used nowhere", language, key)
			}
		}
	}
}

// goSources returns the text of all Go files under the folders.
func goSources(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func readDir(t *testing.T, folder, suffix string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

var (
	placeholders = regexp.MustCompile(`\{\w+\}`)
	address      = regexp.MustCompile(`(?:href|src)="/web/([^"]+)"`)
	imported     = regexp.MustCompile(`from "\./([^"]+)"`)
)

func TestWordsOfEachLanguageTakeTheSameValues(t *testing.T) {
	all := languages(t)
	english := all["words/en-US.json"]
	for language, words := range all {
		for key, text := range words {
			want, got := valuesOf(english[key]), valuesOf(text)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q takes %v, English takes %v", language, key, got, want)
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
var sameInEnglish = regexp.MustCompile(`^(top\.title|top\.titleRinging|faults\.unavailable|channel\.(sms|whatsapp)|directory\.why|time\.(seconds|minutes)|trace\.(webhooks|colStatus|colMs|byTwilio|byBackend))$`)

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

func TestPageOffersTheLanguagesThatHaveWords(t *testing.T) {
	list := regexp.MustCompile(`(?s)const LANGUAGES = \[(.*?)\]`).FindStringSubmatch(read(t, "demo/words.js"))
	if list == nil {
		t.Fatal("demo/words.js has no list LANGUAGES")
	}
	var offered []string
	for _, name := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(list[1], -1) {
		offered = append(offered, "words/"+name[1]+".json")
	}
	have := slices.Sorted(maps.Keys(languages(t)))
	slices.Sort(offered)
	if !slices.Equal(offered, have) {
		t.Errorf("the page offers %v, there are %v", offered, have)
	}
}

func TestWhatThePageNamesIsEmbedded(t *testing.T) {
	for _, named := range address.FindAllStringSubmatch(read(t, "index.html"), -1) {
		read(t, named[1])
	}
	for file, text := range scripts(t) {
		for _, named := range imported.FindAllStringSubmatch(text, -1) {
			if _, err := fs.Stat(Files(), "demo/"+named[1]); err != nil {
				t.Errorf("%s imports %s: %v", file, named[1], err)
			}
		}
	}
}

// Each module is named in the page, so that the browser asks for all of them at once and not level by level.
func TestPagePreloadsEveryModule(t *testing.T) {
	page := read(t, "index.html")
	for file := range scripts(t) {
		if !strings.Contains(page, `"/web/`+file+`"`) {
			t.Errorf("index.html does not name %s", file)
		}
	}
}

func TestPageKeepsItsContentSecurityPolicy(t *testing.T) {
	page := read(t, "index.html")
	for name, bad := range map[string]string{
		"an inline script":       `<script(?:\s+type="[^"]*")?>`,
		"an inline style":        `<style|\sstyle="`,
		"an inline handler":      `\son[a-z]+="`,
		"something from outside": `(?:src|href)="(?:https?:)?//`,
	} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("index.html has %s: %s", name, found)
		}
	}
	for file, text := range scripts(t) {
		if found := regexp.MustCompile(`innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"`).FindString(text); found != "" {
			t.Errorf("%s uses %s", file, found)
		}
	}
}

var (
	declared = regexp.MustCompile(`(?m)^\s*(--[\w-]+):`)
	variable = regexp.MustCompile(`var\((--[\w-]+)`)
)

func TestTokensAreThoseThatTheStylesUse(t *testing.T) {
	tokens := map[string]bool{}
	for _, name := range declared.FindAllStringSubmatch(read(t, "styles/tokens.css"), -1) {
		tokens[name[1]] = false
	}
	names, _ := fs.Glob(Files(), "styles/*.css")
	for _, name := range names {
		for _, use := range variable.FindAllStringSubmatch(read(t, name), -1) {
			if _, ok := tokens[use[1]]; !ok {
				t.Errorf("%s uses %s, which tokens.css does not have", name, use[1])
			}
			tokens[use[1]] = true
		}
	}
	for name, used := range tokens {
		if !used {
			t.Errorf("tokens.css has %s, which no style uses", name)
		}
	}
}
