package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How long files may be kept: those with a hash in the name for good, others
// only to be asked about again.
const (
	keepForever = "public, max-age=31536000, immutable"
	askAgain    = "no-cache"
)

// contentTypes is a table of our own: the system's differs between machines,
// and WebAssembly is compiled while it streams only with the right type.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff2":       "font/woff2",
	".yaml":        "application/yaml",
}

// files serves a file system's files, from beside them the compressed ones, and
// remembers their hashes.
type files struct {
	fsys fs.FS

	mu   sync.Mutex
	tags map[string]tag
}

// tag is the hash of a file as it was at that time.
type tag struct {
	size     int64
	modified time.Time
	hash     string
}

// newFiles serves fsys; nil has no files.
func newFiles(fsys fs.FS) *files {
	return &files{fsys: fsys, tags: make(map[string]tag)}
}

// has reports whether there is a file of a kind that is served: with a known
// extension, and hidden by no dot.
func (f *files) has(name string) bool {
	if f.fsys == nil || !fs.ValidPath(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return false
	}
	if _, known := contentTypes[path.Ext(name)]; !known {
		return false
	}
	info, err := fs.Stat(f.fsys, name)
	return err == nil && info.Mode().IsRegular()
}

// serve answers with the file, in the best coding that it lies ready in and
// the client takes. It fails with [fs.ErrNotExist] before anything is written
// where there is none.
func (f *files) serve(w http.ResponseWriter, r *http.Request, name, cacheControl string) error {
	if !f.has(name) {
		return fs.ErrNotExist
	}
	h := w.Header()
	file, encoding, err := f.open(name, strings.Join(r.Header.Values("Accept-Encoding"), ","), h)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	hash, err := f.hash(name+encoding, file, info)
	if err != nil {
		return err
	}
	etag := `"` + hash + `"`
	h.Set("ETag", etag)
	h.Set("Cache-Control", cacheControl)
	h.Set("Content-Type", contentTypes[path.Ext(name)])
	if matches(r.Header.Values("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, file) // the client is gone: nobody is left to be told
	}
	return nil
}

// open opens the file or the compressed one beside it, and says which by its
// extension. It sets Content-Encoding and, where there is a choice, Vary.
func (f *files) open(name, acceptEncoding string, h http.Header) (file fs.File, ext string, err error) {
	choice := false
	for _, c := range codings {
		if _, err := fs.Stat(f.fsys, name+c.ext); err == nil {
			choice = true
		}
	}
	if choice {
		h.Add("Vary", "Accept-Encoding")
		for _, c := range accepted(acceptEncoding) {
			if file, err = f.fsys.Open(name + c.ext); err == nil {
				h.Set("Content-Encoding", c.name)
				return file, c.ext, nil
			}
		}
	}
	file, err = f.fsys.Open(name)
	return file, "", err
}

// hash returns the hash of what the file holds, read once for each state of the
// file, and leaves the file at its beginning.
func (f *files) hash(key string, file fs.File, info fs.FileInfo) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, known := f.tags[key]; known && t.size == info.Size() && t.modified.Equal(info.ModTime()) {
		return t.hash, nil
	}
	seeker, ok := file.(io.Seeker)
	if !ok {
		return "", errors.New("httpapi: the file system's files cannot be read twice")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	t := tag{size: info.Size(), modified: info.ModTime(), hash: hex.EncodeToString(sum.Sum(nil)[:12])}
	f.tags[key] = t
	return t.hash, nil
}

// matches reports whether If-None-Match names the tag, by weak comparison.
func matches(headers []string, etag string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == etag {
			return true
		}
	}
	return false
}
