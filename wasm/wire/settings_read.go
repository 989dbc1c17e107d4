package wire

import (
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// readAllSettings reads the settings, the labels of the reasons among them.
func readAllSettings(r *json.Reader, into *transfer.Settings) error {
	return settingsReader{into, readReasonOption}.read(r)
}

// readSettings reads the settings in a question, without the labels of the
// reasons: no rule reads them, and a page sends them with each question.
func readSettings(r *json.Reader, into *transfer.Settings) error {
	return settingsReader{into, readReasonCode}.read(r)
}

type settingsReader struct {
	*transfer.Settings
	reason func(*json.Reader, *transfer.ReasonOption) error
}

func (s settingsReader) read(r *json.Reader) error {
	return record(r, func(key string) error {
		switch key {
		case "cold_transfer":
			return readBool(r, &s.ColdTransfer)
		case "multi_participant":
			return readBool(r, &s.MultiParticipant)
		case "native_transfers":
			return readBool(r, &s.NativeTransfers)
		case "leave_on":
			return readString(r, (*string)(&s.LeaveOn))
		case "leave_on_choice":
			return readBool(r, &s.LeaveOnChoice)
		case "leave_as":
			return readString(r, (*string)(&s.LeaveAs))
		case "invite_timeout":
			return readSeconds(r, &s.InviteTimeout)
		case "queue_timeout":
			return readSeconds(r, &s.QueueTimeout)
		case "fallbacks":
			return list(r, &s.Fallbacks, readFallback)
		case "fallback_always":
			return readBool(r, &s.FallbackAlways)
		case "ping_pong":
			return readPingPong(r, &s.PingPong)
		case "handover":
			return s.readHandover(r)
		case "directory":
			return readDirectorySettings(r, &s.Directory)
		case "permissions":
			return list(r, &s.Permissions, readPermission)
		case "max_invites":
			return readCount(r, &s.MaxInvites)
		}
		return r.Skip()
	})
}

func readFallback(r *json.Reader, into *transfer.Fallback) error {
	return record(r, func(key string) error {
		switch key {
		case "kind":
			return readString(r, (*string)(&into.Kind))
		case "sid":
			return readString(r, &into.SID)
		}
		return r.Skip()
	})
}

func readPingPong(r *json.Reader, into *transfer.PingPong) error {
	return record(r, func(key string) error {
		switch key {
		case "transfers":
			return readCount(r, &into.Transfers)
		case "within":
			return readSeconds(r, &into.Within)
		case "queue_sid":
			return readString(r, &into.QueueSID)
		}
		return r.Skip()
	})
}

func (s settingsReader) readHandover(r *json.Reader) error {
	h := &s.Handover
	return record(r, func(key string) error {
		switch key {
		case "reasons":
			return list(r, &h.Reasons, s.reason)
		case "required":
			return readBool(r, &h.Required)
		case "notes_max":
			return readCount(r, &h.NotesMax)
		case "digest":
			return readBool(r, &h.Digest)
		}
		return r.Skip()
	})
}

func readReasonCode(r *json.Reader, into *transfer.ReasonOption) error {
	return record(r, func(key string) error {
		if key == "code" {
			return readString(r, &into.Code)
		}
		return r.Skip()
	})
}

func readReasonOption(r *json.Reader, into *transfer.ReasonOption) error {
	return record(r, func(key string) error {
		switch key {
		case "code":
			return readString(r, &into.Code)
		case "labels":
			return record(r, func(language string) error {
				if into.Labels == nil {
					into.Labels = make(map[string]string)
				}
				text, err := r.String()
				into.Labels[language] = text
				return err
			})
		}
		return r.Skip()
	})
}

func readDirectorySettings(r *json.Reader, into *transfer.DirectorySettings) error {
	return record(r, func(key string) error {
		switch key {
		case "source":
			source := ""
			err := readString(r, &source)
			into.Native = source == "native"
			return err
		case "hide_unavailable":
			return readBool(r, &into.HideUnavailable)
		case "hide_empty_queues":
			return readBool(r, &into.HideEmptyQueues)
		case "queues_by_skill":
			return readBool(r, &into.QueuesBySkill)
		}
		return r.Skip()
	})
}

func readPermission(r *json.Reader, into *transfer.Permission) error {
	return record(r, func(key string) error {
		switch key {
		case "name":
			return readString(r, &into.Name)
		case "workers":
			return list(r, &into.Workers, readString)
		case "teams":
			return list(r, &into.Teams, readString)
		case "roles":
			return list(r, &into.Roles, readString)
		case "skills":
			return list(r, &into.Skills, readString)
		case "from_queues":
			return list(r, &into.FromQueues, readString)
		case "no_cold":
			return readBool(r, &into.NoCold)
		case "no_warm":
			return readBool(r, &into.NoWarm)
		case "to_queues":
			return readPatterns(r, &into.ToQueues)
		case "to_workers":
			return readPatterns(r, &into.ToWorkers)
		case "to_teams":
			return readPatterns(r, &into.ToTeams)
		}
		return r.Skip()
	})
}

func readPatterns(r *json.Reader, into *transfer.Patterns) error {
	return record(r, func(key string) error {
		switch key {
		case "allow":
			return list(r, &into.Allow, readString)
		case "deny":
			return list(r, &into.Deny, readString)
		}
		return r.Skip()
	})
}

// most is the largest count, and number of seconds, that is read.
const most = 1 << 30

// readCount reads a number of things.
func readCount(r *json.Reader, into *int) error {
	if r.Null() {
		return nil
	}
	n, err := r.Int()
	if err != nil {
		return err
	}
	if n < 0 || n > most {
		return problem("expected a number from 0 to 1073741824")
	}
	*into = int(n)
	return nil
}

// readSeconds reads a time that is given as a number of seconds.
func readSeconds(r *json.Reader, into *time.Duration) error {
	n := int(*into / time.Second)
	err := readCount(r, &n)
	*into = time.Duration(n) * time.Second
	return err
}
