// Package settings reads what the operator of a backend decides: one YAML file
// with defaults and, under accounts, what differs for a Twilio account, and the
// environment, which counts more than the file.
//
// Everything is checked when it is read, and all that is wrong is reported at
// once, with file, line and field. A [Store] watches the file: one that does is
// in force for the next decision, one that does not changes nothing and is
// reported. The package knows nothing of HTTP.
//
// What there is to be set is one table, see fields.go: reading, the
// environment, printing and the tests of the documentation all go by it. The
// commented example is [Example].
package settings
