package twilsock

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// syncURL is the address of Sync, which the SDKs ask through the socket.
const syncURL = "https://cds.us1.twilio.com/v3/"

// kind is a kind of Sync object, as events and subscriptions name it.
type kind string

const (
	kindDocument kind = "document"
	kindMap      kind = "map"
	kindList     kind = "list"
)

// prefix is what the SIDs of a kind begin with, and collection what its address is called.
func (k kind) prefix() string {
	return map[kind]string{kindDocument: "ET", kindMap: "MP", kindList: "ES"}[k]
}

func (k kind) collection() string {
	return map[kind]string{kindDocument: "Documents", kindMap: "Maps", kindList: "Lists"}[k]
}

// object is a Sync object: a document, or a map or list of items. The hub's lock guards it.
type object struct {
	kind             kind
	sid, name        string
	created, updated time.Time
	revision         int
	lastEvent        int64
	data             json.RawMessage // of a document
	items            []*item         // of a map, by key; of a list, by index
	gone             map[string]int64
	nextIndex        int // of a list

	mayRead  func(sandbox.FlexSession) bool
	open     bool // made by an SDK, which may change it
	watchers map[*link]struct{}
}

// item is an item of a map or list.
type item struct {
	key              string
	index            int // of a list's
	data             json.RawMessage
	created, updated time.Time
	revision         int
	added, changed   int64 // events
}

func newObject(k kind, sid, name string, now time.Time, mayRead func(sandbox.FlexSession) bool) *object {
	return &object{kind: k, sid: sid, name: name, created: now, updated: now, gone: map[string]int64{}, mayRead: mayRead,
		watchers: map[*link]struct{}{}}
}

// sidOf makes a SID that is always the same for the same name.
func sidOf(prefix, name string) string {
	sum := sha256.Sum256([]byte(prefix + ":" + name))
	return prefix + hex.EncodeToString(sum[:16])
}

// compare orders the keys of an object's items.
func (o *object) compare(a, b string) int {
	if o.kind != kindList {
		return cmp.Compare(a, b)
	}
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return cmp.Compare(x, y)
}

func (o *object) find(key string) (int, bool) {
	return slices.BinarySearchFunc(o.items, key, func(i *item, key string) int { return o.compare(i.key, key) })
}

func (o *object) item(key string) *item {
	if i, ok := o.find(key); ok {
		return o.items[i]
	}
	return nil
}

// url is the object's address.
func (o *object) url() string { return syncURL + o.kind.collection() + "/" + o.sid }

func (o *object) itemURL(i *item) string { return o.url() + "/Items/" + pathEscape(i.key) }

// view is the object as GET answers it.
func (o *object) view() map[string]any {
	v := map[string]any{"sid": o.sid, "unique_name": o.name, "url": o.url(), "revision": strconv.Itoa(o.revision),
		"last_event_id": o.lastEvent, "date_created": moment(o.created), "date_updated": moment(o.updated),
		"date_expires": nil, "created_by": "system", "links": map[string]string{}}
	if o.kind == kindDocument {
		v["data"] = o.data
	} else {
		v["links"] = map[string]string{"items": o.url() + "/Items"}
	}
	return v
}

func (o *object) viewItem(i *item) map[string]any {
	v := map[string]any{"url": o.itemURL(i), "revision": strconv.Itoa(i.revision), "last_event_id": i.changed,
		"date_created": moment(i.created), "date_updated": moment(i.updated), "date_expires": nil, "created_by": "system",
		"data": i.data, string(o.kind) + "_sid": o.sid}
	if o.kind == kindList {
		v["index"] = i.index
	} else {
		v["key"] = i.key
	}
	return v
}

// event is a change of a Sync object, as subscribers get it.
type event struct {
	name string // map_item_added, …
	body map[string]any
}

func (o *object) documentEvent(name string) event {
	return event{name, map[string]any{"id": o.lastEvent, "document_sid": o.sid, "document_revision": strconv.Itoa(o.revision),
		"document_data": o.data, "date_created": moment(o.updated)}}
}

func (o *object) itemEvent(name string, i *item) event {
	k := string(o.kind)
	body := map[string]any{"id": i.changed, k + "_sid": o.sid, k + "_revision": strconv.Itoa(o.revision),
		"item_revision": strconv.Itoa(i.revision), "item_url": o.itemURL(i), "item_data": i.data,
		"date_created": moment(i.updated)}
	if o.kind == kindList {
		body["item_index"] = i.index
	} else {
		body["item_key"] = i.key
	}
	return event{k + name, body}
}

// missed are the events after one, for a subscriber who comes back: of each item only what it is now.
func (o *object) missed(since int64) []event {
	if o.kind == kindDocument {
		if o.lastEvent > since {
			return []event{o.documentEvent("document_updated")}
		}
		return nil
	}
	var events []event
	for _, i := range o.items {
		switch {
		case i.added > since:
			events = append(events, o.itemEvent("_item_added", i))
		case i.changed > since:
			events = append(events, o.itemEvent("_item_updated", i))
		}
	}
	for key, id := range o.gone {
		if id > since {
			events = append(events, o.removedEvent(key, id, nil))
		}
	}
	slices.SortFunc(events, func(a, b event) int { return cmp.Compare(a.body["id"].(int64), b.body["id"].(int64)) })
	return events
}

func (o *object) removedEvent(key string, id int64, old json.RawMessage) event {
	i := &item{key: key, data: old, changed: id, updated: o.updated}
	i.index, _ = strconv.Atoi(key)
	return o.itemEvent("_item_removed", i)
}

// next gives the next event of an object its number.
func (h *hub) next(o *object) int64 {
	h.lastEvent++
	o.lastEvent, o.updated = h.lastEvent, h.now()
	o.revision++
	return h.lastEvent
}

// setDocument changes a document and tells its subscribers, unless nothing is new.
func (h *hub) setDocument(o *object, data json.RawMessage) {
	if bytes.Equal(o.data, data) {
		return
	}
	o.data = data
	h.next(o)
	h.tell(o, o.documentEvent("document_updated"))
}

// setItem adds or changes an item and tells the object's subscribers, unless nothing is new. It says whether it is added.
func (h *hub) setItem(o *object, key string, data json.RawMessage) (i *item, added bool) {
	at, found := o.find(key)
	if found {
		if i = o.items[at]; bytes.Equal(i.data, data) {
			return i, false
		}
		i.data, i.changed = data, h.next(o)
		i.revision++
		i.updated = o.updated
		h.tell(o, o.itemEvent("_item_updated", i))
		return i, false
	}
	id := h.next(o)
	i = &item{key: key, data: data, created: o.updated, updated: o.updated, added: id, changed: id}
	if o.kind == kindList {
		i.index, _ = strconv.Atoi(key)
		o.nextIndex = max(o.nextIndex, i.index+1)
	}
	o.items = slices.Insert(o.items, at, i)
	delete(o.gone, key)
	h.tell(o, o.itemEvent("_item_added", i))
	return i, true
}

// removeItem takes an item away and tells the object's subscribers.
func (h *hub) removeItem(o *object, key string) {
	at, found := o.find(key)
	if !found {
		return
	}
	old := o.items[at].data
	o.items = slices.Delete(o.items, at, at+1)
	o.gone[key] = h.next(o)
	h.tell(o, o.removedEvent(key, o.lastEvent, old))
}

// removeObject takes an object away, and tells and forgets its subscribers.
func (h *hub) removeObject(o *object) {
	id := h.next(o)
	h.tell(o, event{string(o.kind) + "_removed", map[string]any{"id": id, string(o.kind) + "_sid": o.sid,
		"date_created": moment(o.updated)}})
	for l := range o.watchers {
		h.unwatch(l, o)
	}
	delete(h.objects, o.sid)
	delete(h.objects, string(o.kind)+":"+o.name)
}

// addObject makes an object known by its SID and its name.
func (h *hub) addObject(k kind, name string, mayRead func(sandbox.FlexSession) bool) *object {
	o := newObject(k, sidOf(k.prefix(), name), name, h.now(), mayRead)
	h.next(o)
	o.revision = 0
	h.objects[o.sid], h.objects[string(k)+":"+name] = o, o
	return o
}

// object finds an object by SID or name.
func (h *hub) object(k kind, name string) *object {
	if o := h.objects[name]; o != nil && o.kind == k {
		return o
	}
	return h.objects[string(k)+":"+name]
}

// tell pushes an event to all who have subscribed to an object.
func (h *hub) tell(o *object, e event) {
	if len(o.watchers) == 0 {
		return
	}
	payload := e.payload()
	for l := range o.watchers {
		l.push("com.twilio.rtd.cds."+string(o.kind), payload)
	}
}

func (e event) payload() []byte {
	return toJSON(map[string]any{"event_type": e.name, "event_protocol_version": 4, "event": e.body})
}

func (h *hub) watch(l *link, o *object) {
	o.watchers[l] = struct{}{}
	l.watching[o] = struct{}{}
}

func (h *hub) unwatch(l *link, o *object) {
	delete(o.watchers, l)
	delete(l.watching, o)
}

// moment writes a time as Sync does, with milliseconds.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
