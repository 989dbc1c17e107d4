//go:build linux || darwin || freebsd || netbsd || openbsd

package nats

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// dirLock keeps a folder for this process: two servers on the same files
// destroy them. The kernel lifts it when the process dies, however it dies.
type dirLock struct{ file *os.File }

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: Dir: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &dirLock{f}, nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("ledger/nats: Dir %s: another process uses it", dir)
	}
	return nil, fmt.Errorf("ledger/nats: Dir %s: lock: %w", dir, err)
}

func (l *dirLock) release() error { return l.file.Close() }
