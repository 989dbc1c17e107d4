// Package reconcile compares what is recorded with what Twilio has, and puts
// right what is wrong: the customer who is alone in an open conversation, the
// invite that nobody waits for, the agent who is twice in. What is wrong is
// decided by [transfer.Audit] alone; this package decides when a conversation is
// looked at, reads the facts, and has the repair recorded and carried out by the
// same engine that carries out transfers.
//
// A conversation is looked at after an event that may have left it alone, once
// the grace period is over; after an outage for each event that TaskRouter still
// lists; and by a sweep over the tasks that are open or have lately ended, which
// also looks closely at a few of those that seem well. So the cost grows with
// what is open and changes, not with what has been.
//
// A ledger that has just been made may stand in the place of one that was lost.
// Until a sweep has been through on it, [Reconciler.Restore] looks at a
// conversation before anything is decided about it.
//
// Any number of processes may do so at once: each repair is one record, written
// only if nobody has written about the conversation since its facts were read.
package reconcile
