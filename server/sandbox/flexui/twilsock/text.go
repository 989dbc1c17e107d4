package twilsock

import (
	"net/url"
	"strings"
)

// cutClient returns the identity of a contact URI (client:ada).
func cutClient(uri string) (string, bool) {
	rest, ok := strings.CutPrefix(uri, "client:")
	return rest, ok && rest != ""
}

func pathEscape(s string) string { return url.PathEscape(s) }

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// orNull is nil for an empty text, so that JSON says null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
