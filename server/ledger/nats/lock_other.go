//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package nats

// dirLock locks nothing on this system: that only one process uses a folder is
// left to whoever starts them.
type dirLock struct{}

func lockDir(string) (*dirLock, error) { return &dirLock{}, nil }

func (*dirLock) release() error { return nil }
