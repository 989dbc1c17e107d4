package roster

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const sample = `{"type":"ticket","value":"Gold","n":5.1,"two":2,"yes":true,"none":null,"empty":[],
 "langs":["en","fr"],"nums":[1,2],"object":{"array":["a","b","c"],"attr":"bar","deep":[{"x":1}]}}`

func document(t *testing.T, text string) Document {
	t.Helper()
	d := Document{}
	if err := json.Unmarshal([]byte(text), &d.Fields); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestExpressions(t *testing.T) {
	cases := []struct {
		expression string
		want       Verdict
	}{
		// The examples of Twilio's documentation.
		{`1 == 1`, Yes},
		{`0 != 1`, Yes},
		{`"apple" != "orange"`, Yes},
		{`n > 1`, Yes},
		{`object.attr != "apple"`, Yes},
		{`type IN ["ticket", "call"]`, Yes},
		{`(yes == true) OR (two == 3)`, Yes},
		{`(type == "a" OR type == "ticket") AND n >= 5.1`, Yes},
		{`value == 'Gold' AND type == 'ticket'`, Yes},
		{`(langs HAS 'en') AND (langs HAS 'fr')`, Yes},
		{`object.array[2] == "c"`, Yes},
		{`object.array[3] == "c"`, No},
		{`object.deep[0].x == 1`, Yes},
		// Scalars.
		{`two == 2.0`, Yes}, {`two < 2`, No}, {`two <= 2`, Yes}, {`-1 < two`, Yes}, {`.5 < two`, Yes},
		{`value CONTAINS 'ol'`, Yes}, {`value CONTAINS "xx"`, No}, {`missing CONTAINS 'x'`, No},
		{`yes == false`, No}, {`yes != false`, Yes}, {`'a' < 'b'`, Perhaps}, {`two == '2'`, Perhaps}, {`object == 'x'`, Perhaps},
		// A scalar operator on an array is false, whichever.
		{`langs == 'en'`, No}, {`langs != 'en'`, No}, {`langs > 1`, No}, {`langs CONTAINS 'en'`, No},
		// Missing keys are NULL.
		{`missing == null`, Yes}, {`missing == NULL`, Yes}, {`none == null`, Yes}, {`value == null`, No}, {`missing == 'x'`, No},
		{`value != null`, Perhaps}, {`missing != 'x'`, Perhaps}, {`missing > 1`, No}, {`object.no.deeper == null`, Yes},
		// Arrays.
		{`langs HAS 'de'`, No}, {`nums HAS 2`, Yes}, {`missing HAS 'x'`, No}, {`value HAS 'Gold'`, Perhaps},
		{`value IN ('Silver', 'Gold')`, Yes}, {`value IN ["Silver"]`, No}, {`'en' IN langs`, Yes}, {`'x' IN missing`, No},
		{`value NOT IN ['Gold']`, No}, {`value NOT IN ["Silver"]`, Yes}, {`'x' NOT IN empty`, Yes}, {`'x' NOT IN missing`, Perhaps},
		{`missing IN ['x']`, No}, {`missing NOT IN ['x']`, Perhaps}, {`'1' IN nums`, Perhaps}, {`value IN []`, No},
		{`value in ['Gold']`, Yes}, {`value not in ['Gold'] or 1 == 1`, Yes},
		// AND binds closer than OR.
		{`1 == 1 OR 1 == 1 AND 1 == 2`, Yes}, {`(1 == 1 OR 1 == 1) AND 1 == 2`, No},
		// What is not known stays so, unless it does not matter.
		{`two == '2' AND 1 == 2`, No}, {`two == '2' AND 1 == 1`, Perhaps}, {`two == '2' OR 1 == 1`, Yes}, {`two == '2' OR 1 == 2`, Perhaps},
		{`task.type == 'ticket'`, Perhaps}, {`worker.sid NOT IN langs`, Perhaps},
		// Strings.
		{`'it''s' == 'x'`, No + 9}, {`'it\'s' == "it's"`, Yes}, {`"a\\b" == 'a\b'`, Yes}, {`'ü' == "ü"`, Yes}, {"\n\t 1 ==\r\n1 ", Yes},
	}
	d := document(t, sample)
	for _, c := range cases {
		e, err := ParseExpression(c.expression)
		if c.want > Yes { // cannot be parsed
			if !errors.Is(err, ErrExpression) {
				t.Errorf("%s: %v", c.expression, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
		} else if got := e.Eval(d); got != c.want {
			t.Errorf("%s is %d, want %d", c.expression, got, c.want)
		}
	}
}

func TestOpenDocuments(t *testing.T) {
	d := document(t, `{"type":"ticket"}`)
	d.Open, d.Unknown = true, map[string]bool{"sid": true}
	for expression, want := range map[string]Verdict{
		`type == 'ticket'`: Yes, `other == 'x'`: Perhaps, `other HAS 'x'`: Perhaps, `'x' IN ['a', other]`: Perhaps,
		`'a' IN ['a', other]`: Yes, `sid == 'x'`: Perhaps, `type == 'x' AND other == 'x'`: No, `other == null`: Perhaps,
	} {
		e, err := ParseExpression(expression)
		if err != nil || e.Eval(d) != want {
			t.Errorf("%s is %d, want %d (%v)", expression, e.Eval(d), want, err)
		}
	}
	d.Open = false
	if e, _ := ParseExpression(`sid == null`); e.Eval(d) != Perhaps {
		t.Error("a key with an unknown value is not NULL")
	}
}

func TestWhatCannotBeParsed(t *testing.T) {
	for _, expression := range []string{
		``, ` `, `a`, `true`, `a ==`, `== a`, `a = 'x'`, `a == 'x`, `a == "x'`, `a == 'x' AND`, `AND a == 'x'`, `a == 'x' b == 'y'`,
		`NOT (a == 'x')`, `NOT a == 'x'`, `a NOT == 'x'`, `(a == 'x'`, `a == 'x')`, `a == ['x'`, `a IN ['x',]`, `a IN [['x']]`, `a[x] == 1`,
		`a[1 == 1`, `a[-1] == 1`, `a[1.5] == 1`, `a. == 1`, `a..b == 1`, `.a == 1`, `a == 1.2.3`, `a && b`, `a-b == 1`, `a == 'x' #`, `1 == 1;`,
		strings.Repeat("(", 1000) + "1 == 1" + strings.Repeat(")", 1000),
	} {
		if e, err := ParseExpression(expression); !errors.Is(err, ErrExpression) {
			t.Errorf("%.40s: %v", expression, err)
		} else if e.Eval(Document{}) != Perhaps {
			t.Errorf("%.40s does not count as perhaps", expression)
		}
	}
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		`(a == 'x' OR b.c[2] NOT IN ["x", 1.5]) AND d HAS true`, `transferTargetType == 'queue' AND transferQueueName == 'Billing'`,
		`'\'' CONTAINS "\\"`, `a in (null, -1)`, `((1==1))`,
	} {
		f.Add(seed)
	}
	d := Document{Fields: map[string]any{"a": "x", "b": map[string]any{"c": []any{1.0, nil, map[string]any{}}}, "d": []any{true, []any{}}}}
	open := Document{Fields: d.Fields, Open: true}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpression(text)
		if err != nil {
			if !errors.Is(err, ErrExpression) {
				t.Fatalf("%v is no ErrExpression", err)
			}
			return
		}
		closed, perhaps := e.Eval(d), e.Eval(open)
		if closed > Yes || perhaps > Yes {
			t.Fatalf("verdicts %d and %d", closed, perhaps)
		}
		// Knowing less never makes an answer surer of the opposite.
		if perhaps != Perhaps && closed != perhaps {
			t.Fatalf("%q: open says %d, closed says %d", text, perhaps, closed)
		}
		wrapped, err := ParseExpression("(" + text + ") AND 1 == 1")
		if err == nil && wrapped.Eval(d) != closed {
			t.Fatalf("%q in brackets is %d, else %d", text, wrapped.Eval(d), closed)
		}
	})
}
