package stage

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func (s *stage) startConversation(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name        string `json:"name"`
		ChannelType string `json:"channel_type"`
		Body        string `json:"body"`
		// Of mails; who has no address gets one made up.
		Subject    string              `json:"subject"`
		Recipients []sandbox.Recipient `json:"recipients"`
	}
	if err := read(w, r, &in, field{"name", &in.Name}, field{"body", &in.Body}); err != nil {
		refuse(w, err)
		return
	}
	for i := range in.Recipients {
		if to := &in.Recipients[i]; to.Address == "" {
			to.Address = address(in.ChannelType, to.Name)
		}
	}
	started, err := s.account.StartConversation(sandbox.Customer{
		Name: in.Name, ChannelType: in.ChannelType, Address: address(in.ChannelType, in.Name),
		Subject: in.Subject, Recipients: in.Recipients,
	}, in.Body)
	answer(w, http.StatusCreated, started, err)
}

// address makes up where a customer writes from: the same name has always the
// same. Numbers are of the range that is kept for fiction; web customers need
// none.
func address(channelType, name string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	number := hash.Sum32()
	switch channelType {
	case "sms":
		return fmt.Sprintf("+1202555%04d", 100+number%100)
	case "whatsapp":
		return fmt.Sprintf("whatsapp:+1202555%04d", 100+number%100)
	case "email":
		if mailbox := mailboxOf(name); mailbox != "" {
			return mailbox + "@example.com"
		}
		return fmt.Sprintf("customer-%08x@example.com", number)
	}
	return ""
}

// mailboxOf makes a mailbox of a name: dana.roy; empty where it has no Latin
// letters or digits.
func mailboxOf(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), ".")
}

func (s *stage) sendMessage(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Author string `json:"author"`
		Body   string `json:"body"`
	}
	if err := read(w, r, &in, field{"author", &in.Author}, field{"body", &in.Body}); err != nil {
		refuse(w, err)
		return
	}
	message, err := s.account.SendMessage(r.PathValue("sid"), in.Author, in.Body)
	answer(w, http.StatusCreated, message, err)
}

func (s *stage) leave(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Identity string `json:"identity"`
	}
	if err := read(w, r, &in, field{"identity", &in.Identity}); err != nil {
		refuse(w, err)
		return
	}
	err := s.account.CustomerLeaves(r.PathValue("sid"), in.Identity)
	answer(w, http.StatusOK, struct{}{}, err)
}

func (s *stage) setActivity(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ActivitySID string `json:"activity_sid"`
	}
	if err := read(w, r, &in, field{"activity_sid", &in.ActivitySID}); err != nil {
		refuse(w, err)
		return
	}
	worker, err := s.account.SetActivity(r.PathValue("sid"), in.ActivitySID)
	answer(w, http.StatusOK, worker, err)
}

// issueToken gives the token that the worker would have after a login to Flex.
// expires is by the machine's clock.
func (s *stage) issueToken(w http.ResponseWriter, r *http.Request) {
	if err := readNothing(w, r); err != nil {
		refuse(w, err)
		return
	}
	expires := time.Now().Add(tokenLifetime).UTC().Truncate(time.Second)
	token, err := s.account.IssueToken(r.PathValue("sid"), tokenLifetime)
	answer(w, http.StatusCreated, struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires"`
	}{token, expires}, err)
}

func (s *stage) actOnReservation(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Action string `json:"action"`
	}
	if err := read(w, r, &in); err != nil {
		refuse(w, err)
		return
	}
	act := map[string]func(string) (sandbox.Reservation, error){
		"accept":   s.account.AcceptReservation,
		"reject":   s.account.RejectReservation,
		"wrapup":   s.account.WrapUp,
		"complete": s.account.CompleteTask,
	}[in.Action]
	if act == nil {
		refuse(w, bad(http.StatusBadRequest, 20001, "action: %q is not accept, reject, wrapup or complete", in.Action))
		return
	}
	reservation, err := act(r.PathValue("sid"))
	answer(w, http.StatusOK, reservation, err)
}

func (s *stage) faults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.account.Faults().Get(), nil)
}

func (s *stage) setFaults(w http.ResponseWriter, r *http.Request) {
	var in sandbox.Switches
	err := read(w, r, &in)
	if err == nil {
		if err = s.account.Faults().Set(in); err != nil {
			err = bad(http.StatusBadRequest, 20001, "%v", err)
		}
	}
	answer(w, http.StatusOK, s.account.Faults().Get(), err)
}

func (s *stage) reset(w http.ResponseWriter, r *http.Request) {
	err := readNothing(w, r)
	if err == nil {
		err = s.account.Reset()
	}
	answer(w, http.StatusOK, struct{}{}, err)
}

// readNothing takes no body or an empty object.
func readNothing(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	return read(w, r, &struct{}{})
}
