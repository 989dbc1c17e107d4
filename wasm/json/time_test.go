package json

import (
	"testing"
	"time"
)

var times = []string{
	"2025-03-04T05:06:07.008Z", "2025-03-04T05:06:07Z", "2024-02-29T23:59:59.999999999+05:30", "0001-01-01T00:00:00-23:59",
	"9999-12-31T23:59:59.5-00:00", "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-04-31T00:00:00Z",
	"2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "2025-01-01T00:00:00", "2025-01-01T00:00:00.Z",
	"2025-01-01 00:00:00Z", "2025-1-01T00:00:00Z", "2025-01-01T00:00:00+0100", "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00z",
	"", "x", "2025-01-01T00:00:00Zx", "2025-01-01T00:00:00.12345678901Z", "-025-01-01T00:00:00Z", "2025-01-01T00:00:0٠Z",
}

func TestTimes(t *testing.T) {
	for _, s := range times {
		compareTime(t, s)
	}
	if _, err := NewReader(` "noon"`).Time(); err == nil || err.Error() != "at offset 1: expected a time such as 2006-01-02T15:04:05.000Z" {
		t.Error(err)
	}
	if _, err := NewReader(`12`).Time(); err == nil || err.Error() != "at offset 0: expected a string, found a number" {
		t.Error(err)
	}
	w := NewWriter(nil)
	w.Time(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	if got := string(w.Bytes()); got != "null" {
		t.Error(got)
	}
}

// compareTime holds reading and writing against package time. RFC 3339 allows
// less than its Parse does, which takes a comma and an hour of one digit.
func compareTime(t *testing.T, s string) {
	t.Helper()
	got, ok := parseTime(s)
	want, err := time.Parse(time.RFC3339Nano, s)
	if ok && (err != nil || !got.Equal(want)) {
		t.Fatalf("%q was read as %v; package time says %v, %v", s, got, want, err)
	}
	if !ok && err == nil && want.UTC().Format(time.RFC3339Nano) == s {
		t.Fatalf("%q was not read", s)
	}
	if !ok || got.IsZero() || got.Year() < 0 || got.Year() > 9999 {
		return
	}
	w := NewWriter(nil)
	w.Time(got)
	if text := string(w.Bytes()); text != got.Format(`"2006-01-02T15:04:05.000Z"`) {
		t.Fatalf("%q was written as %s", s, text)
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range times {
		f.Add(s, int64(len(s))<<32)
	}
	f.Fuzz(func(t *testing.T, s string, milliseconds int64) {
		compareTime(t, s)
		compareTime(t, time.UnixMilli(milliseconds).UTC().Format(time.RFC3339Nano))
	})
}

// Days are those of package time: each of 400 years, after which they repeat, and
// some of all others.
func TestDaysAreRead(t *testing.T) {
	check := func(day time.Time) {
		t.Helper()
		text := day.Format("2006-01-02T15:04:05Z")
		if got, ok := parseTime(text); !ok || got != day {
			t.Fatalf("%s: %v, %v", text, got, ok)
		}
	}
	for day := time.Date(1890, 1, 1, 23, 59, 58, 0, time.UTC); day.Year() < 2290; day = day.AddDate(0, 0, 1) {
		check(day)
	}
	for day := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 10_000; day = day.AddDate(0, 0, 97) {
		check(day)
	}
	check(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	for _, day := range []string{"02-30", "02-31", "04-31", "06-31", "09-31", "11-31", "02-32", "01-00"} {
		if got, ok := parseTime("2024-" + day + "T00:00:00Z"); ok {
			t.Errorf("%s is read as %v", day, got)
		}
	}
	for _, year := range []string{"1900", "2023", "2100", "0001"} {
		if got, ok := parseTime(year + "-02-29T00:00:00Z"); ok {
			t.Errorf("the leap day of %s is read as %v", year, got)
		}
	}
}
