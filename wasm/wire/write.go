package wire

import (
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
)

// The functions below write one member. Their keys are our own: plain ASCII.

func putString(w *json.Writer, key, value string) { w.Member(key, value) }

func putBool(w *json.Writer, key string, value bool) {
	w.PlainKey(key)
	w.Bool(value)
}

func putInt(w *json.Writer, key string, value int) {
	w.PlainKey(key)
	w.Int(int64(value))
}

func putTime(w *json.Writer, key string, value time.Time) {
	w.PlainKey(key)
	w.Time(value)
}

// writeList writes an array, an empty one for a nil slice.
func writeList[T any](w *json.Writer, items []T, write func(*json.Writer, T)) {
	w.BeginArray()
	for _, item := range items {
		write(w, item)
	}
	w.EndArray()
}
