// Package directory finds workers and queues by what an agent types. It is
// pure, as the rules are.
package directory
