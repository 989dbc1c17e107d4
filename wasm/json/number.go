package json

import "strconv"

// Int reads a whole number that fits 64 bits. A number with a fraction or an
// exponent is refused, even where its value is whole.
func (r *Reader) Int() (int64, error) {
	start, text, err := r.numeral()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &Error{Offset: start, Message: "expected a whole number of 64 bits, found " + text}
	}
	return n, nil
}

// Float reads a number. One that is too large for 64 bits is refused.
func (r *Reader) Float() (float64, error) {
	start, text, err := r.numeral()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, &Error{Offset: start, Message: "expected a number of 64 bits, found " + text}
	}
	return f, nil
}

// numeral consumes a number and tells where it began.
func (r *Reader) numeral() (start int, text string, err error) {
	if r.Kind() != Number {
		return 0, "", r.expected(Number)
	}
	start = r.pos
	text, err = r.number()
	return start, text, err
}

// number consumes a number in JSON's grammar and returns its text. The reader
// stands at its first character.
func (r *Reader) number() (string, error) {
	start := r.pos
	if r.text[r.pos] == '-' {
		r.pos++
	}
	if r.at('0') {
		r.pos++
	} else if !r.digits() {
		return "", r.fail("expected a digit")
	}
	if r.at('.') {
		r.pos++
		if !r.digits() {
			return "", r.fail("expected a digit")
		}
	}
	if r.at('e') || r.at('E') {
		r.pos++
		if r.at('+') || r.at('-') {
			r.pos++
		}
		if !r.digits() {
			return "", r.fail("expected a digit")
		}
	}
	return r.text[start:r.pos], nil
}

// at reports whether c is next.
func (r *Reader) at(c byte) bool { return r.pos < len(r.text) && r.text[r.pos] == c }

// digits consumes digits and reports whether there was one.
func (r *Reader) digits() bool {
	start := r.pos
	for r.pos < len(r.text) && r.text[r.pos] >= '0' && r.text[r.pos] <= '9' {
		r.pos++
	}
	return r.pos > start
}
