// Package expression is TaskRouter's expression language: the SQL-like
// conditions that bind workers to task queues (target_workers), tasks to
// workflow filters (filter expression) and workers to a routing step (target
// expression, known worker, order_by).
//
// Source: https://www.twilio.com/docs/taskrouter/expression-syntax. What that
// page says is followed to the letter:
//
//   - scalar operators == != > >= < <= CONTAINS on an array are false;
//   - array operators HAS, IN, NOT IN on two scalars are false;
//   - a key that the document lacks is NULL;
//   - hyphens are not supported, neither in keys nor as a sign;
//   - there is no NOT but the one of NOT IN.
//
// What the page leaves open is decided here, as carefully as it can be:
//
//   - AND binds tighter than OR, as in SQL; keywords are read in any case;
//   - values of different types are unequal and have no order, so == < <= > >=
//     are false and != is true;
//   - NULL is a scalar: it equals NULL only, and `x NOT IN missing` is false,
//     because that is an array operator on two scalars;
//   - an object is neither scalar nor array: it equals nothing;
//   - in a string a backslash takes the next character as it is.
package expression

import "fmt"

// Limits of one expression. They keep parsing and matching cheap whatever the
// source is; Twilio does not publish its own.
const (
	MaxLength = 16 * 1024 // bytes of source
	MaxDepth  = 64        // brackets within brackets
)

// Expression is a parsed expression. It never changes, so that goroutines may
// share it.
type Expression struct {
	source string
	root   node
}

// Scope holds the documents that the keys of an expression are looked up in.
// Values are those of encoding/json (string, float64, bool, nil, []any,
// map[string]any); Go's integers and []string are understood too.
type Scope struct {
	// Bare resolves keys without a prefix: the worker's attributes in a queue's
	// target_workers, the task's in a workflow's filter.
	Bare map[string]any
	// Task resolves task.x, and Worker worker.x. Where the map is nil the prefix
	// is an ordinary key of Bare.
	Task, Worker map[string]any
}

// SyntaxError says why and where a source is not an expression.
type SyntaxError struct {
	Offset  int    // byte offset of the offending token, from 0
	Problem string // in words, without the offset
}

// Error names the position, counted from 1 as people do.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("expression: %s at position %d", e.Problem, e.Offset+1)
}

// Parse reads an expression: comparisons joined by AND and OR, or one lone
// operand such as task.transferTargetSid. The error is a *SyntaxError.
func Parse(src string) (*Expression, error) {
	if len(src) > MaxLength {
		return nil, &SyntaxError{Offset: MaxLength, Problem: fmt.Sprintf("longer than %d bytes", MaxLength)}
	}
	p := &parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.parseOr()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected("AND, OR or the end")
	}
	return &Expression{source: src, root: root}, nil
}

// String returns the source as it was parsed.
func (e *Expression) String() string { return e.source }

// IsCondition tells a condition, which may be true or false, from a lone
// operand, which only has a value. Filters, target_workers and target
// expressions have to be conditions.
func (e *Expression) IsCondition() bool { return isCondition(e.root) }

// Matches reports whether the condition holds. A lone operand matches when its
// value is true.
func (e *Expression) Matches(scope Scope) bool { return e.root.eval(&scope) == true }

// Value returns what the expression stands for: the value found under a path
// (nil when there is none), a constant, or a condition's bool. Numbers come
// back as float64.
func (e *Expression) Value(scope Scope) any { return e.root.eval(&scope) }
