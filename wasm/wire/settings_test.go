package wire

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestSettingsThereAndBack(t *testing.T) {
	want := sampleSettings()
	text := AppendSettings(nil, want)
	golden(t, "settings.json", text)
	got, err := DecodeSettings(string(text))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is not set is written as what it stands for, so that no page has to know
// the defaults.
func TestSettingsSayTheDefaults(t *testing.T) {
	want := transfer.Settings{
		LeaveOn: transfer.LeaveOnInvite, LeaveAs: transfer.LeaveCompleted, InviteTimeout: 2 * time.Minute,
		QueueTimeout: 15 * time.Minute, MaxInvites: 5,
		Handover:    transfer.HandoverSettings{NotesMax: 2000, Reasons: []transfer.ReasonOption{}},
		Permissions: []transfer.Permission{},
	}
	got, err := DecodeSettings(string(AppendSettings(nil, transfer.Settings{})))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDecodeSettingsTakesWhatIsThere(t *testing.T) {
	for _, text := range []string{`{}`, `null`, `{"leave_on":null,"invite_timeout":null,"fallbacks":null,"ping_pong":null,"handover":null,
		"directory":{"source":null},"permissions":null,"max_invites":null,"of tomorrow":[{}]}`} {
		if got, err := DecodeSettings(text); err != nil || !reflect.DeepEqual(got, transfer.Settings{}) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	got, err := DecodeSettings(`{"fallbacks":[]}`)
	if err != nil || got.Fallbacks == nil {
		t.Errorf("no fallbacks are other than the default ones: %+v, %v", got, err)
	}
}

func TestDecodeSettingsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"cold_transfer":1}`:                               "cold_transfer: at offset 17: expected true or false, found a number",
		`{"invite_timeout":-1}`:                             "invite_timeout: expected a number from 0 to 1073741824",
		`{"invite_timeout":1e3}`:                            "invite_timeout: at offset 18: expected a whole number of 64 bits, found 1e3",
		`{"ping_pong":{"within":9223372036854775807}}`:      "ping_pong.within: expected a number from 0 to 1073741824",
		`{"handover":{"reasons":[{"labels":{"de":1}}]}}`:    "handover.reasons[0].labels.de: at offset 40: expected a string, found a number",
		`{"permissions":[{"to_queues":{"deny":["a",{}]}}]}`: "permissions[0].to_queues.deny[1]: at offset 42: expected a string, found an object",
	} {
		_, err := DecodeSettings(text)
		refused(t, text, err, CodeBadRecords, want)
	}
}

func TestSettingsOfAnyKindThereAndBack(t *testing.T) {
	texts := rapid.SliceOfN(rapid.String(), 1, 3)
	patterns := rapid.Custom(func(t *rapid.T) transfer.Patterns {
		return transfer.Patterns{Allow: texts.Draw(t, "allow"), Deny: texts.Draw(t, "deny")}
	})
	permission := rapid.Custom(func(t *rapid.T) transfer.Permission {
		return transfer.Permission{
			Name: rapid.String().Draw(t, "name"), Workers: texts.Draw(t, "workers"), Teams: texts.Draw(t, "teams"), Roles: texts.Draw(t, "roles"),
			Skills: texts.Draw(t, "skills"), FromQueues: texts.Draw(t, "queues"), NoCold: rapid.Bool().Draw(t, "cold"), NoWarm: rapid.Bool().Draw(t, "warm"),
			ToQueues: patterns.Draw(t, "queues"), ToWorkers: patterns.Draw(t, "workers"), ToTeams: patterns.Draw(t, "teams"),
		}
	})
	reason := rapid.Custom(func(t *rapid.T) transfer.ReasonOption {
		return transfer.ReasonOption{Code: rapid.String().Draw(t, "code"), Labels: rapid.MapOfN(rapid.String(), rapid.String(), 1, 3).Draw(t, "labels")}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := sampleSettings()
		want.Permissions = rapid.SliceOfN(permission, 1, 3).Draw(t, "permissions")
		want.Handover.Reasons = rapid.SliceOfN(reason, 1, 3).Draw(t, "reasons")
		want.InviteTimeout = time.Duration(rapid.IntRange(1, 1<<20).Draw(t, "timeout")) * time.Second
		got, err := DecodeSettings(string(AppendSettings(nil, want)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

func FuzzDecodeSettings(f *testing.F) {
	f.Add(string(AppendSettings(nil, sampleSettings())))
	f.Add(`{"permissions":[null,{"to_teams":{"allow":[]}}],"handover":{"reasons":[{}]},"fallbacks":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		first, err := DecodeSettings(text)
		checkFuzzed(t, text, err, CodeBadRecords)
		if err != nil {
			return
		}
		// Written once, they stay as they are.
		once := AppendSettings(nil, first)
		second, err := DecodeSettings(string(once))
		if twice := AppendSettings(nil, second); err != nil || string(once) != string(twice) {
			t.Fatalf("%q: %s, then %s, %v", text, once, twice, err)
		}
	})
}
