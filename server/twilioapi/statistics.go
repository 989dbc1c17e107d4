package twilioapi

import (
	"context"
	"strconv"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var queueStatistics = read("TaskQueues.RealTimeStatistics.fetch", ClassSweep)

// QueueFigures reads how a task queue stands now.
func (c *Client) QueueFigures(ctx context.Context, queueSID string) (transfer.QueueFigures, error) {
	if !transfer.ValidSID(queueSID, "WQ") {
		return transfer.QueueFigures{}, invalid(queueStatistics.name, "queueSID: not a task queue SID")
	}
	return run(ctx, c, queueStatistics, func(a *attempt) (transfer.QueueFigures, error) {
		s, err := a.taskrouter().FetchTaskQueueRealTimeStatistics(c.workspace, queueSID, &taskrouter.FetchTaskQueueRealTimeStatisticsParams{})
		if err != nil {
			return transfer.QueueFigures{}, err
		}
		if text(s.TaskQueueSid) == "" {
			return transfer.QueueFigures{}, errIncomplete
		}
		return transfer.QueueFigures{
			Available: s.TotalAvailableWorkers, Waiting: pendingOf(s.TasksByStatus), LongestWait: s.LongestTaskWaitingAge,
		}, nil
	})
}

// pendingOf is the number of tasks that wait, of tasks_by_status: an object of counts, which are numbers or numbers as
// text.
func pendingOf(byStatus *any) int {
	if byStatus == nil {
		return 0
	}
	counts, _ := (*byStatus).(map[string]any)
	switch n := counts["pending"].(type) {
	case float64:
		return int(n)
	case string:
		v, _ := strconv.Atoi(n)
		return v
	case interface{ Int64() (int64, error) }:
		v, _ := n.Int64()
		return int(v)
	}
	return 0
}
