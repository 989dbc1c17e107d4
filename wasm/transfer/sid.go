package transfer

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
