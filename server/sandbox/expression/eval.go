package expression

import (
	"encoding/json"
	"strings"
)

// node is a part of a parsed expression. eval never panics and never changes
// the scope.
type node interface{ eval(*Scope) any }

type (
	constant   struct{ value any }
	arrayOf    []node
	anyOf      []node
	allOf      []node
	path       []step
	comparison struct {
		apply       func(left, right any) bool
		left, right node
	}
	step struct {
		key     string
		index   int
		indexed bool
	}
)

func isCondition(n node) bool {
	switch n.(type) {
	case *comparison, anyOf, allOf:
		return true
	}
	return false
}

func (c constant) eval(*Scope) any { return c.value }

func (a arrayOf) eval(s *Scope) any {
	values := make([]any, len(a))
	for i, n := range a {
		values[i] = n.eval(s)
	}
	return values
}

func (o anyOf) eval(s *Scope) any {
	for _, n := range o {
		if n.eval(s) == true {
			return true
		}
	}
	return false
}

func (a allOf) eval(s *Scope) any {
	for _, n := range a {
		if n.eval(s) != true {
			return false
		}
	}
	return true
}

func (c *comparison) eval(s *Scope) any { return c.apply(c.left.eval(s), c.right.eval(s)) }

func (p path) eval(s *Scope) any {
	var value any = s.Bare
	rest := p
	switch {
	case p[0].key == "task" && s.Task != nil:
		value, rest = s.Task, p[1:]
	case p[0].key == "worker" && s.Worker != nil:
		value, rest = s.Worker, p[1:]
	}
	for _, step := range rest {
		if value = step.from(value); value == nil {
			return nil
		}
	}
	return plain(value)
}

func (st step) from(value any) any {
	if !st.indexed {
		document, _ := value.(map[string]any)
		return plain(document[st.key])
	}
	if array, ok := plain(value).([]any); ok && st.index < len(array) {
		return plain(array[st.index])
	}
	return nil
}

// plain brings a Go value to the few types that the operators know.
func plain(value any) any {
	switch v := value.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil
		}
		return f
	case []string:
		array := make([]any, len(v))
		for i, s := range v {
			array[i] = s
		}
		return array
	}
	return value
}

var operators = map[string]func(left, right any) bool{
	"==":       func(l, r any) bool { return scalars(l, r) && equal(l, r) },
	"!=":       func(l, r any) bool { return scalars(l, r) && !equal(l, r) },
	"<":        func(l, r any) bool { c, ok := compare(l, r); return ok && c < 0 },
	"<=":       func(l, r any) bool { c, ok := compare(l, r); return ok && c <= 0 },
	">":        func(l, r any) bool { c, ok := compare(l, r); return ok && c > 0 },
	">=":       func(l, r any) bool { c, ok := compare(l, r); return ok && c >= 0 },
	"CONTAINS": contains,
	"HAS":      func(l, r any) bool { in, ok := member(r, l); return ok && in },
	"IN":       func(l, r any) bool { in, ok := member(l, r); return ok && in },
	"NOT IN":   func(l, r any) bool { in, ok := member(l, r); return ok && !in },
}

func isArray(v any) bool {
	_, ok := v.([]any)
	return ok
}

// scalars is false where either side is an array, as scalar operators are.
func scalars(l, r any) bool { return !isArray(l) && !isArray(r) }

// equal compares two values of one scalar type; objects and arrays equal
// nothing.
func equal(l, r any) bool {
	switch left := plain(l).(type) {
	case nil:
		return r == nil
	case string:
		right, ok := r.(string)
		return ok && left == right
	case bool:
		right, ok := r.(bool)
		return ok && left == right
	case float64:
		right, ok := plain(r).(float64)
		return ok && left == right
	}
	return false
}

// compare orders two numbers or two strings; other pairs have no order.
func compare(l, r any) (order int, ok bool) {
	switch left := l.(type) {
	case string:
		right, ok := r.(string)
		return strings.Compare(left, right), ok
	case float64:
		right, ok := r.(float64)
		switch {
		case left < right:
			return -1, ok
		case left > right:
			return 1, ok
		}
		return 0, ok && left == right
	}
	return 0, false
}

func contains(l, r any) bool {
	left, okLeft := l.(string)
	right, okRight := r.(string)
	return okLeft && okRight && strings.Contains(left, right)
}

// member looks for a scalar in an array; ok is false where the operands are
// not a scalar and an array.
func member(scalar, array any) (in, ok bool) {
	elements, ok := array.([]any)
	if !ok || isArray(scalar) {
		return false, false
	}
	for _, e := range elements {
		if equal(e, scalar) {
			return true, true
		}
	}
	return false, true
}
