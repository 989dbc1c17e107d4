package httpapi

import "testing"

func TestAcceptEncoding(t *testing.T) {
	for header, want := range map[string]string{
		"":                            "",
		"gzip, deflate, br, zstd":     "br gzip",
		"gzip":                        "gzip",
		"GZIP":                        "gzip",
		"x-gzip":                      "gzip",
		"br;q=0.5, gzip;q=0.8":        "gzip br",
		"br;q=0.501,gzip;q=0.5":       "br gzip",
		"gzip;q=0, br":                "br",
		"br;q=0.000":                  "",
		"*":                           "br gzip",
		"*;q=0.1, br;q=0":             "gzip",
		"*;q=0, gzip":                 "gzip",
		"identity":                    "",
		"identity, br":                "br",
		"identity, br;q=0.9":          "",
		"identity;q=0.5, br;q=0.6":    "br",
		"br;q=2":                      "",
		"br;q=1.001":                  "",
		"br;q=":                       "",
		"br;q=0.1234":                 "",
		"br;q=NaN":                    "",
		"br;q=-1":                     "",
		"br;q=1.":                     "br",
		"br ; Q = 0.3 , gzip ;q=0.2":  "br gzip",
		"br;level=11":                 "",
		"br;q=0, br;q=1":              "",
		",,;;,=,q=1":                  "",
		"brotli, bromide, br\x00, gz": "",
	} {
		got := ""
		for _, c := range accepted(header) {
			if got != "" {
				got += " "
			}
			got += c.name
		}
		if got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}
