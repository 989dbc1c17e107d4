package twilioapi

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // it is Twilio's scheme
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"
)

// Why a webhook is not believed.
var (
	ErrSignature    = errors.New("the signature is missing or wrong")
	ErrRepeatedKey  = errors.New("a form key is repeated")
	ErrBadBody      = errors.New("the body is not what its content type says")
	ErrContentType  = errors.New("the content type is neither a form nor JSON")
	ErrUnsignedBody = errors.New("the address of a JSON webhook has no bodySHA256")
)

// VerifyWebhook returns nil if Twilio, or somebody who knows the auth token, sent this request to this address.
//
// address is the public one as it was given to Twilio, with the query that arrived; a fragment such as #rc=1 is a
// setting of Twilio's delivery and no part of it. Forms are signed with their fields, JSON through bodySHA256 in the
// query. A form in which a key is repeated is refused, since twilio-go, and whoever else looks at the first value only,
// would believe a second one unsigned; and so is JSON whose body no signature covers.
//
// A test holds it to twilio-go's RequestValidator, which takes 30 kB of memory for a webhook: it was a quarter of all
// that a backend allocated. Source: https://www.twilio.com/docs/usage/security#validating-requests
func VerifyWebhook(authToken, address string, body []byte, contentType, signature string) error {
	if authToken == "" || signature == "" {
		return ErrSignature
	}
	address, _, _ = strings.Cut(address, "#")
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ErrContentType
	}
	switch mediaType {
	case "application/x-www-form-urlencoded":
		fields, err := signedFields(string(body))
		if err != nil {
			return err
		}
		return verify(authToken, address, fields, signature)
	case "application/json":
		u, err := url.Parse(address)
		if err != nil || len(u.Query()["bodySHA256"]) != 1 {
			return ErrUnsignedBody
		}
		if sum := sha256.Sum256(body); u.Query().Get("bodySHA256") != hex.EncodeToString(sum[:]) {
			return ErrSignature
		}
		return verify(authToken, address, nil, signature)
	}
	return ErrContentType
}

// signedFields is what is signed of a form: its fields' names and values, one behind the other, in the order of the
// names.
func signedFields(form string) ([]byte, error) {
	type field struct{ key, value string }
	var fields []field
	size := 0
	for part := range strings.SplitSeq(form, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		f := field{}
		var err, valueErr error
		f.key, err = url.QueryUnescape(key)
		f.value, valueErr = url.QueryUnescape(value)
		if strings.Contains(part, ";") { // as url.ParseQuery has it
			err = errors.New("a semicolon between fields")
		}
		if err := errors.Join(err, valueErr); err != nil {
			return nil, fmt.Errorf("%w: not a form: %w", ErrBadBody, err)
		}
		fields = append(fields, f)
		size += len(f.key) + len(f.value)
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.key, b.key) })
	text := make([]byte, 0, size)
	for i, f := range fields {
		if i > 0 && f.key == fields[i-1].key {
			return nil, fmt.Errorf("%w: %q", ErrRepeatedKey, f.key)
		}
		text = append(append(text, f.key...), f.value...)
	}
	return text, nil
}

// verify compares the signature with that of the address and of what follows it. Twilio signs the address sometimes
// with its port and sometimes without, also where that is the usual one.
func verify(authToken, address string, fields []byte, signature string) error {
	mac := hmac.New(sha1.New, []byte(authToken))
	for _, a := range [...]string{address, otherPort(address)} {
		mac.Reset()
		_, _ = io.WriteString(mac, a) // a hash never fails
		_, _ = mac.Write(fields)
		var sum [sha1.Size]byte
		var want [28]byte // base64 of sum
		base64.StdEncoding.Encode(want[:], mac.Sum(sum[:0]))
		if subtle.ConstantTimeCompare(want[:], []byte(signature)) == 1 {
			return nil
		}
	}
	return ErrSignature
}

// otherPort is the address without its port, or with the usual one if it has none.
func otherPort(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	switch {
	case u.Port() != "":
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	case u.Scheme == "https":
		u.Host += ":443"
	default:
		u.Host += ":80"
	}
	return u.String()
}
