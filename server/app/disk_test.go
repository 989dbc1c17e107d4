//go:build linux

package app

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

func init() {
	if os.Getenv(envBackend) != "" {
		signal.Ignore(syscall.SIGXFSZ) // a write past the limit fails, as on a full disk, and ends nobody
	}
}

// disk can be filled behind a backend's back.
type disk interface {
	dir() string
	fill(t *testing.T, pid int)
	free(t *testing.T, pid int)
}

// limited lets no file of the process grow, except that the records may by so
// many bytes: what is written ends in the middle.
type limited struct {
	at   string
	room int64
}

func (d limited) dir() string { return d.at }

func (d limited) fill(t *testing.T, pid int) {
	t.Helper()
	limit := int64(100)
	if d.room > 0 {
		limit = largest(t, d.at) + d.room
	}
	setFileLimit(t, pid, uint64(limit))
}

func (d limited) free(t *testing.T, pid int) { setFileLimit(t, pid, ^uint64(0)) }

// largest is the size in bytes of the largest file of records.
func largest(t *testing.T, dir string) (size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".blk" {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size = max(size, info.Size())
		}
		return err
	})
	if err != nil || size == 0 {
		t.Fatalf("the ledger's files: the largest has %d bytes, %v", size, err)
	}
	return size
}

func setFileLimit(t *testing.T, pid int, limit uint64) {
	t.Helper()
	l := syscall.Rlimit{Cur: limit, Max: ^uint64(0)}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&l)), 0, 0, 0); errno != 0 {
		t.Fatalf("prlimit: %v", errno)
	}
}

// small is a file system of its own.
type small struct{ at string }

// newSmall mounts one, where that is allowed.
func newSmall(t *testing.T) disk {
	t.Helper()
	d := small{t.TempDir()}
	err := syscall.Mount("ledger", d.at, "tmpfs", 0, "size=4m")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("NOT TESTED: a file system that is full. Only root may mount one; the other cases limit the size of files instead")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.at, syscall.MNT_DETACH) }) // the backend's files are closed by then, or go with it
	return d
}

func (d small) dir() string { return d.at }

func (d small) filler() string { return filepath.Join(d.at, "filler") }

func (d small) fill(t *testing.T, _ int) {
	t.Helper()
	f, err := os.Create(d.filler())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 1 << 10, 1} {
		for {
			if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (d small) free(t *testing.T, _ int) {
	t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFull fills the disk under a backend in which one transfer rings:
// whoever asks for another one is told that nothing was changed, the backend
// says that it is not ready, and once there is room everything goes on.
func TestDiskFull(t *testing.T) {
	for _, c := range []struct {
		name string
		disk func(t *testing.T) disk
		kill bool // and start it again once there is room
		half int  // how many clicks are recorded of which the next record is not, where that is certain
	}{
		{"no file may grow", func(t *testing.T) disk { return limited{at: t.TempDir()} }, false, 0},
		{"no file may grow, and it is killed", func(t *testing.T) disk { return limited{at: t.TempDir()} }, true, 0},
		{"there is room for a click", func(t *testing.T) disk { return limited{at: t.TempDir(), room: 1300} }, false, 1},
		{"there is room for a click, and it is killed", func(t *testing.T) disk { return limited{at: t.TempDir(), room: 1300} }, true, 1},
		{"the file system is full", newSmall, false, 0},
		{"the file system is full, and it is killed", newSmall, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testDiskFull(t, c.disk(t), c.kill, c.half)
		})
	}
}

func testDiskFull(t *testing.T, d disk, kill bool, halves int) {
	r := newKillRigIn(t, d.dir())
	first := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "click")
	r.phase("ada", first.id(), "ringing")

	d.fill(t, r.child.Process.Pid)
	asked, half := r.askUntilRefused()
	if half < halves {
		t.Errorf("%d clicks were recorded of which the next record was not, want %d: the room of this case is to be that of one record and a half", half, halves)
	}
	r.eventually("it says that it is not ready", func() bool { return r.readiness() == http.StatusServiceUnavailable })
	for range 2 {
		if a := r.postDecided(asked[len(asked)-1]); !refusedUnchanged(a) {
			t.Errorf("asked again with a full disk: %d %s", a.status, a.text)
		}
	}
	// Whether Twilio was asked for a transfer of which the disk took the click and
	// no more is for later to find out.
	if n, most := r.invites(), len(asked); n > most || n < most-half {
		t.Errorf("%d invites, want one for each of %d that were recorded before the disk was full, and at most one for each of %d of which only the click was", n, most-half, half)
	}
	if kill {
		r.kill()
		d.free(t, os.Getpid())
		r.start()
	} else {
		d.free(t, r.child.Process.Pid)
		r.eventually("it is ready again", func() bool { return r.readiness() == http.StatusOK })
	}
	r.completeAll(first, asked)
}

// askUntilRefused asks for transfers of Chidi's, each of another conversation,
// until one cannot be recorded: the last block of a file may have room for some,
// and for a click whose next record it has no room for; that one is answered with
// 202, and half counts it. It returns the requests.
func (r *killRig) askUntilRefused() (asked []map[string]any, half int) {
	r.Helper()
	for range 40 {
		body := r.anotherConversation()
		begun := time.Now()
		a := r.postDecided(body)
		asked = append(asked, body)
		switch a.status {
		case http.StatusCreated, http.StatusOK:
			continue
		case http.StatusAccepted:
			half++
			continue
		}
		r.Logf("refused after %d were recorded, %d of them by halves, within %v", len(asked)-1, half, time.Since(begun).Round(time.Millisecond))
		if !refusedUnchanged(a) {
			r.Errorf("with a full disk: %d %s", a.status, a.text)
		}
		return asked, half
	}
	r.Fatal("the disk is not full")
	return nil, 0
}

// postDecided asks until the request has come as far as the disk: where Twilio
// took too long, or the ledger's answer, it has not.
func (r *killRig) postDecided(body any) (a answer) {
	r.Helper()
	r.eventually("it is decided", func() bool {
		a = r.postOnce("chidi", body, "click")
		return !a.busy() || a.code() == "SERVICE_UNAVAILABLE" && !strings.Contains(a.text, "cannot be told yet")
	})
	return a
}

func refusedUnchanged(a answer) bool {
	return a.status == http.StatusServiceUnavailable && a.code() == "SERVICE_UNAVAILABLE" && strings.Contains(a.text, "Nothing was changed")
}

// completeAll repeats the clicks, lets Bea accept everything, and sees each
// transfer completed with one invite.
func (r *killRig) completeAll(first answer, asked []map[string]any) {
	r.Helper()
	ids := map[string]string{first.id(): "ada"}
	for i, body := range asked {
		a := r.post("chidi", body, "click")
		known := a.status == http.StatusOK || a.status == http.StatusAccepted
		if last := i == len(asked)-1; last && !a.begun() || !last && !known {
			r.Fatalf("click %d of %d is repeated once there is room: %d %s", i, len(asked), a.status, a.text)
		}
		ids[a.id()] = "chidi"
	}
	for range ids {
		r.accept("bea")
	}
	for id, worker := range ids {
		r.phase(worker, id, "completed")
	}
	if n := r.invites(); n != len(ids) {
		r.Errorf("%d invites for %d transfers", n, len(ids))
	}
}

func (r *killRig) readiness() int {
	r.Helper()
	return r.send("GET", "/readyz", "", nil).status
}
