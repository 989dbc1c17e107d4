package httpapi

import (
	"cmp"
	"slices"
	"strings"
)

// coding is a content coding that files may lie ready in.
type coding struct {
	name string // in Accept-Encoding and Content-Encoding
	ext  string // of the file beside the plain one
}

// codings in the order in which they are preferred where the client does not
// mind.
var codings = []coding{{"br", ".br"}, {"gzip", ".gz"}}

// accepted returns the codings that the client takes, the best first, by the
// rules of RFC 9110, section 12.5.3. A part that is malformed counts as not
// being there; without the header nothing is encoded.
func accepted(header string) []coding {
	weights := parseAcceptEncoding(header)
	var best []coding
	for _, c := range codings {
		if q := weights.of(c.name); q > 0 && q >= weights.identity() {
			best = append(best, c)
		}
	}
	slices.SortStableFunc(best, func(a, b coding) int {
		return cmp.Compare(weights.of(b.name), weights.of(a.name))
	})
	return best
}

// weights are the qualities of codings, in thousandths.
type weights map[string]int

func (w weights) of(name string) int {
	if q, named := w[name]; named {
		return q
	}
	return w["*"]
}

// identity is the weight of the plain file. Unless it is named, it comes after
// everything that is accepted.
func (w weights) identity() int { return w["identity"] }

func parseAcceptEncoding(header string) weights {
	w := make(weights)
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "x-gzip" {
			name = "gzip"
		}
		q, ok := parseQuality(params)
		if name == "" || !ok {
			continue
		}
		if _, repeated := w[name]; !repeated {
			w[name] = q
		}
	}
	return w
}

// parseQuality reads "q=0.5" as 500, and nothing as 1000.
func parseQuality(params string) (int, bool) {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1000, true
	}
	name, value, found := strings.Cut(params, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0, false
	}
	value = strings.TrimSpace(value)
	whole, decimals, _ := strings.Cut(value, ".")
	if whole != "0" && whole != "1" || len(decimals) > 3 {
		return 0, false
	}
	q := int(whole[0]-'0') * 1000
	for i, unit := 0, 100; i < len(decimals); i, unit = i+1, unit/10 {
		if decimals[i] < '0' || decimals[i] > '9' {
			return 0, false
		}
		q += int(decimals[i]-'0') * unit
	}
	return q, q <= 1000
}
