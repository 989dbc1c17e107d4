//go:build !linux

package main

import "syscall"

// stand needs Linux too.
func (p *process) stand(bool) bool { return false }

// dieWithUs needs Linux: elsewhere a run that is killed leaves its processes behind.
func dieWithUs() *syscall.SysProcAttr { return nil }
