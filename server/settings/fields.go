package settings

import (
	"slices"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The bounds of the settings.
const (
	minInviteTimeout  = 5 * time.Second
	maxInviteTimeout  = 24 * time.Hour
	maxOutstanding    = 50
	maxFallbacks      = 10
	maxPingPong       = transfer.MaxPingPong
	minPingPongWithin = time.Minute
	maxPingPongWithin = 30 * 24 * time.Hour
	maxReasons        = 100
	maxReasonLabel    = 100
	maxNotes          = 3000
	minSummaryTimeout = 100 * time.Millisecond
	maxSummaryTimeout = 30 * time.Second
	maxPermissions    = 1000
	maxPatterns       = 1000
	maxName           = 200
	minGrace          = time.Second
	maxGrace          = 10 * time.Minute
)

// field is one setting.
type field struct {
	path string // its place in the file
	env  string // its name in the environment
	// read reads a value; what it returns puts it into effect.
	read func(value) func(*Config)
	// show is its value, as it is written in the file.
	show func(*Config) any
}

// setting is a field of the type T: how it is read, and where it lives.
func setting[T any](path, env string, read func(value) T, at func(*Config) *T) field {
	return field{path, env,
		func(v value) func(*Config) {
			got := read(v)
			return func(c *Config) { *at(c) = got }
		},
		func(c *Config) any { return *at(c) },
	}
}

// whole and span are readers with bounds; choice reads one of some words.
func whole(least, most int) func(value) int {
	return func(v value) int { return v.int(least, most) }
}

func span(least, most time.Duration) func(value) time.Duration {
	return func(v value) time.Duration { return v.duration(least, most) }
}

func choice[T ~string](allowed ...T) func(value) T {
	texts := make([]string, len(allowed))
	for i, a := range allowed {
		texts[i] = string(a)
	}
	return func(v value) T { return T(v.oneOf(texts...)) }
}

// fields are all settings, in the order in which they are documented.
var fields = slices.Concat(transferFields, handoverFields, directoryFields)

var transferFields = []field{
	setting("transfer.coldTransfer", "COLD_TRANSFER", value.bool, func(c *Config) *bool { return &c.Transfer.ColdTransfer }),
	setting("transfer.multiParticipant", "MULTI_PARTICIPANT", value.bool, func(c *Config) *bool { return &c.Transfer.MultiParticipant }),
	setting("transfer.nativeTransfers", "NATIVE_TRANSFERS", value.bool, func(c *Config) *bool { return &c.Transfer.NativeTransfers }),
	setting("transfer.leaveOn", "LEAVE_ON", choice(transfer.LeaveOnInvite, transfer.LeaveOnAccept), func(c *Config) *transfer.LeaveOn { return &c.Transfer.LeaveOn }),
	setting("transfer.leaveOnChoice", "LEAVE_ON_CHOICE", value.bool, func(c *Config) *bool { return &c.Transfer.LeaveOnChoice }),
	setting("transfer.leaveAs", "LEAVE_AS", choice(transfer.LeaveCompleted, transfer.LeaveWrapup), func(c *Config) *transfer.LeaveAs { return &c.Transfer.LeaveAs }),
	setting("transfer.inviteTimeout", "INVITE_TIMEOUT", span(minInviteTimeout, maxInviteTimeout), func(c *Config) *time.Duration { return &c.Transfer.InviteTimeout }),
	setting("transfer.queueTimeout", "QUEUE_TIMEOUT", span(minInviteTimeout, maxInviteTimeout), func(c *Config) *time.Duration { return &c.Transfer.QueueTimeout }),
	setting("transfer.maxInvites", "MAX_INVITES", whole(1, maxOutstanding), func(c *Config) *int { return &c.Transfer.MaxInvites }),
	setting("fallbacks.order", "FALLBACKS", readFallbacks, func(c *Config) *[]transfer.Fallback { return &c.Transfer.Fallbacks }),
	setting("fallbacks.always", "FALLBACK_ALWAYS", value.bool, func(c *Config) *bool { return &c.Transfer.FallbackAlways }),
	setting("pingPong.transfers", "PING_PONG_TRANSFERS", whole(0, maxPingPong), func(c *Config) *int { return &c.Transfer.PingPong.Transfers }),
	setting("pingPong.within", "PING_PONG_WITHIN", span(minPingPongWithin, maxPingPongWithin), func(c *Config) *time.Duration { return &c.Transfer.PingPong.Within }),
	setting("pingPong.queueSid", "PING_PONG_QUEUE_SID", readQueue, func(c *Config) *string { return &c.Transfer.PingPong.QueueSID }),
	setting("rescue.after", "RESCUE_AFTER", span(minGrace, maxGrace), func(c *Config) *time.Duration { return &c.Rescue.After }),
	setting("rescue.then", "RESCUE_THEN", choice(RescueReroute, RescueClose), func(c *Config) *RescueThen { return &c.Rescue.Then }),
	setting("rescue.queueSid", "RESCUE_QUEUE_SID", readQueue, func(c *Config) *string { return &c.Rescue.QueueSID }),
}

var handoverFields = []field{
	setting("handover.reasons", "TRANSFER_REASONS", readReasons, func(c *Config) *[]transfer.ReasonOption { return &c.Transfer.Handover.Reasons }),
	setting("handover.required", "TRANSFER_REASON_REQUIRED", value.bool, func(c *Config) *bool { return &c.Transfer.Handover.Required }),
	setting("handover.notesMax", "TRANSFER_NOTES_MAX", whole(1, maxNotes), func(c *Config) *int { return &c.Transfer.Handover.NotesMax }),
	setting("handover.digest", "TRANSFER_DIGEST", value.bool, func(c *Config) *bool { return &c.Transfer.Handover.Digest }),
	setting("summary.url", "SUMMARY_URL", readServiceURL, func(c *Config) *string { return &c.Summary.URL }),
	setting("summary.timeout", "SUMMARY_TIMEOUT", span(minSummaryTimeout, maxSummaryTimeout), func(c *Config) *time.Duration { return &c.Summary.Timeout }),
	setting("summary.tokenEnv", "SUMMARY_TOKEN_ENV", readVariableName, func(c *Config) *string { return &c.Summary.TokenEnv }),
	setting("dropin.enabled", "DROPIN_ENABLED", value.bool, func(c *Config) *bool { return &c.DropIn }),
	setting("mirror", "MIRROR_INVITES", value.bool, func(c *Config) *bool { return &c.Mirror }),
}

var directoryFields = []field{
	setting("directory.source", "DIRECTORY_SOURCE", readSource, func(c *Config) *directorySource { return (*directorySource)(&c.Transfer.Directory.Native) }),
	setting("directory.hideUnavailable", "DIRECTORY_HIDE_UNAVAILABLE", value.bool, func(c *Config) *bool { return &c.Transfer.Directory.HideUnavailable }),
	setting("directory.hideEmptyQueues", "DIRECTORY_HIDE_EMPTY_QUEUES", value.bool, func(c *Config) *bool { return &c.Transfer.Directory.HideEmptyQueues }),
	setting("directory.queuesBySkill", "DIRECTORY_QUEUES_BY_SKILL", value.bool, func(c *Config) *bool { return &c.Transfer.Directory.QueuesBySkill }),
	setting("permissions", "PERMISSIONS", readPermissions, func(c *Config) *[]transfer.Permission { return &c.Transfer.Permissions }),
}

// directorySource is whether Flex's own directory is used.
type directorySource bool

// The words for it.
const (
	sourceOwn    = "own"
	sourceNative = "native"
)

func readSource(v value) directorySource { return v.oneOf(sourceOwn, sourceNative) == sourceNative }

func (s directorySource) String() string {
	if s {
		return sourceNative
	}
	return sourceOwn
}

// Paths lists every setting by its place in the file, in the order of the
// documentation.
func Paths() []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.path
	}
	return all
}

// Variables lists the names of all settings in the environment, in the same
// order.
func Variables() []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.env
	}
	return all
}

func fieldAt(path string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.path == path })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

// sections are the keys of the file's top level, but for accounts; a section
// that is itself a setting has no keys.
func sections() (names []string, keys map[string][]string) {
	keys = map[string][]string{}
	for _, f := range fields {
		section, key, nested := strings.Cut(f.path, ".")
		if _, known := keys[section]; !known {
			names = append(names, section)
			keys[section] = nil
		}
		if nested {
			keys[section] = append(keys[section], key)
		}
	}
	return names, keys
}
