package main

import (
	"syscall"
	"time"
)

// dieWithUs lets a process end when this one does, however that comes.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// stand lets the process stand still, or go on: for everybody else it is as if it
// were cut off, or very slow. It returns false where it cannot.
func (p *process) stand(still bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command == nil {
		return false
	}
	signal := syscall.SIGCONT
	if still {
		signal = syscall.SIGSTOP
	}
	_ = p.command.Process.Signal(signal) // it may have been killed meanwhile
	p.still, p.moved = still, time.Now()
	return true
}
