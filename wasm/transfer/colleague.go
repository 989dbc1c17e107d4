package transfer

import "github.com/flex-transfer/flex-transfer/wasm/json"

// The worker attributes that the rules read. full_name, routing.skills and
// team_name are Flex's own; enforcedQueueFilter is the Flex project template's;
// transferDirectory is ours: {"queues": {"allow": [...], "deny": [...]}, "workers":
// …, "teams": …}.
const (
	attrFullName      = "full_name"
	attrTeam          = "team"
	attrTeamName      = "team_name"
	attrRouting       = "routing"
	attrSkills        = "skills"
	attrQueueFilter   = "enforcedQueueFilter"
	attrOwnPermission = "transferDirectory"
)

// readAttributes reads a worker's attributes. It fails where they are not a
// JSON object; members of another type than expected say nothing.
func (c *Colleague) readAttributes(text string) error {
	r := json.NewReader(text)
	err := r.Object(func(key string) error {
		switch key {
		case attrFullName:
			return readName(r, &c.Name)
		case attrTeamName:
			return readName(r, &c.Team)
		case attrTeam:
			if c.Team == "" {
				return readName(r, &c.Team)
			}
		case attrRouting:
			return readSkills(r, &c.Skills)
		case attrQueueFilter:
			return readQueueFilter(r, c.own())
		case attrOwnPermission:
			return readPermission(r, c.own())
		}
		return r.Skip()
	})
	if err != nil {
		return err
	}
	return r.End()
}

func (c *Colleague) own() *Permission {
	if c.Own == nil {
		c.Own = &Permission{Name: "the agent's own attributes"}
	}
	return c.Own
}

// readName reads a text; one that is empty, or no text, changes nothing.
func readName(r *json.Reader, into *string) error {
	if r.Kind() != json.String {
		return r.Skip()
	}
	s, err := r.String()
	if s != "" {
		*into = s
	}
	return err
}

func readSkills(r *json.Reader, into *[]string) error {
	return members(r, func(key string) error {
		if key != attrSkills {
			return r.Skip()
		}
		return readTexts(r, into)
	})
}

// readQueueFilter reads the template's filter: queues whose name has the text
// in it.
func readQueueFilter(r *json.Reader, into *Permission) error {
	var texts []string
	if err := readTexts(r, &texts); err != nil {
		return err
	}
	for _, t := range texts {
		if t != "" {
			into.ToQueues.Allow = append(into.ToQueues.Allow, "*"+t+"*")
		}
	}
	return nil
}

func readPermission(r *json.Reader, into *Permission) error {
	return members(r, func(key string) error {
		switch key {
		case "queues":
			return readPatterns(r, &into.ToQueues)
		case "workers":
			return readPatterns(r, &into.ToWorkers)
		case "teams":
			return readPatterns(r, &into.ToTeams)
		}
		return r.Skip()
	})
}

func readPatterns(r *json.Reader, into *Patterns) error {
	return members(r, func(key string) error {
		switch key {
		case "allow":
			return readTexts(r, &into.Allow)
		case "deny":
			return readTexts(r, &into.Deny)
		}
		return r.Skip()
	})
}

// members reads an object; anything else says nothing.
func members(r *json.Reader, member func(key string) error) error {
	if r.Kind() != json.Object {
		return r.Skip()
	}
	return r.Object(member)
}

// readTexts appends a text, or the texts of a list.
func readTexts(r *json.Reader, into *[]string) error {
	switch r.Kind() {
	case json.String:
		s, err := r.String()
		*into = append(*into, s)
		return err
	case json.Array:
		if *into == nil {
			*into = make([]string, 0, 4)
		}
		return r.Array(func(int) error {
			if r.Kind() != json.String {
				return r.Skip()
			}
			s, err := r.String()
			*into = append(*into, s)
			return err
		})
	}
	return r.Skip()
}
