package transfer

// DecideDeparture says who leaves by a request to leave, to remove an agent or
// to end the conversation. It refuses with a *[Refusal]. The caller sets the ID.
//
// The customer is never left alone in an open conversation: an agent may leave
// only while another one stays or a target is being asked, and may end the
// conversation only while neither is the case.
func DecideDeparture(f Facts, r Request) (Departure, error) {
	if err := f.standing(r); err != nil {
		return Departure{}, err
	}
	if reason := f.held(); reason != "" {
		return Departure{}, &Refusal{Reason: reason}
	}
	me, ok := f.leaving()
	if !ok {
		return Departure{}, &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	d := Departure{Agent: me, RequestedBy: f.Me.SID, LeaveAs: f.Settings.leaveAs()}
	reason, field := Reason(""), ""
	switch r.Action {
	case ActionLeave:
		d.Kind, reason = DepartureLeave, f.leaveHindrance(me.ParticipantSID)
	case ActionEnd:
		d.Kind, reason = DepartureEnd, f.endHindrance(me.ParticipantSID)
	case ActionRemove:
		d.Kind, field = DepartureRemove, "participantSid"
		d.Agent, reason = f.removable(r.ParticipantSID)
	default:
		return Departure{}, &Refusal{Reason: ReasonBadRequest, Field: "action"}
	}
	if reason != "" {
		return Departure{}, &Refusal{Reason: reason, Field: field}
	}
	return d, nil
}

// held says why nobody may leave or be removed at all now, nor the task be
// wrapped up.
func (f *Facts) held() Reason {
	if reason := f.standstill(); reason != "" {
		return reason
	}
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.Mode == ModeCold && !t.Phase.Ended() && same(t.From.TaskSID, f.Task.SID) {
			return ReasonTransferUnderWay
		}
	}
	if f.joining() {
		return ReasonInviteUnderWay
	}
	return ""
}

// joining reports whether the agent has accepted a cold transfer of which it is
// not even known yet that its invite exists: whoever hands over may be leaving
// because of them, also where the record has it that the invite was canceled.
func (f *Facts) joining() bool {
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.Mode == ModeCold && t.InviteUnsettled() {
			if id, _ := ReadStamp(f.Task.Attributes); id == t.ID {
				return true
			}
		}
	}
	return false
}

// leaveHindrance says why the agent cannot leave: nobody would stay.
func (f *Facts) leaveHindrance(participantSID string) Reason {
	if f.staying(participantSID) || f.live() {
		return ""
	}
	if f.unsettled() {
		return ReasonInviteUnderWay
	}
	return ReasonLastAgent
}

// endHindrance says why the conversation cannot be ended for everybody: the
// agent would leave instead.
func (f *Facts) endHindrance(participantSID string) Reason {
	if f.staying(participantSID) {
		return ReasonOthersInConversation
	}
	for i := range f.Transfers {
		if !f.Transfers[i].Phase.Ended() {
			if f.unsettled() && !f.live() {
				return ReasonInviteUnderWay
			}
			return ReasonInviteOutstanding
		}
	}
	return ""
}

// unsettled reports whether an invite is on its way, or on its way back.
func (f *Facts) unsettled() bool {
	for i := range f.Transfers {
		if t := &f.Transfers[i]; !t.Phase.Ended() && !f.asking(t) {
			return true
		}
	}
	return false
}

// removable is the agent whom somebody else wants to remove, and why they
// cannot.
func (f *Facts) removable(participantSID string) (Agent, Reason) {
	for i := range f.Participants {
		if p := &f.Participants[i]; p.SID == participantSID {
			return f.agent(*p), f.removeHindrance(p)
		}
	}
	return Agent{}, ReasonParticipantNotFound
}

func (f *Facts) removeHindrance(p *ParticipantRecord) Reason {
	switch {
	case p.Type != typeAgent:
		return ReasonCannotRemoveCustomer
	case f.gone(p.SID):
		return ReasonParticipantNotFound
	case f.departing(p.SID):
		return ReasonLeavingUnderWay
	case same(p.TaskSID, f.Task.SID), same(p.WorkerSID, f.Me.SID):
		return ReasonCannotRemoveSelf
	}
	for i := range f.Transfers { // who hands over is removed by that
		if t := &f.Transfers[i]; t.Mode == ModeCold && !t.Phase.Ended() && same(t.From.ParticipantSID, p.SID) {
			return ReasonTransferUnderWay
		}
	}
	if f.staying(p.SID) || f.live() {
		return ""
	}
	return ReasonLastAgent
}

// DecideCancel says whether the invite may be taken back. It refuses with a
// *[Refusal].
func DecideCancel(f Facts, r Request) error {
	if f.outsider() && !f.mine(r.TransferID) {
		return &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.ID == r.TransferID {
			if reason := f.cancelHindrance(t); reason != "" {
				return &Refusal{Reason: reason}
			}
			return nil
		}
	}
	return &Refusal{Reason: ReasonNotFound, Field: "transferId"}
}

// mine reports whether the one who asks made the transfer.
func (f *Facts) mine(transferID string) bool {
	for i := range f.Transfers {
		if t := &f.Transfers[i]; same(t.ID, transferID) {
			return same(t.RequestedBy, f.Me.SID) || same(t.From.WorkerSID, f.Me.SID)
		}
	}
	return false
}

// cancelHindrance says why an invite cannot be taken back: it is over, the
// agent is being removed, or nobody would be with the customer.
func (f *Facts) cancelHindrance(t *Transfer) Reason {
	switch {
	case t.Phase.Ended(), f.accepted(t):
		return ReasonInviteOver
	case t.Over != "", t.Phase == PhaseWithdrawing, t.Phase == PhaseClosing:
		return ReasonCancelUnderWay
	case t.Phase == PhaseLeaving:
		return ReasonTransferUnderWay
	case t.InviteUnsettled() && t.LeftAt.IsZero(), f.staying(""), f.otherLive(t.ID):
		return ""
	}
	return ReasonNobodyWouldStay
}

// otherLive reports whether another target is being asked.
func (f *Facts) otherLive(transferID string) bool {
	for i := range f.Transfers {
		if t := &f.Transfers[i]; !same(t.ID, transferID) && f.asking(t) {
			return true
		}
	}
	return false
}
