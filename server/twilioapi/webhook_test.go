package twilioapi

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"sort"
	"testing"

	twilio "github.com/twilio/twilio-go/client"
	"pgregory.net/rapid"
)

// sign is Twilio's documented way: HMAC-SHA1 of the address and the sorted fields.
func sign(token, address string, form url.Values) string {
	keys := make([]string, 0, len(form))
	for key := range form {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		address += key + form.Get(key)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestVerifyWebhook(t *testing.T) {
	const at = "https://example.com/webhooks/taskrouter?x=a%2Fb"
	const formType, jsonType = "application/x-www-form-urlencoded; charset=utf-8", "application/json"
	form := url.Values{"EventType": {"worker.activity.update"}, "TaskAttributes": {`{"a":"é+ &"}`}, "Empty": {""}}
	good := sign(testToken, at, form)
	sum := sha256.Sum256([]byte(`{"a":1}`))
	jsonAt := "https://example.com/hooks?bodySHA256=" + hex.EncodeToString(sum[:])
	jsonGood := sign(testToken, jsonAt, nil)
	cases := []struct {
		name, token, address, body, contentType, signature string
		want                                               error
	}{
		{"good", testToken, at, form.Encode(), formType, good, nil},
		{"with a fragment of delivery", testToken, at + "#rc=1", form.Encode(), formType, good, nil},
		{"signed with the port", testToken, at, form.Encode(), formType, sign(testToken, "https://example.com:443/webhooks/taskrouter?x=a%2Fb", form), nil},
		{"JSON", testToken, jsonAt, `{"a":1}`, jsonType, jsonGood, nil},
		{"another token", testToken, at, form.Encode(), formType, sign("other", at, form), ErrSignature},
		{"no token of ours", "", at, form.Encode(), formType, sign("", at, form), ErrSignature},
		{"no signature", testToken, at, form.Encode(), formType, "", ErrSignature},
		{"another address", testToken, "https://example.com/other", form.Encode(), formType, good, ErrSignature},
		{"changed field", testToken, at, form.Encode() + "0", formType, good, ErrSignature},
		{"added field", testToken, at, form.Encode() + "&More=1", formType, good, ErrSignature},
		{"repeated field", testToken, at, form.Encode() + "&EventType=worker.deleted", formType, good, ErrRepeatedKey},
		{"broken form", testToken, at, "a=%zz", formType, good, ErrBadBody},
		{"JSON, changed", testToken, jsonAt, `{"a":2}`, jsonType, jsonGood, ErrSignature},
		{"JSON, two sums", testToken, jsonAt + "&bodySHA256=0", `{"a":1}`, jsonType, sign(testToken, jsonAt+"&bodySHA256=0", nil), ErrUnsignedBody},
		{"JSON, body unsigned", testToken, at, `{"a":1}`, jsonType, sign(testToken, at, nil), ErrUnsignedBody},
		{"JSON posing as a form", testToken, jsonAt, `{"a":1}`, formType, jsonGood, ErrSignature},
		{"text", testToken, at, "x", "text/plain", good, ErrContentType},
		{"no type", testToken, at, "x", "", good, ErrContentType},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := VerifyWebhook(c.token, c.address, []byte(c.body), c.contentType, c.signature)
			if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// What we believe is what twilio-go's validator believes, for any form and address, whole or tampered with.
func TestVerifyWebhookAgreesWithTwilio(t *testing.T) {
	addresses := []string{
		"https://example.com/webhooks/taskrouter", "https://example.com:443/webhooks/taskrouter?x=a%2Fb&y=%20+",
		"http://example.com/a b", "http://example.com:8080/hooks", "https://example.com/ünïcode?q=é", "https://user:pw@example.com/x",
	}
	validator := twilio.NewRequestValidator(testToken)
	agreed := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		form := url.Values{}
		for range rapid.IntRange(0, 6).Draw(t, "fields") {
			form.Set(rapid.StringN(1, 8, -1).Draw(t, "key"), rapid.String().Draw(t, "value"))
		}
		address := rapid.SampledFrom(addresses).Draw(t, "address")
		signature := sign(testToken, rapid.SampledFrom(append(addresses, address, address)).Draw(t, "signed address"), form)
		if rapid.IntRange(0, 3).Draw(t, "tamper") == 0 {
			form.Set(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "tampered key"), rapid.String().Draw(t, "tampered value"))
		}
		fields := map[string]string{}
		for key := range form {
			fields[key] = form.Get(key)
		}
		want := validator.Validate(address, fields, signature)
		err := VerifyWebhook(testToken, address, []byte(form.Encode()), "application/x-www-form-urlencoded", signature)
		if (err == nil) != want {
			t.Fatalf("%s %v: twilio-go believes it: %v; here: %v", address, form, want, err)
		}
		agreed[want]++
	})
	if agreed[true] == 0 || agreed[false] == 0 {
		t.Errorf("believed and not believed: %v; both were to be tried", agreed)
	}
}
