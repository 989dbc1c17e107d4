package directory

import (
	"slices"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// What the settings and permissions hide is on no list, whatever is looked for.
func TestWhatIsHidden(t *testing.T) {
	workers := []transfer.Colleague{
		{SID: sidOf("WK", 1), Name: "Ada", Team: "North", Activity: "Available", Available: true, Skills: []string{"billing"}},
		{SID: sidOf("WK", 2), Name: "Bea", Team: "North", Activity: "Available", Available: true},
		{SID: sidOf("WK", 3), Name: "Chidi", Team: "South", Activity: "Break"},
	}
	queues := []transfer.QueueRecord{
		{SID: sidOf("WQ", 1), FriendlyName: "Billing", Skills: []string{"billing"}, Figures: &transfer.QueueFigures{Available: 2}},
		{SID: sidOf("WQ", 2), FriendlyName: "Everyone"},
		{SID: sidOf("WQ", 3), FriendlyName: "Returns", Skills: []string{"returns"}, Figures: &transfer.QueueFigures{Waiting: 3}},
	}
	for name, c := range map[string]struct {
		directory   transfer.DirectorySettings
		permissions []transfer.Permission
		want        []string
	}{
		"oneself alone":     {want: []string{"Bea", "Chidi", "Billing", "Everyone", "Returns"}},
		"unavailable":       {directory: transfer.DirectorySettings{HideUnavailable: true}, want: []string{"Bea", "Billing", "Everyone", "Returns"}},
		"empty queues":      {directory: transfer.DirectorySettings{HideEmptyQueues: true}, want: []string{"Bea", "Chidi", "Billing", "Everyone"}},
		"queues by skill":   {directory: transfer.DirectorySettings{QueuesBySkill: true}, want: []string{"Bea", "Chidi", "Billing", "Everyone"}},
		"denied for all":    {permissions: []transfer.Permission{{ToQueues: transfer.Patterns{Deny: []string{"B*", "ret*"}}}}, want: []string{"Bea", "Chidi", "Everyone"}},
		"a team's own":      {permissions: []transfer.Permission{{Teams: []string{"North"}, ToTeams: transfer.Patterns{Allow: []string{"South"}}}}, want: []string{"Chidi", "Billing", "Everyone", "Returns"}},
		"another team's":    {permissions: []transfer.Permission{{Teams: []string{"South"}, ToTeams: transfer.Patterns{Allow: []string{"South"}}}}, want: []string{"Bea", "Chidi", "Billing", "Everyone", "Returns"}},
		"two that both say": {permissions: []transfer.Permission{{ToWorkers: transfer.Patterns{Deny: []string{"bea"}}}, {ToWorkers: transfer.Patterns{Deny: []string{sidOf("WK", 3)}}}}, want: []string{"Billing", "Everyone", "Returns"}},
	} {
		d := load(t, workers, queues)
		d.Open(transfer.Facts{Me: workers[0], Settings: transfer.Settings{ColdTransfer: true, Directory: c.directory, Permissions: c.permissions}})
		if got := namesOf(d, d.Search(Query{Limit: 30})); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := namesOf(d, d.Search(Query{Text: "ada", Limit: 30})); len(got) != 0 {
			t.Errorf("%s: finds oneself: %q", name, got)
		}
	}
}

// A queue that comes to have somebody is shown again.
func TestAnEmptyQueueComesBack(t *testing.T) {
	q := transfer.QueueRecord{SID: sidOf("WQ", 1), FriendlyName: "Billing", Figures: &transfer.QueueFigures{}}
	d := load(t, nil, []transfer.QueueRecord{q})
	d.Open(transfer.Facts{Settings: transfer.Settings{Directory: transfer.DirectorySettings{HideEmptyQueues: true}}})
	for _, available := range []int{0, 1, 0} {
		q.Figures = &transfer.QueueFigures{Available: available}
		d.UpdateQueue(q)
		if got := len(namesOf(d, d.Search(Query{Limit: 30}))); got != available {
			t.Errorf("%d available: %d are shown", available, got)
		}
	}
}
