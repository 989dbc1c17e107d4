package transfer

import "testing"

// warmed is a state with a warm transfer that rings, with its invite in the
// conversation's attributes or on its way there.
func warmed(t *testing.T) State {
	s := opened(t)
	tr := &s.Transfers[0]
	tr.Mode, tr.LeaveOn = ModeWarm, ""
	s.ConversationSID = sid("CH", 1)
	return walk(t, s, Invited{TransferID: tr.ID, InviteSID: sid("KG", 1), TaskSID: sid("WT", 9), At: at(1)})
}

func steps(s State, kind StepKind) (of []Step) {
	for _, step := range s.Steps() {
		if step.Kind == kind {
			of = append(of, step)
		}
	}
	return of
}

func TestTheMirrorFollowsWhatIsOutstanding(t *testing.T) {
	s := warmed(t)
	if of := steps(s, StepMirror); len(of) != 1 || !of[0].NotBefore.IsZero() {
		t.Fatalf("once invited: %+v", of)
	}
	s = walk(t, s, Mirrored{TaskSIDs: []string{sid("WT", 9)}, At: at(2)})
	if of := steps(s, StepMirror); len(of) != 0 {
		t.Fatalf("once written: %+v", of)
	}
	s = walk(t, s, Accepted{TransferID: s.Transfers[0].ID, WorkerSID: bea, TaskSID: sid("WT", 9), At: at(3)})
	if of := steps(s, StepMirror); len(of) != 1 || !of[0].NotBefore.IsZero() {
		t.Fatalf("once accepted: %+v", of)
	}
	if s = walk(t, s, Mirrored{Instead: []string{sid("WT", 9)}, At: at(4)}); s.Open() {
		t.Errorf("still open: %+v", s.Steps())
	}
}

// A write of the attributes that was overtaken may land after the one that
// overtook it, whoever was to make it: it is looked at once more.
func TestAMirrorThatWasOvertakenIsMadeSureOf(t *testing.T) {
	s := warmed(t) // the invite is being written into the attributes
	s = walk(t, s, Accepted{TransferID: s.Transfers[0].ID, WorkerSID: bea, TaskSID: sid("WT", 9), At: at(2)}, Mirrored{At: at(3)})
	of := steps(s, StepMirror)
	if len(of) != 1 || !of[0].NotBefore.Equal(at(3).Add(mirrorAgain)) || !s.Open() {
		t.Fatalf("not looked at again: %+v", of)
	}
	if s = walk(t, s, Mirrored{At: at(40)}); s.Open() {
		t.Errorf("looked at for ever: %+v", s.Steps())
	}
}

// The writer that was overtaken may tell of its own write before that.
func TestAnOvertakenWriterMakesNothingSure(t *testing.T) {
	s := warmed(t)
	s = walk(t, s, Accepted{TransferID: s.Transfers[0].ID, WorkerSID: bea, TaskSID: sid("WT", 9), At: at(2)}, Mirrored{At: at(3)},
		Mirrored{TaskSIDs: []string{sid("WT", 9)}, At: at(4)})
	if of := steps(s, StepMirror); len(of) != 1 || !of[0].NotBefore.IsZero() {
		t.Fatalf("not written at once: %+v", of)
	}
	s = walk(t, s, Mirrored{Instead: []string{sid("WT", 9)}, At: at(5)})
	if of := steps(s, StepMirror); len(of) != 1 || !of[0].NotBefore.Equal(at(5).Add(mirrorAgain)) {
		t.Fatalf("not looked at again: %+v", of)
	}
	if s = walk(t, s, Mirrored{At: at(40)}); s.Open() {
		t.Errorf("looked at for ever: %+v", s.Steps())
	}
}

// A writer that stood still tells of its write after others have written something
// else: what is shown is theirs, and not known to be right by what it tells.
func TestAWriterThatStoodStillMakesNothingKnown(t *testing.T) {
	first, next := []string{sid("WT", 9)}, []string{sid("WT", 10)}
	s := warmed(t)
	id := s.Transfers[0].ID
	another := Next{Kind: NextTarget, Target: Target{Kind: TargetWorker, SID: cyd}, Attributes: "{}"}
	s = walk(t, s, Mirrored{TaskSIDs: first, At: at(2)}, InviteEnded{id, "", "console", at(29)}, Withdrawn{TransferID: id, Next: another, At: at(30)})
	late := Mirrored{Instead: s.Mirrored, At: at(40)} // began now, and stands still
	s = walk(t, s, Mirrored{Instead: first, At: at(31)}, Invited{TransferID: id, Round: s.Transfers[0].Round, InviteSID: sid("KG", 2), TaskSID: sid("WT", 10), At: at(32)},
		Mirrored{TaskSIDs: next, At: at(33)}, Accepted{TransferID: id, WorkerSID: cyd, TaskSID: sid("WT", 10), At: at(39)}, late)
	if of := steps(s, StepMirror); len(of) != 1 || !of[0].NotBefore.IsZero() {
		t.Fatalf("nobody takes the invite off the list: %+v", of)
	}
	s = walk(t, s, Mirrored{Instead: next, At: at(41)})
	if of := steps(s, StepMirror); len(of) != 1 || !of[0].NotBefore.Equal(at(41).Add(mirrorAgain)) {
		t.Fatalf("not looked at again: %+v", of)
	}
	if s = walk(t, s, Mirrored{At: at(52)}); s.Open() {
		t.Errorf("looked at for ever: %+v", s.Steps())
	}
}
