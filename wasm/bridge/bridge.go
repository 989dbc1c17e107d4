//go:build js && wasm

package bridge

import (
	"fmt"

	"github.com/hack-pad/safejs"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// bridge is one running instance.
type bridge struct {
	host safejs.Value
	stop chan struct{} // closed by the export stop
}

// export is a function that the module offers to a page. What it returns must
// be a string or nil: safejs does not guard the results of functions, and any
// other type would kill the instance.
type export func(b *bridge, args []safejs.Value) any

// exports are what the module offers, under their names in JavaScript.
var exports = map[string]export{
	"reserve":  (*bridge).reserve,
	"dispatch": (*bridge).dispatch,
	"stop":     (*bridge).end,
}

// Serve registers the exports with the host that the global variable of the
// name holds, and returns when the page stops the module.
func Serve(hostName string) error {
	host, err := safejs.Global().Get(hostName)
	if err != nil {
		return err
	}
	if host.Type() != safejs.TypeObject {
		return fmt.Errorf("the global variable %q holds no host", hostName)
	}
	b := &bridge{host: host, stop: make(chan struct{})}
	members := map[string]any{"wire": wire.Version, "rules": transfer.RulesHash, "lengthAddress": lengthAddress()}
	for name, run := range exports {
		f, err := safejs.FuncOf(b.guard(run))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer f.Release()
		members[name] = f
	}
	if _, err := host.Call("register", members); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	<-b.stop
	return nil
}

// guard makes an export fit to be called by JavaScript: a panic becomes an
// answer.
func (b *bridge) guard(run export) func(safejs.Value, []safejs.Value) any {
	return func(_ safejs.Value, args []safejs.Value) (answer any) {
		defer func() {
			if p := recover(); p != nil {
				answer = panicked(p)
			}
		}()
		return run(b, args)
	}
}

// dispatch begins a call of the backend and returns at once: nil, or the
// failure where not even the number of the call can be read.
func (b *bridge) dispatch(args []safejs.Value) any {
	if len(args) == 0 || args[0].Type() != safejs.TypeNumber {
		return failure(badArgument("id", "expected a number"))
	}
	go b.run(args)
	return nil
}

// run takes a dispatch to its end and settles it.
func (b *bridge) run(args []safejs.Value) {
	ok, text := false, ""
	defer func() {
		if p := recover(); p != nil {
			ok, text = false, panicked(p)
		}
		// An error here means that the page's own function threw; there is nobody
		// left to tell.
		_, _ = b.host.Call("settle", args[0], ok, text)
	}()
	ok, text = b.perform(args)
}

// perform reads the arguments of a dispatch and calls the backend. ok is false
// where the arguments are at fault.
func (b *bridge) perform(args []safejs.Value) (ok bool, text string) {
	name, err := stringAt(args, 1, "name")
	if err != nil {
		return false, failure(err)
	}
	argument, err := stringAt(args, 2, "arguments")
	if err != nil {
		return false, failure(err)
	}
	c, err := newCall(name, argument)
	if err != nil {
		return false, failure(err)
	}
	return true, b.send(c)
}

// end lets [Serve] return.
func (b *bridge) end([]safejs.Value) any {
	select {
	case <-b.stop:
	default:
		close(b.stop)
	}
	return nil
}

// stringAt is the argument at i, which must be a string: safejs makes "<object>"
// of anything else, without an error.
func stringAt(args []safejs.Value, i int, name string) (string, error) {
	if len(args) <= i || args[i].Type() != safejs.TypeString {
		return "", badArgument(name, "expected a string")
	}
	return args[i].String()
}
