package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Texts are the texts of one language, from words/<language>.json.
type Texts struct {
	// Language is one of those that there is a file for, such as es-MX.
	Language string
	own      map[string]string
}

// english is the language of everybody who reads none of the others.
const english = "en-US"

// Languages are those that there are words in, English first.
var Languages = []string{english, "es-ES", "es-MX", "pt-BR", "th", "zh-Hans"}

// Words are the texts for a reader by their Accept-Language header (RFC 9110):
// the language wanted most that there are texts in, by the same rules as in the
// browser; English where there is none.
func Words(acceptLanguage string) Texts {
	best, most := english, 0.0
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		if served, quality := languageOf(strings.TrimSpace(tag)), qualityOf(parameters); served != "" && quality > most {
			best, most = served, quality
		}
	}
	return Texts{Language: best, own: allWords()[best]}
}

// qualityOf reads ;q=0.8; 1 where it is not there, 0 where it is no number.
func qualityOf(parameters string) float64 {
	name, number, given := strings.Cut(strings.TrimSpace(parameters), "=")
	if !given || strings.TrimSpace(name) != "q" {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// languageOf is the language of the texts for one tag; empty where there is
// none. See chooseLanguage in wasm/js/words.js, which a test holds this to.
func languageOf(tag string) string {
	parts := strings.Split(strings.ToLower(tag), "-")
	has := func(any ...string) bool {
		return slices.ContainsFunc(parts[1:], func(p string) bool { return slices.Contains(any, p) })
	}
	switch parts[0] {
	case "en":
		return english
	case "es":
		if len(parts) == 1 || has("es", "ea", "ic", "gq", "ph") {
			return "es-ES"
		}
		return "es-MX"
	case "pt":
		return "pt-BR"
	case "th":
		return "th"
	case "zh":
		if has("hant") || (has("tw", "hk", "mo") && !has("hans")) {
			return "" // Traditional Chinese is not served Simplified
		}
		return "zh-Hans"
	}
	return ""
}

var allWords = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, language := range Languages {
		text, err := fs.ReadFile(files, "words/"+language+".json")
		if err != nil {
			panic(err) // it is part of the binary
		}
		words := map[string]string{}
		if err := json.Unmarshal(text, &words); err != nil {
			panic(fmt.Sprintf("words/%s.json: %v", language, err)) // a test reads them all
		}
		all[language] = words
	}
	return all
})

// Text is the text of a key with {name} replaced by values["name"]; in English
// where the language has none, and empty where English has none either.
func (t Texts) Text(key string, values map[string]string) string {
	text := t.own[key]
	if text == "" {
		text = allWords()[english][key]
	}
	if len(values) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(values))
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Reason is the text of a reason's code; empty where there is none.
func (t Texts) Reason(code string) string { return t.Text("reason."+code, nil) }
