// Package simulate runs several backends, their ledger and the simulated
// Twilio account in one process, under virtual time and one scheduler, on one
// seed, and looks after every event whether anything is wrong.
//
// Everything that could happen in one order or another is decided by the seed:
// each activity (a request of an agent, a runner of a backend, a part of a
// parallel read) is a [strand], a coroutine that runs only while the scheduler
// lets it and gives up its turn at every call to Twilio, every operation of the
// ledger and every wait. Nothing reads the machine's clock, nothing draws from
// anything but the seed, so that a seed is a history: run again, it has the
// same hash over every hand-over and every event.
//
// What is drawn does not depend on the order in which it is needed: the fate of
// the third invite of the fifth customer is a function of the seed and of these
// names (see [roll]). Leaving out a customer or a fault leaves the others'
// fates as they are, which is what makes a failing seed shrink to a short story.
//
// What is real: coordinator, rules, ledger/memory, twilioapi (its calls, codec
// and errors) and the sandbox. What stands in: the network with its faults, the
// roster (a worker's activity as told by webhooks, and read now and then), and
// the mirror (which keeps what it is told to show). The event streams to
// browsers, tokens and HTTP are not simulated.
package simulate
