package transfer

// same reports whether both are the same SID or ID. Those of one kind are of one
// length and begin alike, and most that are compared differ in their last
// character: then nothing is called, which in the browser takes longer than the
// comparison.
func same(a, b string) bool {
	n := len(a)
	return n == len(b) && (n == 0 || a[n-1] == b[n-1] && a == b)
}

// ValidSID reports whether s is a Twilio SID with one of the two-letter
// prefixes: the prefix and 32 lower-case hexadecimal digits. Nothing else may
// reach a path of Twilio's API, since twilio-go does not escape them.
func ValidSID(s string, prefixes ...string) bool {
	if len(s) != 34 {
		return false
	}
	for i := 2; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	for _, p := range prefixes {
		if s[:2] == p {
			return true
		}
	}
	return false
}
