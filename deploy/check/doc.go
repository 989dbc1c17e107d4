// Package check holds the example deployment against the types of those who
// read it: Kubernetes' own, strictly, and the Compose specification. It is a
// module of its own so that the backend does not depend on them.
package check
