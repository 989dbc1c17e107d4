package settings

import (
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// For is what concerns a worker of the settings: what their browser is sent. It
// leaves out where conversations go that nobody took, and the permissions that
// cannot apply to this worker, whatever conversation they have.
//
// A worker who is not known (nil), or whose attributes cannot be read, is sent
// every permission: the rules sort them out.
func For(s transfer.Settings, worker *transfer.WorkerRecord, roles []string) transfer.Settings {
	s.Fallbacks, s.FallbackAlways = nil, false
	if worker == nil {
		return s
	}
	f, err := transfer.Records{Worker: *worker, Roles: roles}.Facts()
	if err != nil {
		return s
	}
	f.Me.Own = nil // it is in the worker's record
	var mine []transfer.Permission
	for _, p := range s.Permissions {
		if concerns(f, p) {
			p.Name = "" // for administrators
			// They select this worker: whom else they select is nobody else's business.
			p.Workers, p.Teams, p.Roles, p.Skills = nil, nil, nil, nil
			mine = append(mine, p)
		}
	}
	s.Permissions = mine
	return s
}

// concerns asks the rules whether the permission applies to the worker in some
// conversation: one that forbids cold transfers, from wherever they come.
func concerns(f transfer.Facts, p transfer.Permission) bool {
	p.FromQueues, p.NoCold = nil, true
	f.Settings = transfer.Settings{Permissions: []transfer.Permission{p}}
	return f.Access().Mode(transfer.ModeCold) != ""
}
