package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Directory is what GET /v1/directory answers with.
type Directory struct {
	Workers  []transfer.WorkerRecord
	Queues   []transfer.QueueRecord
	Settings transfer.Settings
}

// AppendDirectory appends a directory and the hash of the rules.
func AppendDirectory(buf []byte, d Directory) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	w.Key("workers")
	writeList(w, d.Workers, writeWorker)
	w.Key("queues")
	writeList(w, d.Queues, writeQueue)
	w.Key("settings")
	writeSettings(w, d.Settings)
	putString(w, "rules", transfer.RulesHash)
	w.EndObject()
	return w.Bytes()
}

// AppendHello appends the data of the stream's first event, and of the one that
// tells of new settings: the settings and the hash of the rules.
func AppendHello(buf []byte, s transfer.Settings) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	putString(w, "rules", transfer.RulesHash)
	w.Key("settings")
	writeSettings(w, s)
	w.EndObject()
	return w.Bytes()
}

// AppendWorker appends a worker record.
func AppendWorker(buf []byte, worker transfer.WorkerRecord) []byte {
	w := json.NewWriter(buf)
	writeWorker(w, worker)
	return w.Bytes()
}

// AppendQueue appends a queue record.
func AppendQueue(buf []byte, queue transfer.QueueRecord) []byte {
	w := json.NewWriter(buf)
	writeQueue(w, queue)
	return w.Bytes()
}

// AppendError appends an error of the backend: a code, a message fit for the
// agent, and the field that is at fault, which may be empty.
func AppendError(buf []byte, code, message, field string) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	putString(w, "code", code)
	putString(w, "message", message)
	if field != "" {
		putString(w, "field", field)
	}
	w.EndObject()
	return w.Bytes()
}

func writeWorker(w *json.Writer, worker transfer.WorkerRecord) {
	w.BeginObject()
	putString(w, "sid", worker.SID)
	putString(w, "friendly_name", worker.FriendlyName)
	putString(w, "attributes", worker.Attributes)
	putString(w, "activity_name", worker.ActivityName)
	putBool(w, "available", worker.Available)
	w.EndObject()
}

func readWorker(r *json.Reader, into *transfer.WorkerRecord) error {
	return readWorkerKnown(r, into, "", nil)
}

// readWorkerKnown is readWorker for a worker whose attributes may be known from a
// former question, by the key, or where that is empty by their SID. m may be nil.
func readWorkerKnown(r *json.Reader, into *transfer.WorkerRecord, known string, m *transfer.Colleagues) error {
	return record(r, func(key string) error {
		switch key {
		case "sid":
			return readString(r, &into.SID)
		case "friendly_name":
			return readString(r, &into.FriendlyName)
		case "attributes":
			return readKnownAttributes(r, &into.Attributes, or(known, into.SID), m)
		case "activity_name":
			return readString(r, &into.ActivityName)
		case "available":
			return readBool(r, &into.Available)
		}
		return r.Skip()
	})
}

func writeQueue(w *json.Writer, queue transfer.QueueRecord) {
	w.BeginObject()
	putString(w, "sid", queue.SID)
	putString(w, "friendly_name", queue.FriendlyName)
	putBool(w, "unserved", queue.Unserved)
	putStrings(w, "skills", queue.Skills)
	if f := queue.Figures; f != nil {
		w.Key("figures")
		w.BeginObject()
		putInt(w, "available", f.Available)
		putInt(w, "waiting", f.Waiting)
		putInt(w, "longest_wait", f.LongestWait)
		w.EndObject()
	}
	w.EndObject()
}

func readQueue(r *json.Reader, into *transfer.QueueRecord) error {
	return record(r, func(key string) error {
		switch key {
		case "sid":
			return readString(r, &into.SID)
		case "friendly_name":
			return readString(r, &into.FriendlyName)
		case "unserved":
			return readBool(r, &into.Unserved)
		case "skills":
			return list(r, &into.Skills, readString)
		case "figures":
			return readFigures(r, &into.Figures)
		}
		return r.Skip()
	})
}

func readFigures(r *json.Reader, into **transfer.QueueFigures) error {
	if r.Null() {
		return nil
	}
	f := new(transfer.QueueFigures)
	*into = f
	return r.Object(func(key string) error {
		switch key {
		case "available":
			return readCount(r, &f.Available)
		case "waiting":
			return readCount(r, &f.Waiting)
		case "longest_wait":
			return readCount(r, &f.LongestWait)
		}
		return r.Skip()
	})
}
