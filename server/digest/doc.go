// Package digest makes the digest of a conversation for the agent who takes over: what they have to know in ten seconds.
//
// Plain code makes it of the messages and of the transfers before. A summary service may replace its text: see [Maker].
// Neither may hold up a transfer, so both end by a limit, and what failed is said in the digest.
package digest
