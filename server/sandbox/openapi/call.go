package openapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

const formType = "application/x-www-form-urlencoded"

// Operation names an endpoint of a document.
type Operation struct {
	Method, Host, Path string // Path is the document's template
}

func (o Operation) String() string { return o.Method + " " + o.Host + o.Path }

// Call is a request that has an operation to be checked against. Operation.Path
// is empty for Undocumented endpoints.
type Call struct {
	Operation Operation
	input     *openapi3filter.RequestValidationInput
}

// Find returns the operation that a request is for, or an error where neither
// a document nor Undocumented has one.
func (d *Documents) Find(req *http.Request) (*Call, error) {
	host := req.URL.Hostname()
	if undocumented(req.Method, host, req.URL.Path) {
		return &Call{}, nil
	}
	document := d.byHost[host]
	if document == nil {
		return nil, fmt.Errorf("no OpenAPI document for host %q", host)
	}
	bare := req.Clone(context.Background())
	bare.URL.Scheme, bare.URL.Host = "https", host
	route, params, err := document.router.FindRoute(bare)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	return &Call{
		Operation: Operation{Method: req.Method, Host: host, Path: route.Path},
		input: &openapi3filter.RequestValidationInput{
			Request: bare, PathParams: params, Route: route, QueryParams: bare.URL.Query(),
			Options: &openapi3filter.Options{
				SkipSettingDefaults:               true,
				RejectWhenRequestBodyNotSpecified: true,
				IncludeResponseStatus:             true,
				MultiError:                        true,
				AuthenticationFunc:                basic,
				SchemaValidationOptions:           formats,
			},
		},
	}, nil
}

// basic wants an Authorization header with a user and a password in it; which
// ones is not the documents' business.
func basic(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	user, password, ok := in.RequestValidationInput.Request.BasicAuth()
	if !ok || user == "" || password == "" {
		return errors.New("no Basic credentials")
	}
	return nil
}

// CheckRequest holds the request against its operation. The request's own body
// is not read: body is what it has.
func (c *Call) CheckRequest(body []byte) error {
	if c.input == nil {
		return nil
	}
	c.input.Request.Body = io.NopCloser(bytes.NewReader(body))
	c.input.Request.ContentLength = int64(len(body))
	if len(body) == 0 {
		c.input.Request.Body = http.NoBody
	}
	return errors.Join(
		openapi3filter.ValidateRequest(context.Background(), c.input),
		c.unknownQuery(),
		c.fields(body),
	)
}

func (c *Call) unknownQuery() error {
	for name := range c.input.QueryParams {
		if c.input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("query parameter %q is not in the document", name)
		}
	}
	return nil
}

// fields finds what kin-openapi lets pass in a form: fields that the document
// does not know, and an empty form where some are required.
func (c *Call) fields(body []byte) error {
	if c.input.Route.Operation.RequestBody == nil {
		return nil
	}
	content := c.input.Route.Operation.RequestBody.Value.Content[formType]
	given, _, _ := mime.ParseMediaType(c.input.Request.Header.Get("Content-Type"))
	if content == nil || len(body) > 0 && given != formType {
		return nil
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	for name := range fields {
		if content.Schema.Value.Properties[name] == nil {
			return fmt.Errorf("form field %q is not in the document", name)
		}
	}
	if required := content.Schema.Value.Required; len(body) == 0 && len(required) > 0 {
		return fmt.Errorf("empty form, but %q are required", required)
	}
	return nil
}

// CheckResponse holds an answer to the call against the operation, or, from
// status 400 on, against Twilio's form of an error.
func (c *Call) CheckResponse(status int, header http.Header, body []byte) error {
	contentType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if status >= 400 {
		return checkError(status, contentType, body)
	}
	if c.input == nil {
		return nil
	}
	if status == http.StatusNoContent && len(body) > 0 {
		return fmt.Errorf("status 204 with a body: %s", body)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: c.input, Status: status, Header: header, Options: c.input.Options,
	}
	in.SetBodyBytes(body)
	err := openapi3filter.ValidateResponse(context.Background(), in)
	if err != nil {
		return fmt.Errorf("%s\nin %s", brief(err), body)
	}
	return nil
}

// brief leaves out the schemas that kin-openapi prints with each mistake.
func brief(err error) string {
	var lines []string
	for _, line := range strings.Split(err.Error(), "\n") {
		if line != "" && !strings.HasPrefix(line, " ") && line != "Schema:" && line != "Value:" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
