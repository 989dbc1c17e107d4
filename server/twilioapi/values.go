package twilioapi

import "time"

// text is the string that twilio-go points to, or none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// object is v as a JSON object, through the pointers to anything that twilio-go uses; nil where it is none.
func object(v any) map[string]any {
	if p, ok := v.(*any); ok {
		if p == nil {
			return nil
		}
		v = *p
	}
	m, _ := v.(map[string]any)
	return m
}

// field is a string of a JSON object, or none.
func field(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// when is the time that twilio-go points to, or none.
func when(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
