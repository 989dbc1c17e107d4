// Package twilioapi is the one door to Twilio: the calls that transfers need, and nothing else. It alone imports
// twilio-go, and it hands out the records of package transfer.
//
// What a caller can rely on:
//
//   - Every SID is checked before it is put into a path, since twilio-go does not escape them.
//   - Every call ends when its context does. Where that has no deadline, one attempt takes no longer than 15 s.
//   - Reads are repeated a few times while the context lasts. Writes are not: whether a write that got no answer was
//     done is for the caller to find out. The one exception is an invite that was throttled, because Twilio does not
//     process a request that it answers with 429.
//   - Every failure is an [*Error], and its [Outcome] says whether anything may have changed at Twilio.
//   - No more than 20 requests a second reach one endpoint, from all processes together (see [NewPacer] and
//     [SharedPacer]). Who has to wait is decided by [Class]; within one, conversations take turns.
//   - Credentials and Flex tokens appear in no error and in no log.
//
// twilio-go has neither contexts nor retries of its own. Each attempt therefore gets a client of its own (one small
// allocation) around the shared connection pool: its RoundTripper binds the context, sends the request to BaseURL where
// one is set, reads the whole answer, so that the connection is reused, and keeps status and headers, which the
// generated methods do not hand out. The generated List and Stream methods are avoided: they start goroutines, follow
// whatever address the answer names, and some of them panic on an error. Pages are read one by one instead.
package twilioapi
