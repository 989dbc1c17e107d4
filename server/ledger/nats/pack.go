package nats

import (
	"errors"

	"github.com/klauspost/compress/s2"
)

// Records are mostly names of fields and SIDs that stand in them several times. Packed against a dictionary of those
// names they take less than half of the room, in the stream's files and in the blocks that the server keeps in memory.

// packedByDictionary1 is the first byte of a record that was packed with dictionary1. A JSON record begins with '{'.
const packedByDictionary1 = 1

// dictionary1 is never changed, since records that were packed with it are in ledgers: a better one gets a number of its
// own.
var dictionary1 = s2.MakeDict([]byte(`"failure":"","failureDetail":"","droppedAttributes":["","over":"target-declined",`+
	`"tried":[{"target":{"kind":"queue","sid":"WQ","name":""},"outcome":"","at":"","taskSid":"WT"}],"round":1,`+
	`"departures":[{"id":"XD","kind":"leave","agent":{"workerSid":"WK","name":"","participantSid":"UT","taskSid":"WT"},`+
	`"requestedBy":"WK","leaveAs":"completed","phase":"gone","requestedAt":"","endedAt":""}],"mirrored":["WT"],"mirrorPending":true,`+
	`"mode":"warm","phase":"leaving","phase":"ringing","phase":"inviting","phase":"withdrawing","digest":{"text":""},"digestWanted":true,`+
	`"attributes":"{\"transferTargetType\":\"worker\",\"transferTargetSid\":\"WK","transferQueueName\":\"",\"workerSidsInConversation\":[\"WK`+
	`\"],\"transferId\":\"XT\",\"transferPlan\":{\"mode\":\"cold\",\"leaveOn\":\"invite\",\"originQueueSid\":\"WQ\",\"requestedBy\":\"WK`+
	`\",\"fromWorkerSid\":\"WK\",\"fromParticipantSid\":\"UT\",\"fromTaskSid\":\"WT\"},\"conversations\":{\"conversation_id\":\"KD`+
	`\",\"initiated_by\":\"customer\",\"media\":[{\"sid\":\"CH\",\"type\":\"ChatTranscript\"}]},\"transferFromName\":\"`+
	`\",\"channelType\":\"web\",\"customerAddress\":\"\",\"customerName\":\"\",\"customers\":{\"name\":\"\"},\"direction\":\"inbound\",`+
	`\"from\":\"\",\"initiatedBy\":\"customer\",\"name\":\"\"}"},`+
	`{"id":"","origin":"","event":"accepted","state":{"version":2,"interactionSid":"KD","interactionChannelSid":"UO","conversationSid":"CH",`+
	`"transfers":[{"id":"XT","mode":"cold","leaveOn":"invite","leaveAs":"completed","from":{"workerSid":"WK","name":"",`+
	`"participantSid":"UT","taskSid":"WT"},"target":{"kind":"worker","sid":"WK","name":""},"originQueueSid":"WQ","requestedBy":"WK",`+
	`"phase":"completed","invite":{"taskChannelName":"chat","sid":"KG","taskSid":"WT"},"attempt":1,"due":"20","timeoutSeconds":120,`+
	`"deadline":"20","requestedAt":"20","invitedAt":"20","leftAt":"20","endedAt":"20","acceptedBy":"WK","acceptedAt":"20",`+
	`"briefing":{"from":"","reason":"","notes":""}}],"present":[{"workerSid":"WK","participantSid":"UT","taskSid":"WT"}]}}`), nil)

// pack packs a record's JSON.
func pack(text []byte) []byte {
	return append([]byte{packedByDictionary1}, dictionary1.Encode(nil, text)...)
}

// errNotUnpacked says that a message's data are nothing that pack has made.
var errNotUnpacked = errors.New("the record is packed in a way that this version does not know, or is damaged")

// largestRecord is more than a message of NATS may hold, unpacked.
const largestRecord = 16 << 20

// unpack returns a record's JSON, also of one that was not packed.
func unpack(data []byte) ([]byte, error) {
	switch {
	case len(data) == 0 || data[0] == '{':
		return data, nil
	case data[0] != packedByDictionary1:
		return nil, errNotUnpacked
	}
	if n, err := s2.DecodedLen(data[1:]); err != nil || n > largestRecord {
		return nil, errNotUnpacked
	}
	text, err := dictionary1.Decode(nil, data[1:])
	if err != nil {
		return nil, errNotUnpacked
	}
	return text, nil
}
