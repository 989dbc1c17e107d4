// Package openapi holds traffic against Twilio's own OpenAPI documents. Only
// tests import it: those of the sandbox, which has to answer as Twilio
// documents, and those of whoever calls Twilio.
//
//	client := &http.Client{Transport: openapi.Check(t, account.RoundTripper())}
//
// Every call through that client is checked, request and answer, and a
// mismatch fails the test. The documents are data of the npm package
// @twilio/cli-core, which `make deps` installs by web/e2e/package-lock.json;
// without them Check fails the test, it never skips.
//
// The check is stricter than the documents where that finds mistakes: an answer
// has to have all of the documented properties and no others, and a request may
// not name a parameter that the document does not know. Where they are silent,
// see Undocumented and checkError.
package openapi
