// Package roster knows the workers, the task queues and the transfer workflow of an account. A full read now and then
// confirms everything; TaskRouter's events keep it fresh in between.
//
// What it says is either a directory, which may be a little old, or a target, which may not: [Roster.Target] answers
// from memory only what a read or an event has confirmed within Options.Trust, and reads anew otherwise.
//
// A queue is of use to a transfer only if the transfer workflow routes there. That is found out by evaluating the
// workflow's filters, as far as Twilio documents how it does that (see [Expression]). Where the documentation leaves
// something open, or an expression depends on what is not known, the answer is "perhaps", and a queue that is perhaps
// served counts as served: Twilio decides then.
package roster
