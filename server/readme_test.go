package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTheTableOfTestsIsTrue holds the README's table of features against the
// tests that it names: every row is there, and every test.
func TestTheTableOfTestsIsTrue(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## What agents can do")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| ([ABCE]\d+) \|[^|]*\|(.*)\|$`).FindAllStringSubmatch(table, -1)
	has := map[string]bool{}
	tests := sources(t, "..", "_test.go", ".test.mjs", ".test.ts", ".test.tsx")
	for _, row := range rows {
		has[row[1]] = true
		checkRow(t, row[1], row[2], tests)
	}
	for area, n := range map[string]int{"A": 17, "B": 8, "C": 5} {
		for i := 1; i <= n; i++ {
			if name := area + strconv.Itoa(i); !has[name] {
				t.Errorf("no row %s", name)
			}
		}
	}
}

func checkRow(t *testing.T, row, shownBy, tests string) {
	t.Helper()
	if len(strings.TrimSpace(shownBy)) < 5 {
		t.Errorf("%s: no test", row)
	}
	for _, name := range regexp.MustCompile(`\bTest\w+`).FindAllString(shownBy, -1) {
		if !strings.Contains(tests, "func "+name+"(") {
			t.Errorf("%s: there is no %s", row, name)
		}
	}
	for _, quoted := range regexp.MustCompile(`"([^"…]+)…?"`).FindAllStringSubmatch(shownBy, -1) {
		if !strings.Contains(tests, strings.TrimSpace(quoted[1])) {
			t.Errorf("%s: no test says %q", row, quoted[1])
		}
	}
	for _, golden := range regexp.MustCompile("`([a-z-]+)\\*`").FindAllStringSubmatch(shownBy, -1) {
		if files, _ := filepath.Glob("../wasm/transfer/testdata/golden/" + golden[1] + "*.json"); len(files) == 0 {
			t.Errorf("%s: no golden case %s", row, golden[1])
		}
	}
}

// sources are all files below the folder with one of the endings, in one text.
func sources(t *testing.T, root string, endings ...string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		for _, ending := range endings {
			if strings.HasSuffix(path, ending) {
				text, err := os.ReadFile(path)
				all.Write(text)
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
