// Package directory is the workers and queues of an account: packed into one
// text for the browser, and searched there by what an agent types. It is pure,
// as the rules are, and asks them who may be seen and who may be chosen.
//
// The text is UTF-8, in lines that end with a line feed, their fields parted by
// tabs. Within a field \\, \t, \n and \r stand for a backslash, a tab and the
// ends of lines. Fields at the end of a line may be missing where they are empty.
//
//	flex-transfer-directory  1  <workers>  <queues>
//	<activity> …              the names that the lines below refer to by their place, from 0
//	<team> …
//	<skill> …
//	<name>  <SID>  <activity>  <team>  <skill>,<skill>…        one line a worker
//	<name>  <SID>  u           <skill>,<skill>…  <figures>     one line a queue
//
// An activity is followed by + where the worker is available. A SID is its 16
// bytes in base64url without padding, or = and the SID where it is of another
// form. u says that no transfer reaches the queue. The figures are workers who
// are available, tasks that wait and the longest wait in seconds, parted by
// commas; nothing where they are not known. Both kinds of line are ordered by
// name without accents and case.
package directory
