package expression

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func document(t testing.TB, source string) map[string]any {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(source), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func testScope(t testing.TB) Scope {
	return Scope{
		Bare: document(t, `{
			"string_const": "foo", "object": {"array": ["a","b","c"], "attr": "bar", "param": "pear"},
			"key": 2, "language": "en", "languages": ["english","german"], "skills": ["support"],
			"condition_a": false, "condition_b": true, "skill_rating": 5.1, "customer_value": "Gold", "type": "ticket",
			"nothing": null, "level": 7, "name": "O'Brien", "routing": {"skills": ["chat","billing"]}}`),
		Task: document(t, `{"transferTargetType": "worker", "transferTargetSid": "WKb", "workerSidsInConversation": ["WKa"],
			"skill": "chat", "priority": 3, "contact": "client:ada", "lines": [{"to": "x"}]}`),
		Worker: document(t, `{"sid": "WKb", "activity_name": "Available", "contact_uri": "client:ada",
			"channel": {"chat": {"assigned_tasks": 0}}, "routing": {"skills": ["chat"], "levels": {"chat": 40}}}`),
	}
}

// The first groups are the examples and the rules of
// https://www.twilio.com/docs/taskrouter/expression-syntax, in its order.
var matching = []struct {
	group  string
	source string
	want   bool
}{
	{"documented", `(skills HAS 'support') AND (languages HAS 'english')`, true},
	{"documented", `customer_value == 'Gold' AND type == 'ticket'`, true},
	{"documented", `1 == 1`, true},
	{"documented", `0 != 1`, true},
	{"documented", `"apple" != "orange"`, true},
	{"documented", `key > 1`, true},
	{"documented", `object.param != "apple"`, true},
	{"documented", `language IN ["en", "es"]`, true},
	{"documented", `(condition_a == true) OR (condition_b == true)`, true},
	{"documented", `(language == "en" OR language == "fr") AND skill_rating >= 5.1`, true},
	{"references", `string_const == "foo" AND object.attr == "bar"`, true},
	{"references", `object.array[2] == 'c'`, true},
	{"references", `object.array[3] == null`, true},
	{"references", `missing == null AND missing.deeper[0].still == NULL`, true},
	{"references", `string_const.x == null AND string_const[0] == null`, true},
	{"scalars", `key >= 2 AND key <= 2 AND key < 3`, true},
	{"scalars", `key > 2`, false},
	{"scalars", `key < 2`, false},
	{"scalars", `key >= 3`, false},
	{"scalars", `key <= 1`, false},
	{"scalars", `1.00 == 1`, true},
	{"scalars", `'b' > 'a' AND 'a' < 'b'`, true},
	{"scalars", `string_const CONTAINS 'oo'`, true},
	{"scalars", `string_const CONTAINS 'x'`, false},
	{"scalars", `level CONTAINS 7`, false},
	{"scalar operator on an array", `skills == 'support'`, false},
	{"scalar operator on an array", `skills != 'support'`, false},
	{"scalar operator on an array", `skills != null`, false},
	{"scalar operator on an array", `['a'] == ['a']`, false},
	{"scalar operator on an array", `skills CONTAINS 'support'`, false},
	{"scalar operator on an array", `skills > 0`, false},
	{"arrays", `skills HAS 'sales'`, false},
	{"arrays", `routing.skills HAS "billing"`, true},
	{"arrays", `language IN ["fr", "es"]`, false},
	{"arrays", `language NOT IN ["fr", "es"]`, true},
	{"arrays", `language NOT IN ["en"]`, false},
	{"arrays", `language not in []`, true},
	{"arrays", `key IN [1, level, 2.0]`, true},
	{"arrays", `null IN [null]`, true},
	{"array operator on two scalars", `'a' HAS 'a'`, false},
	{"array operator on two scalars", `'a' IN 'abc'`, false},
	{"array operator on two scalars", `'a' NOT IN 'xyz'`, false},
	{"array operator on two scalars", `language NOT IN missing`, false},
	{"array operator on two scalars", `missing HAS 'a'`, false},
	{"two arrays", `skills HAS skills`, false},
	{"two arrays", `skills NOT IN [1]`, false},
	{"types", `1 == '1'`, false},
	{"types", `1 != '1'`, true},
	{"types", `1 < '2'`, false},
	{"types", `true == 'true'`, false},
	{"types", `missing != true`, true},
	{"types", `missing < 1`, false},
	{"types", `nothing == null`, true},
	{"types", `object == null`, false},
	{"types", `object != null`, true},
	{"types", `object == object`, false},
	{"logic", `1==1 OR 1==2 AND 1==2`, true},
	{"logic", `(1==1 OR 1==2) AND 1==2`, false},
	{"logic", `1==2 or 1==2 And 1==1`, false},
	{"logic", `((((1==1))))`, true},
	{"logic", `condition_b`, true},
	{"logic", `condition_a`, false},
	{"logic", `string_const`, false},
	{"strings", `name == "O'Brien"`, true},
	{"strings", `name == 'O\'Brien'`, true},
	{"strings", `string_const=="foo"AND key==2`, true},
	{"prefixes", `task.transferTargetType == 'worker' AND task.transferTargetSid == worker.sid`, true},
	{"prefixes", `worker.sid NOT IN task.workerSidsInConversation`, true},
	{"prefixes", `worker.sid NOT IN task.nowhere`, false},
	{"prefixes", `worker.channel.chat.assigned_tasks == 0`, true},
	{"prefixes", `task.skill IN worker.routing.skills AND worker.routing.levels.chat > 30`, true},
	{"prefixes", `task.contact == worker.contact_uri`, true},
	{"prefixes", `task.lines[0].to == 'x'`, true},
	{"prefixes", `transferTargetSid == 'WKb'`, false},
	{"prefixes", `worker.in == null`, true},
}

func TestMatches(t *testing.T) {
	scope := testScope(t)
	for _, c := range matching {
		t.Run(c.group+"/"+c.source, func(t *testing.T) {
			e, err := Parse(c.source)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Matches(scope); got != c.want {
				t.Errorf("Matches = %v, want %v", got, c.want)
			}
			if e.String() != c.source {
				t.Errorf("String = %q, want the source", e.String())
			}
		})
	}
}

func TestPrefixesWithoutDocumentsAreOrdinaryKeys(t *testing.T) {
	e, err := Parse(`task.kind == 'a' AND worker == 'b'`)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Matches(Scope{Bare: document(t, `{"task":{"kind":"a"},"worker":"b"}`)}) {
		t.Error("keys named task and worker were not found in Bare")
	}
	if e.Matches(Scope{}) {
		t.Error("an empty scope matched")
	}
}

func TestValue(t *testing.T) {
	scope := testScope(t)
	scope.Bare["int"], scope.Bare["int64"], scope.Bare["number"] = 3, int64(4), json.Number("5.5")
	scope.Bare["broken"], scope.Bare["strings"] = json.Number("x"), []string{"a", "b"}
	for source, want := range map[string]any{
		`task.transferTargetSid`:      "WKb",
		`task.missing`:                nil,
		`worker.routing.levels.chat`:  40.0,
		`task.transferTargetSid == 1`: false,
		`'text'`:                      "text",
		`2.5`:                         2.5,
		`TRUE`:                        true,
		`int`:                         3.0,
		`int64`:                       4.0,
		`number`:                      5.5,
		`broken`:                      nil,
		`strings[1]`:                  "b",
		`(level)`:                     7.0,
	} {
		e, err := Parse(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := e.Value(scope); got != want {
			t.Errorf("%s: Value = %v (%T), want %v", source, got, got, want)
		}
	}
}

func TestIsCondition(t *testing.T) {
	for source, want := range map[string]bool{
		`1 == 1`: true, `a == 1 OR b == 2`: true, `(a HAS 1)`: true, `task.sid`: false, `true`: false, `[1]`: false,
	} {
		e, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if e.IsCondition() != want {
			t.Errorf("%s: IsCondition = %v, want %v", source, !want, want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		source  string
		offset  int
		problem string
	}{
		{``, 0, `the end where a value or a key was expected`},
		{`a ==`, 4, `the end where a value or a key was expected`},
		{`a = 1`, 2, `unknown operator "="`},
		{`a ! 1`, 2, `unknown operator "!"`},
		{`a == 'x`, 5, `string without a closing '`},
		{`a == 1 b`, 7, `"b" where AND, OR or the end was expected`},
		{`(a == 1`, 7, `the end where ) was expected`},
		{`a == 1)`, 6, `")" where AND, OR or the end was expected`},
		{`NOT a == 1`, 0, `"NOT" where a value or a key was expected`},
		{`a NOT HAS 1`, 6, `"HAS" where IN after NOT was expected`},
		{`a IN ('x')`, 5, `"(" where a value or a key was expected`},
		{`a IN [1 2]`, 8, `"2" where , or ] was expected`},
		{`a IN [1,]`, 8, `"]" where a value or a key was expected`},
		{`my-key == 1`, 2, `hyphens are not supported`},
		{`a == -1`, 5, `hyphens are not supported`},
		{`a.b-c == 1`, 3, `hyphens are not supported`},
		{`a..b == 1`, 1, `no key after the dot`},
		{`a[x] == 1`, 2, `an index has to be a whole number`},
		{`a[1 == 1`, 1, `index without a closing ]`},
		{`a == 1.2.3`, 5, `malformed number "1.2.3"`},
		{`a == 1x`, 5, `malformed number "1"`},
		{`a == 1.`, 5, `malformed number "1."`},
		{`a AND b == 1`, 0, `AND joins comparisons, not values`},
		{`a == 1 OR b`, 10, `OR joins comparisons, not values`},
		{`a == b == c`, 7, `"==" where AND, OR or the end was expected`},
		{`a == #`, 5, `unexpected character '#'`},
		{"a == \xff", 5, `unexpected character '�'`},
		{strings.Repeat("(", MaxDepth+1), MaxDepth, `more than 64 brackets within brackets`},
		{`a IN ` + strings.Repeat("[", MaxDepth+1), 5 + MaxDepth, `more than 64 brackets within brackets`},
		{strings.Repeat("a", MaxLength+1), MaxLength, `longer than 16384 bytes`},
	} {
		_, err := Parse(c.source)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.40q: error is %v, want a *SyntaxError", c.source, err)
			continue
		}
		if syntax.Offset != c.offset || syntax.Problem != c.problem {
			t.Errorf("%.40q: %q at %d, want %q at %d", c.source, syntax.Problem, syntax.Offset, c.problem, c.offset)
		}
	}
	if _, err := Parse(`a = 1`); err.Error() != `expression: unknown operator "=" at position 3` {
		t.Errorf("the message does not name the position: %v", err)
	}
}

func TestBracketsAtTheLimitAndLongChains(t *testing.T) {
	nested := strings.Repeat("(", MaxDepth) + "1==1" + strings.Repeat(")", MaxDepth)
	chain := "1==2" + strings.Repeat(" OR 1==2", 1500) + " OR 1==1"
	for _, source := range []string{nested, chain} {
		e, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Matches(Scope{}) {
			t.Errorf("%.30q… did not match", source)
		}
	}
}
