package transfer

// RulesHash names the rules: a hash of the sources of wasm/transfer,
// wasm/directory and wasm/wire, set by the linker where a build knows it. The
// browser sends it with each request.
var RulesHash = "development"
