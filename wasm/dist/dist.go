// Package dist embeds the built module: the files that `go run ./wasm/build`
// puts into the folder files. They are not committed; a fresh checkout has only
// a placeholder, and then [Manifest] says how to build.
package dist

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/flex-transfer/flex-transfer/wasm/json"
)

// ErrNotBuilt is why there is no module. Its text says how to build one.
var ErrNotBuilt = errors.New("this program was built without its WebAssembly module: run `make module` (or `go run ./wasm/build`), then build the program again")

//go:embed all:files
var embedded embed.FS

// ManifestName is the file that names the others.
const ManifestName = "manifest.json"

// FS holds the files of the module: the manifest, the module and its support
// script under names with a hash of their contents, and both compressed beside
// them, with the endings .br and .gz.
func FS() fs.FS {
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		panic(err) // the name is a valid path
	}
	return files
}

// Build names the files that make up one build of the module.
type Build struct {
	Module string // the name of the .wasm file
	Exec   string // the name of Go's support script for it
	Rules  string // the hash of the rules, see transfer.RulesHash
	Bytes  int64  // the size of the module before it is compressed
}

// Manifest returns the manifest of the embedded module. It fails with
// [ErrNotBuilt] where there is none.
func Manifest() (Build, error) { return readManifest(FS()) }

func readManifest(files fs.FS) (Build, error) {
	text, err := fs.ReadFile(files, ManifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return Build{}, ErrNotBuilt
	}
	if err != nil {
		return Build{}, err
	}
	m, err := ParseManifest(string(text))
	if err != nil {
		return Build{}, fmt.Errorf("%s: %w", ManifestName, err)
	}
	for _, name := range []string{m.Module, m.Exec} {
		if _, err := fs.Stat(files, name); err != nil {
			return Build{}, fmt.Errorf("%s: %w", ManifestName, err)
		}
	}
	return m, nil
}

// ParseManifest reads the text of a manifest, as [Build.Append] writes it.
func ParseManifest(text string) (Build, error) {
	var m Build
	r := json.NewReader(text)
	err := r.Object(func(key string) (err error) {
		switch key {
		case "module":
			m.Module, err = r.String()
		case "exec":
			m.Exec, err = r.String()
		case "rules":
			m.Rules, err = r.String()
		case "bytes":
			m.Bytes, err = r.Int()
		default:
			err = r.Skip()
		}
		return err
	})
	if err == nil {
		err = r.End()
	}
	if err == nil && (m.Module == "" || m.Exec == "" || m.Rules == "" || m.Bytes <= 0) {
		err = errors.New("module, exec, rules and bytes are required")
	}
	return m, err
}

// Append appends the text of the manifest.
func (m Build) Append(buf []byte) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	for _, member := range [][2]string{{"module", m.Module}, {"exec", m.Exec}, {"rules", m.Rules}} {
		w.Key(member[0])
		w.String(member[1])
	}
	w.Key("bytes")
	w.Int(m.Bytes)
	w.EndObject()
	return w.Bytes()
}
