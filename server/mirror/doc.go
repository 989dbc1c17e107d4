// Package mirror writes the outstanding invites of a conversation into its attributes, in the shape of the Flex project
// template, for the template's own screens.
//
// The ledger is the truth, and this is a copy of it that others may read: customers too, so that nothing is in it but
// who has been asked, and when. Twilio has no ETag for conversations, and the last write wins. [Write] therefore reads
// just before it writes, changes the bytes of its own key alone, looks once more while the write is on its way, reads
// back, and puts back what somebody else wrote in between. A change that reaches Twilio between that look and our write,
// some milliseconds later, is lost all the same: nothing at Twilio tells of it.
package mirror
