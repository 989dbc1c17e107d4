package openapi

import "regexp"

// Endpoint is one that Twilio has but the OpenAPI documents lack.
type Endpoint struct {
	Methods []string
	Host    string
	Path    *regexp.Regexp
	Source  string // where it is described
}

// Undocumented is all of what is let through without a document to check it
// against. Besides these the documents lack the answers of status 400 and more,
// for which checkError stands in.
var Undocumented = []Endpoint{
	{
		Methods: []string{"POST"},
		Host:    "iam.twilio.com",
		Path:    regexp.MustCompile(`^/v1/Accounts/AC[0-9a-fA-F]{32}/Tokens/validate$`),
		Source:  "npm twilio-flex-token-validator 1.6.0; the iam document has no such path",
	},
	{
		Methods: []string{"GET", "POST"},
		Host:    "flex-api.twilio.com",
		Path:    regexp.MustCompile(`^/v1/Instances/GO[0-9a-fA-F]{32}/InteractionWebhooks(/[A-Z]{2}[0-9a-fA-F]{32})?$`),
		Source:  "https://www.twilio.com/docs/flex/developer/conversations/register-interactions-webhooks",
	},
}

func undocumented(method, host, path string) bool {
	for _, e := range Undocumented {
		for _, m := range e.Methods {
			if m == method && e.Host == host && e.Path.MatchString(path) {
				return true
			}
		}
	}
	return false
}
