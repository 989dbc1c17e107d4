package twilsock

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// serveSync answers Sync. Source: npm twilio-sync 2 and 3, client.js, syncmap.js, synclist.js, syncdocument.js.
func serveSync(q *request) (answer, error) {
	if q.match(http.MethodPost, "v4/Subscriptions") || q.match(http.MethodPost, "v3/Subscriptions") {
		return subscribe(q)
	}
	if len(q.path) < 2 || q.path[0] != "v3" {
		return answer{}, q.notFound()
	}
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	for _, k := range []kind{kindDocument, kindMap, kindList} {
		if q.path[1] == k.collection() {
			return serveObject(q, k)
		}
	}
	return answer{}, q.notFound()
}

func serveObject(q *request, k kind) (answer, error) {
	collection := "v3/" + k.collection()
	if q.match(http.MethodPost, collection) {
		return createObject(q, k)
	}
	if len(q.path) < 3 {
		return answer{}, q.notFound()
	}
	o := q.hub.object(k, q.path[2])
	switch {
	case o == nil:
		return answer{}, refused(http.StatusNotFound, 54300, "Unique name not found: %s", q.path[2])
	case !o.mayRead(q.session):
		return answer{}, refused(http.StatusForbidden, 54007, "Access forbidden for identity %q", q.session.Identity)
	case q.match(http.MethodGet, collection+"/{Sid}"):
		v := o.view()
		if q.params.Get("Include") == "items" && k != kindDocument {
			page, _ := itemsOf(q, o)
			v["items"] = page["items"]
		}
		return answer{body: v}, nil
	case q.match(http.MethodGet, collection+"/{Sid}/Items") && k != kindDocument:
		page, err := itemsOf(q, o)
		return answer{body: page}, err
	case q.match(http.MethodGet, collection+"/{Sid}/Items/{Key}") && k != kindDocument:
		if i := o.item(q.path[4]); i != nil {
			return answer{body: o.viewItem(i)}, nil
		}
		return answer{}, q.notFound()
	case q.method == http.MethodGet:
		return answer{}, q.notFound()
	case !o.open:
		return answer{}, refused(http.StatusForbidden, 54007, "%s belongs to Conversations: it is changed there", o.name)
	}
	return changeObject(q, o)
}

const defaultPage, maxPage = 50, 1000

// itemsOf answers a page of items: those of one key, or from one on in an order, as parameters or a page's token say.
func itemsOf(q *request, o *object) (map[string]any, error) {
	only := q.params.Get("Key")
	if o.kind == kindList {
		only = q.params.Get("Index")
	}
	if only != "" {
		list := []any{}
		if i := o.item(only); i != nil {
			list = append(list, o.viewItem(i))
		}
		return pageOf(list, "", "", defaultPage), nil
	}
	order, size, from, err := paging(q)
	if err != nil {
		return nil, err
	}
	items := slices.Clone(o.items)
	if order == "desc" {
		slices.Reverse(items)
	}
	start := o.startOf(items, order, from)
	end := min(start+size, len(items))
	list := []any{}
	for _, i := range items[start:end] {
		list = append(list, o.viewItem(i))
	}
	previous, next := "", ""
	if end < len(items) {
		next = pageToken(order, size, items[end].key)
	}
	if start > 0 {
		previous = pageToken(order, min(size, start), items[max(0, start-size)].key)
	}
	return pageOf(list, previous, next, size), nil
}

// startOf finds where a page begins: at a key, or where it would be; without one, at the first item of the order.
func (o *object) startOf(items []*item, order, from string) int {
	if from == "" {
		return 0
	}
	start, _ := slices.BinarySearchFunc(items, from, func(i *item, key string) int {
		if order == "desc" {
			return o.compare(key, i.key)
		}
		return o.compare(i.key, key)
	})
	return start
}

func pageOf(items []any, previous, next string, size int) map[string]any {
	return map[string]any{"items": items, "meta": map[string]any{"key": "items", "page_size": size, "direction": "forward",
		"previous_token": orNull(previous), "next_token": orNull(next)}}
}

// A page's token says its order, size and first key.
func pageToken(order string, size int, from string) string {
	return fmt.Sprintf("%s.%d.%s", order, size, from)
}

func paging(q *request) (order string, size int, from string, err error) {
	order, number, from := q.params.Get("Order"), q.params.Get("PageSize"), q.params.Get("From")
	if token := q.params.Get("PageToken"); token != "" {
		parts := strings.SplitN(token, ".", 3)
		if len(parts) != 3 {
			return "", 0, "", refused(http.StatusBadRequest, 20001, "PageToken is not valid")
		}
		order, number, from = parts[0], parts[1], parts[2]
	}
	if size = defaultPage; number != "" {
		if size, err = strconv.Atoi(number); err != nil || size < 1 {
			return "", 0, "", refused(http.StatusBadRequest, 20001, "PageSize %q is not a number of at least 1", number)
		}
	}
	if order != "" && order != "asc" && order != "desc" {
		return "", 0, "", refused(http.StatusBadRequest, 20001, "Order %q is not one of asc, desc", order)
	}
	return order, min(size, maxPage), from, nil
}

// createObject makes an object for whoever wants it: those of Conversations are not made here.
func createObject(q *request, k kind) (answer, error) {
	var in struct {
		UniqueName string          `json:"unique_name"`
		Data       json.RawMessage `json:"data"`
	}
	if err := q.json(&in); err != nil {
		return answer{}, err
	}
	if in.UniqueName == "" {
		in.UniqueName = randomID("")
	}
	if q.hub.object(k, in.UniqueName) != nil {
		return answer{}, refused(http.StatusConflict, 54301, "Unique name already exists")
	}
	o := q.hub.addObject(k, in.UniqueName, func(sandbox.FlexSession) bool { return true })
	o.open = true
	if k == kindDocument {
		if o.data = in.Data; len(in.Data) == 0 {
			o.data = json.RawMessage("{}")
		}
	}
	return answer{http.StatusCreated, o.view()}, nil
}

// changeObject changes an object that an SDK has made.
func changeObject(q *request, o *object) (answer, error) {
	var in struct {
		Data json.RawMessage `json:"data"`
	}
	if q.method != http.MethodDelete { // whose body is the SDK's product, by a slip of twilio-sync 3
		if err := q.json(&in); err != nil {
			return answer{}, err
		}
	}
	switch at := "v3/" + o.kind.collection() + "/{Sid}"; {
	case q.match(http.MethodDelete, at):
		q.hub.removeObject(o)
		return answer{http.StatusNoContent, nil}, nil
	case q.match(http.MethodPost, at):
		if o.kind == kindDocument && len(in.Data) > 0 {
			if err := q.ifMatch(o.revision); err != nil {
				return answer{}, err
			}
			q.hub.setDocument(o, in.Data)
		}
		return answer{body: o.view()}, nil
	case o.kind == kindDocument:
		return answer{}, q.notFound()
	case q.match(http.MethodPost, at+"/Items") && o.kind == kindList:
		i, _ := q.hub.setItem(o, strconv.Itoa(o.nextIndex), in.Data)
		return answer{http.StatusCreated, o.viewItem(i)}, nil
	case q.match(http.MethodDelete, at+"/Items/{Key}"):
		q.hub.removeItem(o, q.path[4])
		return answer{body: map[string]any{"last_event_id": o.lastEvent, "date_updated": moment(o.updated)}}, nil
	case q.match(http.MethodPut, at+"/Items/{Key}") && o.kind == kindMap, q.match(http.MethodPost, at+"/Items/{Key}"):
		return changeItem(q, o, in.Data)
	}
	return answer{}, q.notFound()
}

func changeItem(q *request, o *object, data json.RawMessage) (answer, error) {
	revision := -1
	i := o.item(q.path[4])
	if i != nil {
		revision = i.revision
	} else if q.method == http.MethodPost {
		return answer{}, q.notFound()
	}
	if err := q.ifMatch(revision); err != nil {
		return answer{}, err
	}
	if len(data) == 0 { // only its time to live, which is not imitated
		if i == nil {
			return answer{}, refused(http.StatusBadRequest, 20001, "data: is missing")
		}
		return answer{body: o.viewItem(i)}, nil
	}
	i, added := q.hub.setItem(o, q.path[4], data)
	if added {
		return answer{http.StatusCreated, o.viewItem(i)}, nil
	}
	return answer{body: o.viewItem(i)}, nil
}

// ifMatch refuses a change of something that has changed since; -1 means that it is not there.
func (q *request) ifMatch(revision int) error {
	want, given := q.headers["If-Match"]
	if !given || want == strconv.Itoa(revision) {
		return nil
	}
	return refused(http.StatusPreconditionFailed, 54103, "The revision does not match: it is %d, not %s", revision, want)
}
