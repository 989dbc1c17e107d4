package main

import "syscall"

// dieWithUs lets a process end when this one does, however that comes.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
