// Package bridge is the module's side of its border with JavaScript: what the
// module offers to a page, and its calls of the backend with the page's fetch.
//
// The page's loader (wasm/js/loader.js) makes an object, the host, and passes
// the name of the global variable that holds it as the program's argument. So
// several instances of the module can live in one page and be started anew:
//
//	host.register(exports)       called once, when the module is ready
//	host.settle(id, ok, json)    called once for each dispatch
//	host.fetch(url, options)     the page's fetch
//
//	exports.wire, exports.rules       the wire format's number and the rules' hash
//	exports.dispatch(id, name, json)  calls the backend; settled later
//	exports.stop()                    ends the program
//	exports.reserve(size) → address   where a question is written to
//	exports.lengthAddress             where the length of an answer stands
//
// and the function decide(length) → address among those of the WebAssembly
// instance answers the question that was written; see [wire.Decide].
//
// The other functions of the instance are about the directory: reserveDirectory,
// loadDirectory, updateDirectory, openDirectory, search, describe and
// nativeFilters.
//
// JSON goes across the border, but for a search, whose answer is numbers in the
// memory: reading objects field by field costs ten times as much. No export waits for a promise, since that would stop
// the page's thread for good. Every export and every goroutine
// recovers from panics, since one that nobody recovers kills the instance.
package bridge
