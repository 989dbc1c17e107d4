package directory

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func targets(names ...string) []transfer.TargetView {
	list := make([]transfer.TargetView, len(names))
	for i, name := range names {
		list[i].Target.Name = name
	}
	return list
}

func names(list []transfer.TargetView) []string {
	out := []string{}
	for _, t := range list {
		out = append(out, t.Target.Name)
	}
	return out
}

func TestSearch(t *testing.T) {
	all := []string{"Robert Abel", "Ben Adams", "Anna Bergström", "Zoë Ébert", "Łukasz Weiß", "sales-berlin", "Αλέξανδρος", "李 小龙"}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", all},
		{"  \t", all},
		{"be", []string{"Ben Adams", "Anna Bergström", "sales-berlin", "Robert Abel", "Zoë Ébert"}},
		{"BERG", []string{"Anna Bergström"}},
		{"bergstrom", []string{"Anna Bergström"}},
		{"bergstro\u0308m", []string{"Anna Bergström"}},
		{"ZOE", []string{"Zoë Ébert"}},
		{"lukasz weiss", []string{"Łukasz Weiß"}},
		{"weiss luk", []string{"Łukasz Weiß"}},
		{"αλεξ", []string{"Αλέξανδρος"}},
		{"小", []string{"李 小龙"}},
		{"龙", []string{"李 小龙"}},
		{"ada ben", []string{"Ben Adams"}},
		{"na be", []string{"Anna Bergström"}},
		{"nobody", []string{}},
		{"ben nobody", []string{}},
		{"nA b", []string{"Anna Bergström"}},
	} {
		if got := names(Search(targets(all...), c.query)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
	}
}

func TestSearchKeepsTheOrderWithinAGroup(t *testing.T) {
	in := targets("Cob", "Bob", "xbo", "Bo", "abo Bo")
	if got, want := names(Search(in, "bo")), []string{"Bob", "Bo", "abo Bo", "xbo"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := names(in); got[0] != "Cob" {
		t.Error("the targets that were passed in were changed")
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":             "",
		"plain":        "plain",
		"PLAIN 1":      "plain 1",
		"ÀÉÎÕÜ":        "aeiou",
		"Ærø Straße":   "aero strasse",
		"STRAẞE":       "strasse",
		"Nguyễn Văn":   "nguyen van",
		"Çelik İnönü":  "celik inonu",
		"Żółć ŁÓDŹ":    "zolc lodz",
		"Dvořák Šťáva": "dvorak stava",
		"ΆΈΉ Νίκος":    "αεη νικοσ",
		"Чайковский":   "чайковский",
		"e\u0301":      "e",
		"bad \xff utf": "bad \uFFFD utf",
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAccentsAreSmallLettersEachOnce(t *testing.T) {
	seen := map[rune]bool{}
	for _, group := range accents {
		for _, c := range group.accented {
			if seen[c] || !unicode.IsLetter(c) || unicode.ToLower(c) != c {
				t.Errorf("%q is there twice or is no small letter", c)
			}
			seen[c] = true
		}
	}
	if len(seen) < 270 {
		t.Errorf("only %d accented letters", len(seen))
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("Anna Bergström", "ström")
	f.Add("a\xffb", "\xff")
	f.Add("ßß", "s")
	f.Fuzz(func(t *testing.T, name, query string) {
		if folded := Fold(name); Fold(folded) != folded || !utf8.ValidString(folded) {
			t.Fatalf("%q folds to %q, which folds on", name, folded)
		}
		in := targets(name)
		if words := strings.Fields(name); len(words) > 0 && Fold(words[0]) != "" && len(Search(in, words[0])) != 1 {
			t.Fatalf("%q is not found by its first word", name)
		}
		if got := Search(in, query); len(got) == 1 && !strings.Contains(Fold(name), Fold(firstWord(query))) {
			t.Fatalf("%q is found by %q", name, query)
		}
	})
}

func firstWord(s string) string {
	for _, word := range strings.Fields(Fold(s)) {
		return word
	}
	return ""
}
