package wire

import (
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The functions below read one member of a record into its place. A null
// leaves the place as it is: Twilio's records have nulls where there is nothing.

func readString(r *json.Reader, into *string) error { return r.Text(into) }

func readBool(r *json.Reader, into *bool) error {
	if r.Null() {
		return nil
	}
	var err error
	*into, err = r.Bool()
	return err
}

func readTime(r *json.Reader, into *time.Time) error {
	if r.Null() {
		return nil
	}
	var err error
	*into, err = r.Time()
	return err
}

// readAttributes reads attributes, which Twilio's REST API holds as text and Flex
// as an object, as text.
func readAttributes(r *json.Reader, into *string) error {
	if r.Kind() != json.Object {
		return readString(r, into)
	}
	var err error
	*into, err = r.Raw()
	return err
}

// readKnownAttributes is readAttributes, where m may know them from a former
// question under the key: then all that takes is to see that they are the same.
func readKnownAttributes(r *json.Reader, into *string, key string, m *transfer.Colleagues) error {
	if m == nil || key == "" || r.Kind() != json.String {
		return readAttributes(r, into)
	}
	written, text := m.Attributes(key)
	if r.Same(written) {
		*into = text
		return nil
	}
	start := r.Offset()
	if err := r.Text(into); err != nil {
		return err
	}
	m.Remember(key, r.Since(start), *into)
	return nil
}

// record reads an object, or a null as nothing.
func record(r *json.Reader, member func(key string) error) error {
	if r.Null() {
		return nil
	}
	return r.Object(member)
}

// list reads an array with one function for each element. A null is a nil
// slice and an empty array is an empty one: nil means that nothing is known.
func list[T any](r *json.Reader, into *[]T, read func(*json.Reader, *T) error) error {
	return listIn(r, into, nil, read)
}

// listIn is list in the memory of a slice that nobody needs any more.
func listIn[T any](r *json.Reader, into *[]T, memory []T, read func(*json.Reader, *T) error) error {
	if r.Null() {
		return nil
	}
	items := memory[:0]
	if items == nil {
		items = []T{}
	}
	err := r.Array(func(i int) error {
		if i == cap(items) {
			items = slices.Grow(items, max(4, 3*i))
		}
		var none T
		items = items[:i+1]
		items[i] = none
		return read(r, &items[i])
	})
	*into = items
	return err
}
