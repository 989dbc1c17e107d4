package json

import "time"

// Times are read and written by hand: the layouts of package time, and all that
// they can express, would take 20 kB of the browser's module.

// Time reads a string that is a time of RFC 3339, such as
// "2006-01-02T15:04:05.000Z", and returns it in UTC. Digits finer than a
// nanosecond are cut off.
func (r *Reader) Time() (time.Time, error) {
	r.peek()
	start := r.pos
	s, err := r.String()
	if err != nil {
		return time.Time{}, err
	}
	t, ok := parseTime(s)
	if !ok {
		return t, &Error{Offset: start, Message: "expected a time such as 2006-01-02T15:04:05.000Z"}
	}
	return t, nil
}

// parseTime reads a time of RFC 3339.
func parseTime(s string) (time.Time, bool) {
	c := clock{s: s}
	year := c.number(4, 0, 9999, "-")
	month := c.number(2, 1, 12, "-")
	day := c.number(2, 1, 31, "T")
	hour := c.number(2, 0, 23, ":")
	minute := c.number(2, 0, 59, ":")
	second := c.number(2, 0, 59, "")
	nano := c.fraction()
	offset := c.offset()
	if c.failed || c.s != "" {
		return time.Time{}, false
	}
	if day > 28 && day > daysIn(year, month) { // such as 30 February
		return time.Time{}, false
	}
	seconds := int64(86400)*daysBefore(year, month, day) + int64(3600*hour+60*(minute-offset)+second)
	return time.Unix(seconds, int64(nano)).UTC(), true
}

// daysBefore counts the days from 1 January 1970 to a date, in the calendar that
// package time has, which takes much longer for it. Years begin with March here,
// so that the leap day is the last one of its year, and 400 of them, an era,
// have the same days as the next.
func daysBefore(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	era := (year + 400) / 400 // so that it is not negative
	year += 400 - 400*era
	inYear := (153*(month-3)+2)/5 + day - 1
	const daysOfEra, toMarchOfZero = 146097, 719468
	return int64(daysOfEra*(era-1)+365*year+year/4-year/100+inYear) - toMarchOfZero
}

func daysIn(year, month int) int {
	switch {
	case month == 2 && (year%4 != 0 || year%100 == 0 && year%400 != 0):
		return 28
	case month == 2:
		return 29
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// clock takes the parts of a time off the front of a text.
type clock struct {
	s      string
	failed bool
}

// number takes digits, which must be within bounds, and what follows them.
func (c *clock) number(digits, low, high int, then string) int {
	n := 0
	if len(c.s) < digits+len(then) || c.s[digits:digits+len(then)] != then {
		c.failed = true
		return 0
	}
	for i := range digits {
		d := c.s[i]
		c.failed = c.failed || d < '0' || d > '9'
		n = n*10 + int(d) - '0'
	}
	c.failed = c.failed || n < low || n > high
	c.s = c.s[digits+len(then):]
	return n
}

// fraction takes the fraction of a second, if there is one, in nanoseconds.
func (c *clock) fraction() int {
	if c.s == "" || c.s[0] != '.' {
		return 0
	}
	i, n, unit := 1, 0, 100_000_000
	for ; i < len(c.s) && c.s[i] >= '0' && c.s[i] <= '9'; i++ {
		n += int(c.s[i]-'0') * unit
		unit /= 10
	}
	c.failed = c.failed || i == 1
	c.s = c.s[i:]
	return n
}

// offset takes Z, or the hours and minutes by which the time is ahead of UTC,
// and returns it in minutes.
func (c *clock) offset() int {
	if c.s == "Z" {
		c.s = ""
		return 0
	}
	if len(c.s) != len("+00:00") || (c.s[0] != '+' && c.s[0] != '-') {
		c.failed = true
		return 0
	}
	back := c.s[0] == '-'
	c.s = c.s[1:]
	minutes := c.number(2, 0, 23, ":")*60 + c.number(2, 0, 59, "")
	if back {
		return -minutes
	}
	return minutes
}

// Time writes a time in RFC 3339 with milliseconds, in UTC; what is finer is cut
// off. The zero time, and those before the year 0 or after 9999, which cannot
// be written so, become null.
func (w *Writer) Time(t time.Time) {
	t = t.UTC()
	year, month, day := t.Date()
	if t.IsZero() || year < 0 || year > 9999 {
		w.Null()
		return
	}
	hour, minute, second := t.Clock()
	w.separate()
	b := append(w.buf, '"')
	b = append(appendDigits(b, year, 4), '-')
	b = append(appendDigits(b, int(month), 2), '-')
	b = append(appendDigits(b, day, 2), 'T')
	b = append(appendDigits(b, hour, 2), ':')
	b = append(appendDigits(b, minute, 2), ':')
	b = append(appendDigits(b, second, 2), '.')
	b = appendDigits(b, t.Nanosecond()/1_000_000, 3)
	w.buf = append(b, 'Z', '"')
}

// appendDigits appends n with leading zeros.
func appendDigits(buf []byte, n, digits int) []byte {
	for unit := [...]int{1, 10, 100, 1000}[digits-1]; unit > 0; unit /= 10 {
		buf = append(buf, byte('0'+n/unit%10))
	}
	return buf
}
