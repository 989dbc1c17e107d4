package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const moduleName = "transfer.0123abcd4567.wasm"

func builtModule() fstest.MapFS {
	return fstest.MapFS{
		".gitkeep":              {Data: []byte("kept")},
		"manifest.json":         {Data: []byte(`{"module":"` + moduleName + `"}`)},
		moduleName:              {Data: []byte("the plain module")},
		moduleName + ".br":      {Data: []byte("br module")},
		moduleName + ".gz":      {Data: []byte("gz module")},
		"wasm_exec.0123abcd.js": {Data: []byte("exec")},
		"README.md":             {Data: []byte("private")},
		"sub/x.wasm":            {Data: []byte("private")},
	}
}

func moduleAPI(t *testing.T) *API {
	return newWorld().api(t, func(o *Options) {
		o.Module = builtModule()
		o.ModuleScripts = fstest.MapFS{
			"loader.js":              {Data: []byte("loader")},
			"parts/directory.js":     {Data: []byte("part")},
			"loader.d.ts":            {Data: []byte("types")},
			".hidden.js":             {Data: []byte("hidden")},
			"worker.notahash1234.js": {Data: []byte("worker")},
		}
		o.Origins = []string{"https://flex.twilio.com"}
	})
}

func TestModuleFiles(t *testing.T) {
	a := moduleAPI(t)
	for _, c := range []struct{ path, body, kind, cache string }{
		{"/wasm/manifest.json", `{"module":"` + moduleName + `"}`, "application/json", "no-cache"},
		{"/wasm/" + moduleName, "the plain module", "application/wasm", "public, max-age=31536000, immutable"},
		{"/wasm/wasm_exec.0123abcd.js", "exec", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/wasm/loader.js", "loader", "text/javascript; charset=utf-8", "no-cache"},
		{"/wasm/parts/directory.js", "part", "text/javascript; charset=utf-8", "no-cache"},
		{"/wasm/worker.notahash1234.js", "worker", "text/javascript; charset=utf-8", "no-cache"},
	} {
		t.Run(c.path, func(t *testing.T) {
			resp := do(a, request("GET", c.path, ""))
			body := bodyOf(t, resp)
			h := resp.Header
			if resp.StatusCode != 200 || body != c.body || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache {
				t.Errorf("%d %q %v", resp.StatusCode, body, h)
			}
			if h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "" {
				t.Errorf("policies: %v", h)
			}
			if h.Get("Content-Length") != fmt.Sprint(len(c.body)) {
				t.Errorf("length %s", h.Get("Content-Length"))
			}
			etag := h.Get("ETag")
			if len(etag) < 10 || etag[0] != '"' {
				t.Fatalf("ETag %q", etag)
			}
			for _, known := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
				again := do(a, request("GET", c.path, "", "If-None-Match", known))
				if again.StatusCode != 304 || bodyOf(t, again) != "" || again.Header.Get("ETag") != etag || again.Header.Get("Cache-Control") != c.cache {
					t.Errorf("If-None-Match %s: %d %v", known, again.StatusCode, again.Header)
				}
			}
			if other := do(a, request("GET", c.path, "", "If-None-Match", `"other"`)); other.StatusCode != 200 {
				t.Errorf("other ETag: %d", other.StatusCode)
			}
			head := do(a, request("HEAD", c.path, ""))
			if head.StatusCode != 200 || bodyOf(t, head) != "" || head.Header.Get("Content-Length") != fmt.Sprint(len(c.body)) {
				t.Errorf("HEAD: %d %v", head.StatusCode, head.Header)
			}
		})
	}
}

// upgradedAPI serves the module with a glue of that text.
func upgradedAPI(t *testing.T, glue string) *API {
	return newWorld().api(t, func(o *Options) {
		o.Module = builtModule()
		o.ModuleScripts = fstest.MapFS{"glue.js": {Data: []byte(glue)}, "parts/directory.js": {Data: []byte("part")}, "glue.d.ts": {Data: []byte("types")}}
		o.Origins = []string{"https://flex.twilio.com"}
	})
}

// glueOf is what a manifest says of the glue.
func glueOf(t *testing.T, a *API) (glue, etag string) {
	t.Helper()
	resp := do(a, request("GET", "/wasm/manifest.json", ""))
	var manifest struct{ Module, Glue string }
	if err := json.Unmarshal([]byte(bodyOf(t, resp)), &manifest); err != nil || resp.StatusCode != 200 || manifest.Module != moduleName {
		t.Fatalf("the manifest: %d %+v %v", resp.StatusCode, manifest, err)
	}
	if resp.Header.Get("Cache-Control") != "no-cache" || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the manifest: %v", resp.Header)
	}
	return manifest.Glue, resp.Header.Get("ETag")
}

func TestGlueOfEachBuildHasAPathOfItsOwn(t *testing.T) {
	a, again, upgraded := upgradedAPI(t, "first"), upgradedAPI(t, "first"), upgradedAPI(t, "second")
	glue, etag := glueOf(t, a)
	if same, _ := glueOf(t, again); same != glue {
		t.Errorf("two replicas of one build name %s and %s", glue, same)
	}
	other, otherTag := glueOf(t, upgraded)
	if other == glue || otherTag == etag {
		t.Errorf("another build has the same glue %s or ETag %s", other, otherTag)
	}
	folder := strings.TrimSuffix(glue, "glue.js")
	for path, want := range map[string]string{glue: "first", folder + "parts/directory.js": "part"} {
		resp := do(a, request("GET", "/wasm/"+path, "", "Origin", "https://flex.twilio.com"))
		h := resp.Header
		if body := bodyOf(t, resp); resp.StatusCode != 200 || body != want || h.Get("Cache-Control") != keepForever || h.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, body, h)
		}
		if h.Get("Access-Control-Allow-Origin") != "https://flex.twilio.com" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s cannot be imported into Flex: %v", path, h)
		}
	}
	for _, path := range []string{other, folder + "glue.d.ts", folder + "none.js", folder, folder + "../glue.js", folder + moduleName} {
		expect(t, do(a, request("GET", "/wasm/"+path, "")), 404, transfer.ReasonNotFound)
	}
	known := do(a, request("GET", "/wasm/manifest.json", "", "If-None-Match", etag))
	if known.StatusCode != 304 || bodyOf(t, known) != "" || known.Header.Get("ETag") != etag {
		t.Errorf("a manifest that is known: %d %v", known.StatusCode, known.Header)
	}
}

func TestManifestThatIsNoneIsAnErrorOfOurs(t *testing.T) {
	module := builtModule()
	module["manifest.json"] = &fstest.MapFile{Data: []byte("[]")}
	a := newWorld().api(t, func(o *Options) {
		o.Module, o.ModuleScripts = module, fstest.MapFS{"glue.js": {}}
	})
	expect(t, do(a, request("GET", "/wasm/manifest.json", "")), 500, transfer.ReasonInternal)
}

func TestModuleIsNegotiated(t *testing.T) {
	a := moduleAPI(t)
	tags := map[string]string{}
	for accept, want := range map[string]struct{ encoding, body string }{
		"":                   {"", "the plain module"},
		"gzip, deflate, br":  {"br", "br module"},
		"br;q=0.1, gzip":     {"gzip", "gz module"},
		"br;q=0, gzip;q=0.1": {"gzip", "gz module"},
		"br;q=0, gzip;q=0":   {"", "the plain module"},
		"zstd":               {"", "the plain module"},
	} {
		resp := do(a, request("GET", "/wasm/"+moduleName, "", "Accept-Encoding", accept, "Origin", "https://flex.twilio.com"))
		h := resp.Header
		if body := bodyOf(t, resp); body != want.body || h.Get("Content-Encoding") != want.encoding || h.Get("Content-Type") != "application/wasm" {
			t.Errorf("%q: %q %v", accept, body, h)
		}
		if vary := strings.Join(h.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Encoding") || !strings.Contains(vary, "Origin") {
			t.Errorf("%q: Vary %q", accept, vary)
		}
		if h.Get("Access-Control-Allow-Origin") != "https://flex.twilio.com" {
			t.Errorf("%q: no CORS", accept)
		}
		if old, seen := tags[h.Get("ETag")]; seen && old != want.body {
			t.Errorf("one ETag for %q and %q", old, want.body)
		}
		tags[h.Get("ETag")] = want.body
	}
	if len(tags) != 3 {
		t.Errorf("%d ETags for 3 codings", len(tags))
	}
	r := request("GET", "/wasm/"+moduleName, "")
	r.Header["Accept-Encoding"] = []string{"gzip;q=0.5", "br"}
	if got := do(a, r).Header.Get("Content-Encoding"); got != "br" {
		t.Errorf("two header lines: %q", got)
	}
	if got := do(a, request("GET", "/wasm/loader.js", "", "Accept-Encoding", "br")).Header.Get("Content-Encoding"); got != "" {
		t.Errorf("a file without siblings comes as %q", got)
	}
}

func TestFilesThatChangeGetANewTag(t *testing.T) {
	module := builtModule()
	a := newWorld().api(t, func(o *Options) { o.Module = module })
	before := do(a, request("GET", "/wasm/manifest.json", "")).Header.Get("ETag")
	module["manifest.json"] = &fstest.MapFile{Data: []byte(`{"module":"transfer.ffffffffffff.wasm","more":1}`)}
	resp := do(a, request("GET", "/wasm/manifest.json", "", "If-None-Match", before))
	if resp.StatusCode != 200 || resp.Header.Get("ETag") == before {
		t.Errorf("status %d, ETag %s as before", resp.StatusCode, before)
	}
}

func TestOtherFilesAreNotServed(t *testing.T) {
	a := moduleAPI(t)
	for _, path := range []string{
		"/wasm/", "/wasm", "/wasm/.gitkeep", "/wasm/README.md", "/wasm/sub/x.wasm", "/wasm/parts", "/wasm/parts/",
		"/wasm/loader.d.ts", "/wasm/.hidden.js", "/wasm/" + moduleName + ".br", "/wasm/transfer.ffffffffffff.wasm",
		"/wasm/../httpapi.js", "/wasm/%2e%2e/loader.js", "/wasm//loader.js", "/wasm/./loader.js", "/wasm/parts%5c..%5cloader.js", "/wasm/loader.js%00",
	} {
		t.Run(path, func(t *testing.T) {
			resp := do(a, request("GET", path, ""))
			expect(t, resp, 404, transfer.ReasonNotFound)
		})
	}
}

// sealed holds files that cannot be read.
type sealed struct{ fstest.MapFS }

func (s sealed) Open(name string) (fs.File, error) {
	file, err := s.MapFS.Open(name)
	return sealedFile{file}, err
}

type sealedFile struct{ fs.File }

func (sealedFile) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func (sealedFile) Seek(int64, int) (int64, error) { return 0, nil }

func TestFileThatCannotBeReadIsAnErrorOfOurs(t *testing.T) {
	w := newWorld()
	a := w.api(t, func(o *Options) { o.Module = sealed{builtModule()} })
	resp := do(a, request("GET", "/wasm/"+moduleName, "", "Accept-Encoding", "br"))
	f := expect(t, resp, 500, transfer.ReasonInternal)
	if resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("ETag") != "" || strings.Contains(f.Message, "disk") {
		t.Errorf("%v %s", resp.Header, f.Message)
	}
	if !strings.Contains(w.log.String(), "disk on fire") {
		t.Error("not logged")
	}
}

func TestBinaryWithoutItsModuleSaysHowToBuildIt(t *testing.T) {
	for _, adjust := range []func(*Options){
		func(*Options) {},
		func(o *Options) { o.Module = fstest.MapFS{".gitkeep": {}} },
	} {
		f := expect(t, do(newWorld().api(t, adjust), request("GET", "/wasm/manifest.json", "")), 503, ReasonModuleNotBuilt)
		if !strings.Contains(f.Message, "make build") {
			t.Error(f.Message)
		}
	}
}

func TestPages(t *testing.T) {
	a := newWorld().api(t, func(o *Options) {
		o.Pages = fstest.MapFS{
			"index.html":       {Data: []byte("<!doctype html>start")},
			"desk/index.html":  {Data: []byte("desk")},
			"desk/desk.js":     {Data: []byte("js")},
			"styles/paste.css": {Data: []byte("css")},
			"words/en.json":    {Data: []byte("{}")},
			"e2e/run.go":       {Data: []byte("private")},
			".env":             {Data: []byte("private")},
		}
	})
	for path, want := range map[string]struct{ body, kind string }{
		"/":                     {"<!doctype html>start", "text/html; charset=utf-8"},
		"/web/":                 {"<!doctype html>start", "text/html; charset=utf-8"},
		"/web/index.html?x=1":   {"<!doctype html>start", "text/html; charset=utf-8"},
		"/web/desk/":            {"desk", "text/html; charset=utf-8"},
		"/web/desk/desk.js":     {"js", "text/javascript; charset=utf-8"},
		"/web/styles/paste.css": {"css", "text/css; charset=utf-8"},
		"/web/words/en.json":    {"{}", "application/json"},
	} {
		resp := do(a, request("GET", path, ""))
		h := resp.Header
		if body := bodyOf(t, resp); resp.StatusCode != 200 || body != want.body || h.Get("Content-Type") != want.kind || h.Get("Cache-Control") != "no-cache" || h.Get("ETag") == "" {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, body, h)
		}
		if h.Get("Content-Security-Policy") != pageCSP || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, path := range []string{"/web/none.js", "/web/e2e/run.go", "/web/.env", "/web/../index.html", "/web/%2e%2e/index.html", "/web/desk", "/web//index.html"} {
		resp := do(a, request("GET", path, ""))
		if body := bodyOf(t, resp); resp.StatusCode != 404 || strings.Contains(body, "{") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestWithoutPages(t *testing.T) {
	a := newWorld().api(t)
	for _, path := range []string{"/", "/web/", "/web/index.html"} {
		if resp := do(a, request("GET", path, "")); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}
