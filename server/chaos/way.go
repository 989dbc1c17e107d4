package main

import (
	"io"
	"net"
	"sync"
)

// way is a TCP connection's way to a NATS server, from a backend or another one. A cut way
// swallows everything, as a network does: nobody is told.
type way struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	open  *sync.Cond
	isCut bool
	ended bool
	conns []net.Conn
}

func newWay(to string) (*way, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &way{listener: l, to: to}
	w.open = sync.NewCond(&w.mu)
	go w.serve()
	return w, nil
}

func (w *way) address() string { return w.listener.Addr().String() }

func (w *way) serve() {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.carry(from)
	}
}

func (w *way) carry(from net.Conn) {
	defer from.Close()
	if !w.wait() {
		return
	}
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer to.Close()
	w.mu.Lock()
	w.conns = append(w.conns, from, to)
	w.mu.Unlock()
	done := make(chan struct{}, 2)
	go func() { w.copy(to, from); done <- struct{}{} }()
	go func() { w.copy(from, to); done <- struct{}{} }()
	<-done
}

func (w *way) copy(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !w.wait() {
			return
		}
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

// wait returns once the way is not cut; false where it has ended.
func (w *way) wait() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.isCut && !w.ended {
		w.open.Wait()
	}
	return !w.ended
}

// cut cuts the way, or mends it.
func (w *way) cut(is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = is
	w.open.Broadcast()
}

func (w *way) close() {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.open.Broadcast()
}
