package json

import "strconv"

// Error says where a text is not the JSON that was asked for.
type Error struct {
	// Offset is the byte at which the reader stopped, counted from 0.
	Offset int
	// Message says what is wrong there.
	Message string
}

// Error is the offset and the message: "at offset 12: …".
func (e *Error) Error() string {
	return "at offset " + strconv.Itoa(e.Offset) + ": " + e.Message
}
