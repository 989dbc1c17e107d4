package expression

import "fmt"

// parser is a recursive descent over
//
//	or         = and { OR and }
//	and        = term { AND term }
//	term       = "(" or ")" | comparison
//	comparison = operand [ operator operand ]
//	operand    = constant | path | "[" [ operand { "," operand } ] "]"
type parser struct {
	lexer
	tok   token
	depth int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) unexpected(wanted string) error {
	found := fmt.Sprintf("%q", p.tok.text)
	if p.tok.kind == tokenEnd {
		found = "the end"
	}
	return p.fail(p.tok.offset, "%s where %s was expected", found, wanted)
}

// enter counts one bracket more; the caller decrements depth when it closes.
func (p *parser) enter() error {
	if p.depth++; p.depth > MaxDepth {
		return p.fail(p.tok.offset, "more than %d brackets within brackets", MaxDepth)
	}
	return p.advance()
}

func (p *parser) isOperator(name string) bool {
	return p.tok.kind == tokenOperator && p.tok.text == name
}

func (p *parser) parseOr() (node, error) {
	return p.parseChain("OR", p.parseAnd, func(terms []node) node { return anyOf(terms) })
}

func (p *parser) parseAnd() (node, error) {
	return p.parseChain("AND", p.parseTerm, func(terms []node) node { return allOf(terms) })
}

// parseChain reads terms joined by one operator. The chain is flat, so that a
// long one needs no deep stack.
func (p *parser) parseChain(operator string, term func() (node, error), join func([]node) node) (node, error) {
	var terms []node
	for {
		offset := p.tok.offset
		n, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, n)
		more := p.isOperator(operator)
		if !more && len(terms) == 1 {
			return n, nil
		}
		if !isCondition(n) {
			return nil, p.fail(offset, "%s joins comparisons, not values", operator)
		}
		if !more {
			return join(terms), nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) parseTerm() (node, error) {
	if p.tok.kind != tokenOpen {
		return p.parseComparison()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	n, err := p.parseOr()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenClose {
		return nil, p.unexpected(")")
	}
	p.depth--
	return n, p.advance()
}

func (p *parser) parseComparison() (node, error) {
	left, err := p.parseOperand()
	if err != nil {
		return nil, err
	}
	name, err := p.parseOperator()
	if err != nil || name == "" {
		return left, err
	}
	right, err := p.parseOperand()
	if err != nil {
		return nil, err
	}
	return &comparison{apply: operators[name], left: left, right: right}, nil
}

// parseOperator reads a comparison's operator; it is "" where none follows.
func (p *parser) parseOperator() (string, error) {
	if p.tok.kind != tokenOperator || p.isOperator("AND") || p.isOperator("OR") {
		return "", nil
	}
	name := p.tok.text
	if err := p.advance(); err != nil {
		return "", err
	}
	if name != "NOT" {
		return name, nil
	}
	if !p.isOperator("IN") {
		return "", p.unexpected("IN after NOT")
	}
	return "NOT IN", p.advance()
}

func (p *parser) parseOperand() (node, error) {
	switch p.tok.kind {
	case tokenConstant:
		n := constant{p.tok.value}
		return n, p.advance()
	case tokenPath:
		n := p.tok.path
		return n, p.advance()
	case tokenOpenArray:
		return p.parseArray()
	default:
		return nil, p.unexpected("a value or a key")
	}
}

func (p *parser) parseArray() (node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	elements := arrayOf{}
	for p.tok.kind != tokenCloseArray {
		if len(elements) > 0 {
			if p.tok.kind != tokenComma {
				return nil, p.unexpected(", or ]")
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		n, err := p.parseOperand()
		if err != nil {
			return nil, err
		}
		elements = append(elements, n)
	}
	p.depth--
	return elements, p.advance()
}
