// Package wire is the JSON that goes between JavaScript, the browser's module
// and the backend: one hand-written codec for all three, with no reflection.
//
//   - A page asks the rules a [Question] and gets an [Answer]; [Decide] is the
//     whole way from one to the other.
//   - A page sends the backend a request, see [DecodeRequest], and gets a
//     transfer, see [AppendTransfer], or an error, see [AppendError].
//   - The backend's directory and its stream carry records, see
//     [AppendDirectory], [AppendWorker] and [AppendHello].
//
// Names of our own API are in camelCase; records have the names of Twilio's
// REST API, in snake_case. Times are RFC 3339 with milliseconds, in UTC. Fields
// that are not known are skipped in records, since Twilio adds to them, and
// refused in requests. Decoders fail with an [*Error] that names the path.
package wire

// Version is the number of the wire format. It changes when a reader of the
// old format would misread the new one.
const Version = 1
