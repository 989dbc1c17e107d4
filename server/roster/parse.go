package roster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxDepth is how many brackets may be open: deeper ones are nobody's workflow.
const maxDepth = 100

// ErrExpression is wrapped by every error of [ParseExpression].
var ErrExpression = errors.New("cannot be parsed as a TaskRouter expression")

// ParseExpression parses an expression of a workflow. Whatever is not documented, such as a key alone, a single = or
// NOT before brackets, is an error.
func ParseExpression(text string) (Expression, error) {
	tokens, err := scan(text)
	if err != nil {
		return Expression{}, err
	}
	p := &parser{tokens: tokens}
	root, err := p.either(0)
	if err != nil {
		return Expression{}, err
	}
	if t := p.peek(); t.kind != end {
		return Expression{}, p.unexpected("the end")
	}
	return Expression{root}, nil
}

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token { return p.tokens[p.at] }

// take consumes the next token if it is the word or sign.
func (p *parser) take(kind tokenKind, text string) bool {
	if t := p.peek(); t.kind == kind && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) unexpected(wanted string) error {
	t := p.peek()
	if t.kind == end {
		return fmt.Errorf("%w: it ends where %s was expected", ErrExpression, wanted)
	}
	return fmt.Errorf("%w: %q at offset %d, where %s was expected", ErrExpression, t.text, t.offset, wanted)
}

func (p *parser) either(depth int) (node, error) {
	left, err := p.both(depth)
	for err == nil && p.take(word, "OR") {
		var right node
		right, err = p.both(depth)
		left = either{left, right}
	}
	return left, err
}

func (p *parser) both(depth int) (node, error) {
	left, err := p.condition(depth)
	for err == nil && p.take(word, "AND") {
		var right node
		right, err = p.condition(depth)
		left = both{left, right}
	}
	return left, err
}

func (p *parser) condition(depth int) (node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: more than %d brackets are open", ErrExpression, maxDepth)
	}
	if p.take(sign, "(") {
		inner, err := p.either(depth + 1)
		if err == nil && !p.take(sign, ")") {
			err = p.unexpected("a closing bracket")
		}
		return inner, err
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	operator, ok := p.operator()
	if !ok {
		return nil, p.unexpected("an operator")
	}
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	return comparison{operator, left, right}, nil
}

func (p *parser) operator() (string, bool) {
	t := p.peek()
	if t.kind == word && t.text == "NOT" {
		if next := p.tokens[p.at+1]; next.kind == word && next.text == "IN" {
			p.at += 2
			return "NOT IN", true
		}
		return "", false
	}
	if _, ok := operators[t.text]; ok && (t.kind == word || t.kind == sign) {
		p.at++
		return t.text, true
	}
	return "", false
}

func (p *parser) operand() (operand, error) {
	t := p.peek()
	switch t.kind {
	case text:
		p.at++
		return constant{t.text}, nil
	case number:
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.unexpected("a number")
		}
		p.at++
		return constant{n}, nil
	case word:
		if value, ok := literals[t.text]; ok {
			p.at++
			return constant{value}, nil
		}
	case name:
		p.at++
		return p.key(t.text)
	case sign:
		switch {
		case p.take(sign, "["):
			return p.list("]")
		case p.take(sign, "("):
			return p.list(")")
		}
	}
	return nil, p.unexpected("a value")
}

var literals = map[string]any{"TRUE": true, "FALSE": false, "NULL": nil}

// key reads what follows the first name: .name and [2].
func (p *parser) key(first string) (operand, error) {
	k := key{}
	for part := range strings.SplitSeq(first, ".") {
		if part == "" {
			return nil, fmt.Errorf("%w: the key %q has an empty part", ErrExpression, first)
		}
		k = append(k, step{name: part})
	}
	for p.take(sign, "[") {
		t := p.peek()
		index, err := strconv.Atoi(t.text)
		if t.kind != number || err != nil || index < 0 {
			return nil, p.unexpected("an index")
		}
		p.at++
		if !p.take(sign, "]") {
			return nil, p.unexpected("]")
		}
		k = append(k, step{index: index})
		if t := p.peek(); t.kind == name && strings.HasPrefix(t.text, ".") {
			p.at++
			rest, err := p.key(t.text[1:])
			if err != nil {
				return nil, err
			}
			return append(k, rest.(key)...), nil //nolint:forcetypeassert // key returns nothing else
		}
	}
	return k, nil
}

// list reads the items of a list up to its closing bracket. Lists in lists are not documented.
func (p *parser) list(closing string) (operand, error) {
	l := list{}
	if p.take(sign, closing) {
		return l, nil
	}
	for {
		if t := p.peek(); t.kind == sign {
			return nil, p.unexpected("an item")
		}
		item, err := p.operand()
		if err != nil {
			return nil, err
		}
		l = append(l, item)
		switch {
		case p.take(sign, closing):
			return l, nil
		case !p.take(sign, ","):
			return nil, p.unexpected("a comma")
		}
	}
}
