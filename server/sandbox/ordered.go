package sandbox

import (
	"container/list"
	"iter"
)

// ordered is a map that keeps the order in which its values came; every operation but all takes constant time.
type ordered[T any] struct {
	byKey map[string]*list.Element
	list  list.List
}

func newOrdered[T any]() *ordered[T] { return &ordered[T]{byKey: map[string]*list.Element{}} }

// put adds a value, or replaces the one of that key at its place.
func (o *ordered[T]) put(key string, value T) {
	if e, ok := o.byKey[key]; ok {
		e.Value = value
		return
	}
	o.byKey[key] = o.list.PushBack(value)
}

func (o *ordered[T]) get(key string) (T, bool) {
	if e, ok := o.byKey[key]; ok {
		return e.Value.(T), true
	}
	var none T
	return none, false
}

func (o *ordered[T]) delete(key string) {
	if e, ok := o.byKey[key]; ok {
		o.list.Remove(e)
		delete(o.byKey, key)
	}
}

func (o *ordered[T]) len() int { return len(o.byKey) }

// all goes from the oldest to the newest. The current value may be deleted on the way.
func (o *ordered[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for e := o.list.Front(); e != nil; {
			next := e.Next()
			if !yield(e.Value.(T)) {
				return
			}
			e = next
		}
	}
}

func (o *ordered[T]) first() (T, bool) {
	if e := o.list.Front(); e != nil {
		return e.Value.(T), true
	}
	var none T
	return none, false
}
