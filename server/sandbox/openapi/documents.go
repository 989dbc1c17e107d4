package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// folder is where npm puts the documents, from the module's root.
const folder = "web/e2e/node_modules/@twilio/cli-core/src/services/twilio-api"

// files names the document of each host that has one.
var files = map[string]string{
	"flex-api.twilio.com":      "twilio_flex_v1.json",
	"conversations.twilio.com": "twilio_conversations_v1.json",
	"taskrouter.twilio.com":    "twilio_taskrouter_v1.json",
}

// Documents are Twilio's documents, ready to be checked against. They are safe
// for use by several goroutines.
type Documents struct {
	byHost map[string]*document
}

type document struct {
	doc    *openapi3.T
	router routers.Router
}

// Load reads the documents once for the process, in about a quarter of a
// second. The error says what to do when they are not installed.
var Load = sync.OnceValues(func() (*Documents, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	return loadFrom(filepath.Join(root, filepath.FromSlash(folder)))
})

func loadFrom(dir string) (*Documents, error) {
	d := &Documents{byHost: map[string]*document{}}
	for host, name := range files {
		source, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("Twilio's OpenAPI document %s is not installed: run `make deps`", name)
		}
		if err != nil {
			return nil, err
		}
		if d.byHost[host], err = parse(source); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, nil
}

// moduleRoot looks for go.mod upwards from the working directory, which for a
// test is its package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

// parse loads one document and amends it. It is not validated as a whole,
// because Twilio's own examples do not pass that.
func parse(source []byte) (*document, error) {
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		return nil, err
	}
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			if operation.RequestBody != nil {
				typeFormFields(operation.RequestBody.Value)
			}
			closeResponses(operation)
		}
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	return &document{doc: doc, router: router}, nil
}

// typeFormFields gives the fields that carry JSON in a form (Routing, Channel)
// the type that they have on the wire; the documents leave them untyped or call
// them objects.
func typeFormFields(body *openapi3.RequestBody) {
	form := body.Content[formType]
	if form == nil || form.Schema == nil {
		return
	}
	for _, field := range form.Schema.Value.Properties {
		if field.Value != nil && (field.Value.Type.IsEmpty() || field.Value.Type.Is("object")) {
			field.Value.Type = &openapi3.Types{"string"}
		}
	}
}

// closeResponses makes each documented property of an answer required, and any
// other one a mistake.
func closeResponses(operation *openapi3.Operation) {
	for _, response := range operation.Responses.Map() {
		for _, content := range response.Value.Content {
			closeObject(content.Schema)
		}
	}
}

func closeObject(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil {
		return
	}
	schema := ref.Value
	closeObject(schema.Items)
	if len(schema.Properties) == 0 || schema.AdditionalProperties.Has != nil {
		return
	}
	no := false
	schema.AdditionalProperties.Has = &no
	schema.Required = nil
	for name, property := range schema.Properties {
		schema.Required = append(schema.Required, name)
		closeObject(property)
	}
}

// formats check what the documents say but kin-openapi does not look at.
var formats = []openapi3.SchemaValidationOption{
	openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(func(s string) error {
		if u, err := url.Parse(s); err != nil || !u.IsAbs() || u.Host == "" {
			return fmt.Errorf("%q is not an absolute URI", s)
		}
		return nil
	})),
}

// errorBody is Twilio's answer to what it refuses; the documents do not have
// it. Source: https://www.twilio.com/docs/usage/twilios-response
type errorBody struct {
	Code     *int    `json:"code"`
	Message  *string `json:"message"`
	MoreInfo *string `json:"more_info"`
	Status   *int    `json:"status"`
}

// checkError holds an answer of status 400 and more against errorBody.
func checkError(status int, contentType string, body []byte) error {
	var e errorBody
	if contentType != "application/json" {
		return fmt.Errorf("error of content type %q, want application/json", contentType)
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("error body: %w", err)
	}
	switch {
	case e.Code == nil || *e.Code < 20000 && *e.Code != status:
		return fmt.Errorf("error body without Twilio's code: %s", body)
	case e.Message == nil || *e.Message == "":
		return fmt.Errorf("error body without a message: %s", body)
	case e.MoreInfo == nil || *e.MoreInfo != fmt.Sprintf("https://www.twilio.com/docs/errors/%d", *e.Code):
		return fmt.Errorf("error body whose more_info does not lead to its code: %s", body)
	case e.Status == nil || *e.Status != status:
		return fmt.Errorf("error body whose status is not %d: %s", status, body)
	}
	return nil
}
