package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
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

var (
	address  = regexp.MustCompile(`(?:href|src)="/web/([^"]+)"`)
	imported = regexp.MustCompile(`from "\./([^"]+)"`)
)

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
