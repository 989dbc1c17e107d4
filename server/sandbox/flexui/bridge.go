package flexui

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

const (
	bridgeBacklog   = 4096             // changes that may wait for a window before its connection is dropped
	bridgeHeartbeat = 10 * time.Second // Flex gives a connection up after 30 s of silence
	bridgePatience  = 10 * time.Second // for one frame
)

// eventBridge is event-bridge.twilio.com: a WebSocket with events and, by POST to the same address, remote calls.
func (s *Server) eventBridge() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/wschannels", s.connectBridge)
	mux.HandleFunc("POST /v1/wschannels", s.remoteCall)
	mux.HandleFunc("/", s.nobody)
	return mux
}

// connectBridge serves a window's WebSocket until the window, the account or the server ends. As at Twilio a reset of the
// account, or a reader that is too slow, ends the connection, and the window starts anew.
func (s *Server) connectBridge(w http.ResponseWriter, r *http.Request) {
	session, refusal := s.account.FlexSession(r.URL.Query().Get("token"))
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // any page: the token counts
	if err != nil {
		s.logger.Debug("flexui: no WebSocket", "error", err)
		return
	}
	defer func() { _ = conn.CloseNow() }()
	if refusal != nil {
		_ = conn.Close(websocket.StatusPolicyViolation, refusal.Error())
		return
	}
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	go func() { // what the window sends means nothing, but its end does
		defer stop()
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				return
			}
		}
	}()
	b := &bridge{server: s, account: s.account, conn: conn, session: session, held: map[string]sandbox.Reservation{},
		tasks: map[string]bool{}}
	if err := b.run(ctx); err != nil {
		s.logger.Debug("flexui: event bridge ended", "worker", session.Identity, "error", err)
	}
}

// bridge tells one window what happens to its worker.
type bridge struct {
	server  *Server
	account *sandbox.Account
	conn    *websocket.Conn
	session sandbox.FlexSession

	worker   sandbox.Worker
	channels []sandbox.WorkerChannel
	held     map[string]sandbox.Reservation // the worker's open reservations, by SID, as far as the window was told
	tasks    map[string]bool                // those that the worker has, or has had in this connection: SID → is open
}

func (b *bridge) run(ctx context.Context) error {
	snapshot, changes := b.account.Watch(ctx, bridgeBacklog)
	i := slices.IndexFunc(snapshot.Workers, func(w sandbox.Worker) bool { return w.SID == b.session.WorkerSID })
	if i < 0 {
		return b.conn.Close(websocket.StatusPolicyViolation, "the worker does not exist any more")
	}
	b.worker = snapshot.Workers[i]
	for _, r := range snapshot.Reservations {
		if r.WorkerSID == b.worker.SID && isOpen(r.ReservationStatus) {
			b.hold(r)
		}
	}
	b.channels = b.capacities()
	err := b.send(ctx, "init", map[string]any{
		"channel_id": b.worker.SID, "account_sid": b.account.AccountSID(), "workspace_sid": b.account.WorkspaceSID(),
		"token_lifetime": min(b.session.Expires.Sub(b.account.Clock().Now()), 24*24*time.Hour).Milliseconds(),
	})
	heartbeat := time.NewTicker(b.server.heartbeat)
	defer heartbeat.Stop()
	for err == nil {
		select {
		case change, ok := <-changes:
			if !ok || change.Kind == "reset" {
				return b.conn.Close(websocket.StatusGoingAway, "start anew")
			}
			err = b.tell(ctx, change)
		case <-heartbeat.C:
			err = b.write(ctx, []byte(" "))
		case <-ctx.Done():
			return nil
		}
	}
	return err
}

// tell passes on a change that is of interest to the window.
func (b *bridge) tell(ctx context.Context, c sandbox.Change) error {
	switch v := c.Object.(type) {
	case sandbox.Worker:
		if v.SID == b.worker.SID {
			return b.workerChanged(ctx, v)
		}
	case sandbox.Reservation:
		if v.WorkerSID == b.worker.SID {
			return b.reservationChanged(ctx, v)
		}
	case sandbox.Task:
		if _, known := b.tasks[v.SID]; known && c.Kind == "task" {
			return b.taskChanged(ctx, v)
		}
	case sandbox.InteractionParticipant:
		return b.participantChanged(ctx, v)
	case sandbox.TraceEntry: // the REST API changes capacity and tells nobody else
		if v.Method == http.MethodPost && v.Product == sandbox.ProductTaskRouter {
			return b.channelsChanged(ctx)
		}
	}
	return nil
}

func (b *bridge) workerChanged(ctx context.Context, w sandbox.Worker) error {
	before := b.worker
	b.worker = w
	if w.ActivitySID != before.ActivitySID {
		if err := b.send(ctx, "worker.activity.update", viewWorker(w, b.account.Version(w.SID))); err != nil {
			return err
		}
	}
	if w.Attributes != before.Attributes || w.FriendlyName != before.FriendlyName {
		if err := b.send(ctx, "worker.attributes.update", viewWorker(w, b.account.Version(w.SID))); err != nil {
			return err
		}
	}
	return b.channelsChanged(ctx)
}

// reservationEvents are what Twilio calls a reservation's getting a status.
var reservationEvents = map[string]string{
	"pending": "reservation.created", "accepted": "reservation.accepted", "rejected": "reservation.rejected",
	"timeout": "reservation.timeout", "canceled": "reservation.canceled", "rescinded": "reservation.rescinded",
	"wrapping": "reservation.wrapup", "completed": "reservation.completed",
}

func isOpen(status string) bool {
	return status == "pending" || status == "accepted" || status == "wrapping"
}

// hold notes what the window is told of a reservation.
func (b *bridge) hold(r sandbox.Reservation) {
	b.tasks[r.TaskSID] = isOpen(r.ReservationStatus)
	if b.tasks[r.TaskSID] {
		b.held[r.SID] = r
	} else {
		delete(b.held, r.SID)
	}
}

// reservationChanged tells of a reservation with its task as it is now: the change itself was noted in the middle of it.
func (b *bridge) reservationChanged(ctx context.Context, r sandbox.Reservation) error {
	now, err := b.account.FlexReservation(r.SID)
	if err != nil {
		now = sandbox.FlexReservation{Reservation: r} // its task is deleted
	}
	now.ReservationStatus = r.ReservationStatus
	b.hold(r)
	if err := b.send(ctx, reservationEvents[r.ReservationStatus], viewReservation(now)); err != nil {
		return err
	}
	return b.channelsChanged(ctx)
}

// taskChanged tells of what the worker has.
func (b *bridge) taskChanged(ctx context.Context, t sandbox.Task) error {
	kind := "task.updated"
	switch t.AssignmentStatus {
	case "wrapping":
		kind = "task.wrapup"
	case "completed", "canceled":
		kind = "task." + t.AssignmentStatus
	}
	return b.send(ctx, kind, viewTask(t, b.account.Version(t.SID)))
}

// capacities are the worker's channels as they are now, but with the tasks that the window was told of: at Twilio too a
// task takes its capacity after the reservation's event, never before.
func (b *bridge) capacities() []sandbox.WorkerChannel {
	channels := b.account.FlexWorkerChannels(b.worker.SID)
	for i := range channels {
		c := &channels[i]
		used := 0
		c.AssignedTasks = 0
		for _, r := range b.held {
			if r.Task == nil || r.Task.TaskChannelSID != c.TaskChannelSID {
				continue
			}
			used++
			if r.ReservationStatus != "pending" {
				c.AssignedTasks++
			}
		}
		c.AvailableCapacityPercentage = 100
		if c.ConfiguredCapacity > 0 {
			c.AvailableCapacityPercentage = max(0, (c.ConfiguredCapacity-used)*100/c.ConfiguredCapacity)
		}
	}
	return channels
}

// channelsChanged tells of the capacities that have changed.
func (b *bridge) channelsChanged(ctx context.Context) error {
	now := b.capacities()
	before := b.channels
	b.channels = now
	for i, c := range now {
		if i >= len(before) || before[i].SID != c.SID {
			continue
		}
		kind := ""
		switch was := before[i]; {
		case was.Available != c.Available:
			kind = "worker.channel.availability.update"
		case was.ConfiguredCapacity != c.ConfiguredCapacity, was.AssignedTasks != c.AssignedTasks,
			was.AvailableCapacityPercentage != c.AvailableCapacityPercentage:
			kind = "worker.capacity.update"
		}
		if kind == "" {
			continue
		}
		if err := b.send(ctx, kind, viewWorkerChannel(c)); err != nil {
			return err
		}
	}
	return nil
}

// participantChanged tells of who comes into, and leaves, a channel in which the worker has an open task. Flex looks for its
// own task by the routing properties, so that each of the worker's gets the event under its own SID.
func (b *bridge) participantChanged(ctx context.Context, p sandbox.InteractionParticipant) error {
	for _, r := range b.account.FlexReservations(b.worker.SID) {
		if channelOf(r.Task) != p.ChannelSID || !b.tasks[r.TaskSID] { // the window has not been told of it yet
			continue
		}
		kind := "participant.added"
		if p.Left {
			kind = "participant.removed"
		}
		v := viewParticipant(p, r.Task.TaskChannelUniqueName)
		v["routing_properties"] = map[string]any{"task_sid": r.TaskSID, "worker_sid": b.worker.SID, "reservation_sid": r.SID}
		if err := b.send(ctx, kind, v); err != nil {
			return err
		}
	}
	return nil
}

// channelOf is the interaction channel that a task's attributes name.
func channelOf(t *sandbox.Task) string {
	var attributes struct {
		Channel string `json:"flexInteractionChannelSid"`
	}
	if t != nil {
		_ = json.Unmarshal([]byte(t.Attributes), &attributes)
	}
	return attributes.Channel
}

func (b *bridge) send(ctx context.Context, kind string, payload any) error {
	frame, err := json.Marshal(map[string]any{"event_type": kind, "payload": payload})
	if err != nil {
		return err
	}
	return b.write(ctx, frame)
}

func (b *bridge) write(ctx context.Context, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, bridgePatience)
	defer cancel()
	return b.conn.Write(ctx, websocket.MessageText, frame)
}
