package nats

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// nats-server 2.15 keeps an index beside a stream's files, writes it when it ends
// and every two minutes, and believes it where the last eight bytes of the files
// are those that it knows. Whatever a power loss has damaged before those is found
// only later, when that part is read: the stream is then cut back under consumers
// that are further on, and nothing that is written next is handed out. So an index
// counts only after an end that was none of a crash; without it every record is
// held to its checksum before anything else happens.

// endedName is the file that says that the server has ended as it should.
const endedName = "ended"

// distrust removes the indexes, unless the last server on the files in dir has
// ended as it should.
func distrust(dir string) error {
	err := os.Remove(filepath.Join(dir, endedName))
	if err == nil {
		return syncDir(dir) // the next end may be a crash
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ledger/nats: Dir: %w", err)
	}
	indexes, err := fs.Glob(os.DirFS(dir), "jetstream/*/streams/*/msgs/index.db")
	for _, index := range indexes {
		err = errors.Join(err, os.Remove(filepath.Join(dir, filepath.FromSlash(index))))
	}
	if err != nil {
		return fmt.Errorf("ledger/nats: Dir: %w", err)
	}
	return nil
}

// trust is called when the server has ended as it should. Where the file cannot be
// written, the next start takes longer.
func trust(dir string) {
	_ = os.WriteFile(filepath.Join(dir, endedName), nil, 0o600)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("ledger/nats: Dir: %w", err)
	}
	_ = d.Sync() // not every system can; it is left to that then
	return d.Close()
}

// lastFiles are the last file of each account's transfers, with its size.
func lastFiles(dir string) map[string]int64 {
	root, sizes := os.DirFS(dir), map[string]int64{}
	streams, _ := fs.Glob(root, "jetstream/*/streams/transfers-*/msgs") // the pattern is valid
	for _, stream := range streams {
		last, highest := "", -1
		files, _ := fs.Glob(root, stream+"/*.blk")
		for _, file := range files {
			if n, err := strconv.Atoi(strings.TrimSuffix(path.Base(file), ".blk")); err == nil && n > highest {
				last, highest = file, n
			}
		}
		if info, err := fs.Stat(root, last); err == nil {
			sizes[last] = info.Size()
		}
	}
	return sizes
}

// tellLost tells of files that had these sizes and that the server has cut back,
// which it does not say itself.
func (e *embedded) tellLost(before map[string]int64) {
	for file, size := range before {
		now := int64(0)
		if info, err := os.Stat(filepath.Join(e.dir, filepath.FromSlash(file))); err == nil {
			now = info.Size()
		}
		if now < size {
			e.logger.Warn("the end of the ledger was damaged, as by a power loss, and has been cut back to the last whole record before that; "+
				"what was behind is lost, and transfers under way whose invite exists are put together again from that",
				"file", file, "bytes", size-now)
		}
	}
}
