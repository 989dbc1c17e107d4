// Package transfer holds the rules of handing over a conversation: facts in,
// decision out, and the state machine of one transfer from click to end.
//
// It is pure. It reads no clock, draws no random numbers, makes no calls and
// keeps no state, so the same code answers in the agent's browser (as
// WebAssembly) and in the backend, and the two cannot drift apart.
//
//   - [Records] are what Twilio and the ledger hold, in Twilio's own shape;
//     [Records.Facts] makes [Facts] out of them.
//   - [View] says what the agent's screen shows.
//   - [Decide] says what the backend does about a [Request], or refuses it.
//   - [Advance] takes the [State] of one conversation's transfers through an
//     [Event]; [State.Steps] says what has to be done next.
package transfer
