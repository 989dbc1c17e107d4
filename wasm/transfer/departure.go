package transfer

import "time"

// departEvery is the pause before a departure that did not succeed is tried
// again.
const departEvery = 2 * time.Second

func (e DepartureRequested) apply(s *State) error {
	s.begin(e.InteractionSID, e.InteractionChannelSID, e.ConversationSID)
	if !s.depart(e.Departure, e.At, e.At.Add(departEvery)) {
		return ErrPointless
	}
	s.Present = e.Present
	return nil
}

// depart begins a departure, and reports whether it was not there already. One
// that has failed is tried again in its place.
func (s *State) depart(d Departure, at, due time.Time) bool {
	for i := range s.Departures {
		if old := &s.Departures[i]; old.ID == d.ID {
			if old.Phase != DepartureFailed {
				return false
			}
			s.Departures = append(s.Departures[:i], s.Departures[i+1:]...)
			break
		}
	}
	d.Phase, d.RequestedAt, d.Due = DepartureLeaving, at, due
	s.Departures = append(s.Departures, d)
	return true
}

// apply notes that they are gone, also where that was said to have failed: of two
// processes that took the step one may have been refused, and told so first.
func (e Departed) apply(s *State) error {
	for i := range s.Departures {
		if d := &s.Departures[i]; d.ID == e.DepartureID && d.Phase == DepartureFailed {
			d.Phase, d.EndedAt, d.Failure, d.FailureDetail = DepartureGone, e.At, "", ""
			return nil
		}
	}
	return s.onDeparture(e.DepartureID, func(d *Departure) {
		d.Phase, d.EndedAt, d.Due = DepartureGone, e.At, time.Time{}
	})
}

func (e DepartureRefused) apply(s *State) error {
	return s.onDeparture(e.DepartureID, func(d *Departure) {
		d.Phase, d.EndedAt, d.Due = DepartureFailed, e.At, time.Time{}
		d.Failure, d.FailureDetail = e.Reason, e.Detail
	})
}

func (s *State) onDeparture(id string, change func(*Departure)) error {
	for i := range s.Departures {
		if d := &s.Departures[i]; d.ID == id {
			if !d.Open() {
				return ErrPointless
			}
			change(d)
			return nil
		}
	}
	return ErrUnknownTransfer
}
