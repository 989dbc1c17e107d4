package wire

import (
	"strconv"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Question is what a page asks the rules.
type Question struct {
	// Records are what the page knows. They share the memory of the question.
	Records transfer.Records
	// Request is what the agent wants to ask the backend for; nil where the page
	// only wants to know what to show.
	Request *transfer.Request
}

// DecodeQuestion reads a question. Everything but the number of the wire format
// may be absent or null. Fields that are not known are skipped. It fails with
// an [*Error] whose code is [CodeBadRecords] or [CodeUnknownWireFormat].
func DecodeQuestion(text string) (Question, error) {
	var q Question
	return q, readQuestion(json.NewReader(text), &q, new(memory))
}

// memory is what is left of former questions.
type memory struct {
	lists transfer.Records // lists that nobody needs any more
	// colleagues are nil where nothing is to be remembered.
	colleagues *transfer.Colleagues
}

// readQuestion reads a question into an empty one.
func readQuestion(r *json.Reader, q *Question, m *memory) error {
	versioned := false
	err := r.Object(func(key string) error {
		switch key {
		case "wire":
			versioned = true
			return readVersion(r)
		case "request":
			return readOptionalRequest(r, &q.Request)
		}
		return readRecords(r, key, &q.Records, m)
	})
	if err == nil && !versioned {
		err = missing("wire")
	}
	return finish(r, CodeBadRecords, err)
}

// readVersion reads the number of the wire format.
func readVersion(r *json.Reader) error {
	v, err := r.Int()
	if err == nil && v != Version {
		message := "format " + strconv.FormatInt(v, 10) + " is not known; this side speaks " + strconv.Itoa(Version)
		err = &Error{Code: CodeUnknownWireFormat, Message: message}
	}
	return err
}

// readRecords reads one member of a question into the records.
func readRecords(r *json.Reader, key string, into *transfer.Records, m *memory) error {
	switch key {
	case "now":
		return readTime(r, &into.Now)
	case "settings":
		return readSettings(r, &into.Settings)
	case "worker":
		return readWorkerKnown(r, &into.Worker, transfer.MeKey, m.colleagues)
	case "roles":
		return listIn(r, &into.Roles, m.lists.Roles, readString)
	case "task":
		return readTask(r, &into.Task)
	case "channel":
		return readChannel(r, &into.Channel)
	case "participants":
		return listIn(r, &into.Participants, m.lists.Participants, readParticipant)
	case "transfers":
		return readTransfers(r, &into.Transfers, m.lists.Transfers)
	case "departures":
		return readDepartures(r, &into.Departures)
	case "requesting":
		return readBool(r, &into.Requesting)
	case "workers":
		return listIn(r, &into.Workers, m.lists.Workers, func(r *json.Reader, w *transfer.WorkerRecord) error {
			return readWorkerKnown(r, w, "", m.colleagues)
		})
	case "queues":
		return listIn(r, &into.Queues, m.lists.Queues, readQueue)
	case "query":
		return readString(r, &into.Query)
	}
	return r.Skip()
}

func readTask(r *json.Reader, into *transfer.TaskRecord) error {
	return record(r, func(key string) error {
		switch key {
		case "sid":
			return readString(r, &into.SID)
		case "assignment_status":
			return readString(r, &into.AssignmentStatus)
		case "task_channel_unique_name":
			return readString(r, &into.TaskChannelName)
		case "attributes":
			return readAttributes(r, &into.Attributes)
		case "reservation_status":
			return readString(r, &into.ReservationStatus)
		case "task_queue_friendly_name":
			return readString(r, &into.QueueName)
		case "task_queue_sid":
			return readString(r, &into.QueueSID)
		}
		return r.Skip()
	})
}

func readChannel(r *json.Reader, into *transfer.ChannelRecord) error {
	return record(r, func(key string) error {
		switch key {
		case "sid":
			return readString(r, &into.SID)
		case "interaction_sid":
			return readString(r, &into.InteractionSID)
		case "type":
			return readString(r, &into.Type)
		case "status":
			return readString(r, &into.Status)
		}
		return r.Skip()
	})
}

func readParticipant(r *json.Reader, into *transfer.ParticipantRecord) error {
	return record(r, func(key string) error {
		switch key {
		case "sid":
			return readString(r, &into.SID)
		case "type":
			return readString(r, &into.Type)
		case "routing_properties":
			return readRouting(r, into)
		}
		return r.Skip()
	})
}

func readRouting(r *json.Reader, into *transfer.ParticipantRecord) error {
	return record(r, func(key string) error {
		switch key {
		case "task_sid":
			return readString(r, &into.TaskSID)
		case "worker_sid":
			return readString(r, &into.WorkerSID)
		case "reservation_sid":
			return readString(r, &into.ReservationSID)
		}
		return r.Skip()
	})
}
