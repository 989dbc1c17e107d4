package settings

import _ "embed"

//go:embed example.yaml
var example string

// Example is a file with every setting in it, each with a comment that says
// what it is, its bounds, its default and its name in the environment.
func Example() string { return example }
