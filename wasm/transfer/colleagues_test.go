package transfer

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestColleaguesChangeNoFacts makes facts of workers whose attributes change, or
// come back, or cannot be read, with what is remembered and without.
func TestColleaguesChangeNoFacts(t *testing.T) {
	attributes := []string{
		"", `{}`, `{"full_name":"Ada"}`, `{"full_name":"Ada","team":"A","team_name":"B","routing":{"skills":["x","y"]}}`,
		`{"enforcedQueueFilter":"Billing","transferDirectory":{"workers":{"deny":["Z*"]}}}`, `{"full_name":""}`, `{"full_name":`, `[]`,
	}
	var m Colleagues
	var f Facts
	failed := 0
	for i := range 40 * len(attributes) {
		r := records()
		text := attributes[i*7%len(attributes)]
		r.Worker.Attributes = attributes[i*5%len(attributes)]
		for k := range r.Workers {
			r.Workers[k].Attributes = text
			if i%3 > 0 { // what the attributes are is known, and may be no more
				m.Remember(r.Workers[k].SID, `"as written"`, attributes[(i+i%2)*7%len(attributes)])
			}
		}
		m.Remember(MeKey, "as written", r.Worker.Attributes)
		want, wantErr := r.Facts()
		err := r.FactsInto(&f, &m)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%d: %v, want %v", i, err, wantErr)
		}
		if err != nil {
			failed++
		} else if !reflect.DeepEqual(f, want) {
			t.Fatalf("%d: %+v\nwant %+v", i, f, want)
		}
	}
	if failed == 0 || failed == 40*len(attributes) {
		t.Errorf("%d failed", failed)
	}
}

func TestColleaguesAreForgotten(t *testing.T) {
	var m Colleagues
	for i := range 3 * mostRemembered {
		m.Remember(sid("WK", i), `"{}"`, `{}`)
		if written, text := m.Attributes(sid("WK", i)); written != `"{}"` || text != `{}` {
			t.Fatalf("%d: %q, %q", i, written, text)
		}
	}
	if n := len(m.known); n > mostRemembered {
		t.Errorf("%d are remembered", n)
	}
	m.Remember("WK", strings.Repeat(" ", mostWritten+1), "{}")
	if written, text := m.Attributes("WK"); written != "" || text != "" {
		t.Errorf("attributes of any length are remembered: %q, %q", written, text)
	}
}
