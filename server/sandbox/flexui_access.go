package sandbox

import (
	"net/http"
	"net/url"
)

// FlexRequest is something that the Flex UI asks of TaskRouter or Flex Interactions on behalf of the worker who is signed
// in to it.
type FlexRequest struct {
	Product      string // ProductTaskRouter or ProductFlex
	Method, Path string // as in the REST API: /v1/Workspaces/WS…/Workers/WK…
	Query, Form  url.Values
}

// ServeFlex serves a request of the Flex UI by the code of the REST API, so that webhooks, events and the record tell of it
// as of any other change. It knows no credentials, limits, faults and If-Match: those of the REST API are not for Flex. The
// answer is the REST API's (nil where something was deleted, a map with a list and its meta for lists); a refusal is an
// *Error.
func (a *Account) ServeFlex(q FlexRequest) (any, error) {
	table := a.routes[q.Product]
	if table == nil {
		return nil, notFound(q.Path)
	}
	r, values, _ := table.find(q.Method, q.Path)
	if r == nil {
		return nil, notFound(q.Path)
	}
	c := &call{product: q.Product, path: q.Path, route: r, values: values, query: q.Query, form: q.Form, header: http.Header{}}
	if c.query == nil {
		c.query = url.Values{}
	}
	if c.form == nil {
		c.form = url.Values{}
	}
	if ws := c.value("WorkspaceSid"); ws != "" && ws != a.workspaceSID {
		return nil, c.notFound()
	}
	var body any
	err := a.do(func() error {
		ans, err := r.handle(a, c)
		body = ans.body
		if w, ok := a.store.workers.get(c.value("WorkerSid")); ok && err == nil && q.Method == http.MethodPost {
			a.workerChanged(w) // of its channels' capacity nobody else tells
		}
		return err
	})
	return body, err
}

// FlexReservation is a reservation as TaskRouter tells Flex of it: with its task and the versions of both.
type FlexReservation struct {
	Reservation
	Version     int
	TaskVersion int
	Timeout     int // seconds that the worker has for an answer
}

// FlexReservation returns a reservation as it is now. One that Twilio has deleted, or that never was, is an *Error.
func (a *Account) FlexReservation(sid string) (FlexReservation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.store.reservations[sid]
	if r == nil {
		return FlexReservation{}, notFound("/Reservations/" + sid)
	}
	return a.viewForFlex(r), nil
}

// FlexReservations returns what a worker has to do: its pending, accepted and wrapping reservations, oldest first.
func (a *Account) FlexReservations(workerSID string) []FlexReservation {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []FlexReservation{}
	if w, ok := a.store.workers.get(workerSID); ok {
		for r := range w.open.all() {
			list = append(list, a.viewForFlex(r))
		}
	}
	return list
}

func (a *Account) viewForFlex(r *reservation) FlexReservation {
	v := FlexReservation{Reservation: a.viewReservationAndTask(r), Version: r.version, TaskVersion: r.task.version,
		Timeout: defaultReservationTimeout}
	if r.task.workflow != nil {
		v.Timeout = r.task.workflow.reservationTimeout
	}
	return v
}

// Version returns the version (the ETag) of a worker, task or reservation, and 0 for what is unknown.
func (a *Account) Version(sid string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w, ok := a.store.workers.get(sid); ok {
		return w.version
	}
	if t, ok := a.store.tasks.get(sid); ok {
		return t.version
	}
	if r := a.store.reservations[sid]; r != nil {
		return r.version
	}
	return 0
}

// FlexWorkerChannels returns a worker's capacity by task channel, nil for an unknown worker.
func (a *Account) FlexWorkerChannels(workerSID string) []WorkerChannel {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, ok := a.store.workers.get(workerSID)
	if !ok {
		return nil
	}
	list := make([]WorkerChannel, 0, len(w.channels))
	for _, c := range w.channels {
		list = append(list, a.viewWorkerChannel(w, c))
	}
	return list
}

// FlexParticipants returns who is in an interaction channel, with what ties them to conversation and task.
func (a *Account) FlexParticipants(channelSID string) []InteractionParticipant {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []InteractionParticipant{}
	if c, ok := a.store.channels.get(channelSID); ok {
		for _, p := range c.participants {
			if p.present() {
				list = append(list, a.viewParticipantForObservers(p))
			}
		}
	}
	return list
}

// InviteReservation returns the reservation that answers an invite for a worker: the one that is given if its task is the
// invite's, an *Error otherwise.
func (a *Account) InviteReservation(channelSID, inviteSID, reservationSID string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.store.reservations[reservationSID]
	if r == nil || r.task.invite == nil || r.task.invite.sid != inviteSID || r.task.invite.channel.sid != channelSID {
		return "", notFound("/Invites/" + inviteSID)
	}
	return r.sid, nil
}

// NextPage returns the address of the page behind a list that ServeFlex has answered, "" if that was the last one.
func NextPage(list any) string {
	fields, _ := list.(map[string]any)
	if meta, ok := fields["meta"].(pageMeta); ok && meta.NextPageURL != nil {
		return *meta.NextPageURL
	}
	return ""
}
