package ledger

import "context"

// Notes are a few small values that all processes of an account share, such as
// how far somebody has read. They are no part of the log.
type Notes interface {
	// Note returns the value of the key and its revision, which grows with each
	// change; an empty value and 0 where there is none.
	Note(ctx context.Context, key string) (value string, revision uint64, err error)
	// SetNote changes the value if its revision still is the one given. It returns
	// ErrConflict if somebody was faster. After any other error it is not known
	// whether the value is the new one.
	SetNote(ctx context.Context, key, value string, revision uint64) error
}

// Opens lists what is open.
type Opens interface {
	// Open returns the last records of all channels that have something open, in
	// the order of their sequence, as far as this process knows.
	Open(ctx context.Context) ([]Record, error)
}
