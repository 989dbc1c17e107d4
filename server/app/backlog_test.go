package app

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// keptWarnings is how many of a log's lines a failing test prints.
const keptWarnings = 20

// backlog is the log of a test's backend. All of it goes into a file, which
// stays where the test fails; the test's own output gets the last lines of what
// went wrong.
type backlog struct {
	mu       sync.Mutex
	file     *os.File
	part     []byte // of a line
	warnings []string
	raced    bool // the race detector of another process has found something
}

// newBacklog opens the file. It comes before all that may still log at the
// test's end.
func newBacklog(t *testing.T) *backlog {
	t.Helper()
	dir := filepath.Join("..", "..", "artifacts", "logs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(dir, regexp.MustCompile(`\W+`).ReplaceAllString(t.Name(), "-")+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	b := &backlog{file: file}
	t.Cleanup(func() { b.close(t) })
	return b
}

func (b *backlog) close(t *testing.T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	file := b.file
	b.file = nil
	_ = file.Close()
	if b.raced {
		t.Error("the race detector has found something in the backend's process")
	}
	if !t.Failed() {
		_ = os.Remove(file.Name())
		return
	}
	path, err := filepath.Abs(file.Name())
	if err != nil {
		path = file.Name()
	}
	t.Logf("the backend's log is in %s; the last of what went wrong in it:\n%s", path, strings.Join(b.warnings, "\n"))
}

// Write takes in a part of the log. What comes after the test's end is dropped.
func (b *backlog) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return len(p), nil
	}
	b.part = append(b.part, p...)
	for {
		line, rest, whole := bytes.Cut(b.part, []byte("\n"))
		if !whole {
			break
		}
		b.note(string(line))
		b.part = slices.Clone(rest)
	}
	return b.file.Write(p)
}

// note keeps a line that tells of something wrong: a warning, an error, or what
// the log's own format is not, such as a panic.
func (b *backlog) note(line string) {
	if strings.HasPrefix(line, "time=") && !strings.Contains(line, " level=WARN ") && !strings.Contains(line, " level=ERROR ") {
		return
	}
	b.raced = b.raced || strings.HasPrefix(line, "WARNING: DATA RACE")
	b.warnings = append(b.warnings, line[:min(len(line), 400)])
	b.warnings = b.warnings[max(0, len(b.warnings)-keptWarnings):]
}

func TestBacklogKeepsTheEndOfWhatWentWrong(t *testing.T) {
	b := newBacklog(t)
	for range 30 {
		_, _ = b.Write([]byte("time=1 level=INFO msg=request\ntime=1 level=WARN msg=lo"))
		_, _ = b.Write([]byte("st\n"))
	}
	_, _ = b.Write([]byte("panic: no\n\ntime=1 level=ERROR msg=end\ntime=1 level=INFO msg=part"))
	want := append(slices.Repeat([]string{"time=1 level=WARN msg=lost"}, keptWarnings-3), "panic: no", "", "time=1 level=ERROR msg=end")
	if !slices.Equal(b.warnings, want) {
		t.Errorf("%q", b.warnings)
	}
	text, err := os.ReadFile(b.file.Name())
	if err != nil || strings.Count(string(text), "\n") != 63 || !strings.HasSuffix(string(text), "msg=part") {
		t.Errorf("%v\n%s", err, text)
	}
}
