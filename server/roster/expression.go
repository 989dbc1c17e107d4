package roster

import "strings"

// Verdict is whether an expression holds. It is the third value of a logic in which some things are not known.
type Verdict uint8

// The verdicts, so ordered that AND is the smaller and OR the larger of two.
const (
	No Verdict = iota
	Perhaps
	Yes
)

func (v Verdict) not() Verdict { return Yes - v }

func verdict(b bool) Verdict {
	if b {
		return Yes
	}
	return No
}

// Document is what an expression is evaluated on: a task's attributes.
type Document struct {
	// Fields is the JSON object as encoding/json decodes it.
	Fields map[string]any
	// Open says that there may be more keys than Fields has, with any value. Otherwise a key that is missing is NULL.
	Open bool
	// Unknown names keys that exist, with a value that is not known yet.
	Unknown map[string]bool
}

// Expression is an expression of TaskRouter, parsed.
//
// The operators are those of https://www.twilio.com/docs/taskrouter/expression-syntax: == != > >= < <= CONTAINS on
// scalars, HAS, IN and NOT IN on arrays, AND, OR and brackets, AND before OR. A key that is missing is NULL; a scalar
// operator on an array is false. What is documented no further gives Perhaps: comparisons of values of different kinds
// and of objects, the order of strings and booleans, and NULL != something.
type Expression struct{ root node }

// Eval evaluates the expression.
func (e Expression) Eval(d Document) Verdict {
	if e.root == nil {
		return Perhaps
	}
	return e.root.eval(&d)
}

// node is a condition.
type node interface{ eval(d *Document) Verdict }

type both struct{ left, right node }

func (n both) eval(d *Document) Verdict { return min(n.left.eval(d), n.right.eval(d)) }

type either struct{ left, right node }

func (n either) eval(d *Document) Verdict { return max(n.left.eval(d), n.right.eval(d)) }

type comparison struct {
	operator    string
	left, right operand
}

func (n comparison) eval(d *Document) Verdict {
	left, right := n.left.value(d), n.right.value(d)
	if left == unknown || right == unknown {
		return Perhaps
	}
	return operators[n.operator](left, right)
}

// operand is a constant, a key or a list.
type operand interface{ value(d *Document) any }

// unknown is the value of what is not known; it is no JSON value, and comparable.
var unknown any = unknownValue{}

type unknownValue struct{}

type constant struct{ of any } // string, float64, bool or nil

func (c constant) value(*Document) any { return c.of }

type list []operand

func (l list) value(d *Document) any {
	all := make(items, len(l))
	for i, o := range l {
		all[i] = o.value(d)
	}
	return &all
}

// items is an array. Values hold a pointer to it, so that they can be compared.
type items []any

// key is a reference such as object.array[2].
type key []step

type step struct {
	name  string // empty: index
	index int
}

func (k key) value(d *Document) any {
	first := k[0].name
	value, ok := d.Fields[first]
	switch {
	case d.Unknown[first]:
		return unknown
	case !ok && (d.Open || len(k) > 1 && (first == "task" || first == "worker")):
		// Filters see a task's keys bare. What task.x and worker.x are in a filter is not documented.
		return unknown
	}
	for _, s := range k[1:] {
		value = s.of(value)
	}
	if array, ok := value.([]any); ok {
		return (*items)(&array)
	}
	if object, ok := value.(map[string]any); ok {
		return &object
	}
	return value
}

func (s step) of(value any) any {
	if s.name != "" {
		object, _ := value.(map[string]any)
		return object[s.name]
	}
	if array, _ := value.([]any); s.index < len(array) {
		return array[s.index]
	}
	return nil
}

// operators compare two values that are known: string, float64, bool, nil, *items, or anything else for an object.
var operators = map[string]func(left, right any) Verdict{
	"==": equal,
	"!=": func(left, right any) Verdict {
		switch {
		case isArray(left), isArray(right):
			return No
		case (left == nil) != (right == nil):
			return Perhaps
		}
		return equal(left, right).not()
	},
	">":        ordered(func(a, b float64) bool { return a > b }),
	">=":       ordered(func(a, b float64) bool { return a >= b }),
	"<":        ordered(func(a, b float64) bool { return a < b }),
	"<=":       ordered(func(a, b float64) bool { return a <= b }),
	"CONTAINS": contains,
	"HAS":      func(left, right any) Verdict { return in(right, left) },
	"IN":       in,
	"NOT IN": func(left, right any) Verdict {
		if left == nil || right == nil {
			return Perhaps
		}
		return in(left, right).not()
	},
}

func isArray(v any) bool {
	_, ok := v.(*items)
	return ok
}

func equal(left, right any) Verdict {
	switch {
	case isArray(left), isArray(right):
		return No
	case left == nil || right == nil:
		return verdict(left == right)
	}
	switch l := left.(type) {
	case string:
		if r, ok := right.(string); ok {
			return verdict(l == r)
		}
	case float64:
		if r, ok := right.(float64); ok {
			return verdict(l == r)
		}
	case bool:
		if r, ok := right.(bool); ok {
			return verdict(l == r)
		}
	}
	return Perhaps
}

func ordered(holds func(a, b float64) bool) func(left, right any) Verdict {
	return func(left, right any) Verdict {
		if isArray(left) || isArray(right) || left == nil || right == nil {
			return No
		}
		a, isNumber := left.(float64)
		b, areNumbers := right.(float64)
		if !isNumber || !areNumbers {
			return Perhaps
		}
		return verdict(holds(a, b))
	}
}

func contains(left, right any) Verdict {
	if isArray(left) || isArray(right) || left == nil || right == nil {
		return No
	}
	text, isText := left.(string)
	part, arePart := right.(string)
	if !isText || !arePart {
		return Perhaps
	}
	return verdict(strings.Contains(text, part))
}

// in is whether the array has the value: Perhaps where one of its items may equal it.
func in(value, array any) Verdict {
	all, ok := array.(*items)
	if !ok {
		if array == nil {
			return No
		}
		return Perhaps
	}
	found := No
	for _, item := range *all {
		switch {
		case item == unknown:
			found = max(found, Perhaps)
		case isArray(value):
			return Perhaps
		default:
			found = max(found, equal(value, scalar(item)))
		}
	}
	return found
}

// scalar makes an item of an array comparable.
func scalar(item any) any {
	switch v := item.(type) {
	case []any:
		return (*items)(&v)
	case map[string]any:
		return &v
	}
	return item
}
