package flexui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// call is a remote call that came by POST: {url, method, params, token}.
type call struct {
	server  *Server
	account *sandbox.Account
	session sandbox.FlexSession
	method  string
	path    []string // segments behind Workspaces/WS…, or from v1 on
	params  object
}

// remoteCall serves a remote call: {"payload": …}, or an error as the REST API gives it.
func (s *Server) remoteCall(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL    string `json:"url"`
		Method string `json:"method"`
		Params object `json:"params"`
		Token  string `json:"token"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		refuse(w, invalid("The body is not a remote call: "+err.Error()))
		return
	}
	session, err := s.account.FlexSession(in.Token)
	if err != nil {
		refuse(w, err)
		return
	}
	address, err := url.Parse(in.URL)
	if err != nil {
		refuse(w, invalid("url: "+err.Error()))
		return
	}
	c := &call{server: s, account: s.account, session: session, method: in.Method,
		path: strings.Split(strings.Trim(address.Path, "/"), "/"), params: in.Params}
	payload, err := c.serve()
	s.logger.Debug("flexui: remote call", "method", in.Method, "url", in.URL, "params", in.Params, "error", err)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, object{"payload": payload})
}

func (c *call) serve() (any, error) {
	if len(c.path) > 0 && c.path[0] == "v1" {
		c.path = c.path[1:]
	}
	switch {
	case len(c.path) >= 3 && c.path[0] == "Workspaces":
		if c.path[1] != c.account.WorkspaceSID() {
			return nil, c.notFound()
		}
		c.path = c.path[2:]
		return c.taskRouter()
	case len(c.path) >= 1 && c.path[0] == "Interactions":
		return c.interactions()
	}
	return nil, c.unknown()
}

// routes are calls by "METHOD segment segment": * is a SID.
type routes []struct {
	template string
	serve    func(c *call) (any, error)
}

func (c *call) route(all routes) (any, error) {
	for _, r := range all {
		if c.matches(r.template) {
			return r.serve(c)
		}
	}
	return nil, c.unknown()
}

func (c *call) matches(template string) bool {
	method, path, _ := strings.Cut(template, " ")
	segments := strings.Split(path, "/")
	if method != c.method || len(segments) != len(c.path) {
		return false
	}
	for i, s := range segments {
		if s != "*" && s != c.path[i] {
			return false
		}
	}
	return true
}

func (c *call) notFound() error {
	return &sandbox.Error{Status: http.StatusNotFound, Code: 20404,
		Message: "The requested resource /" + strings.Join(c.path, "/") + " was not found"}
}

// unknown refuses a call that nobody imitates, and notes it.
func (c *call) unknown() error {
	path := make([]string, len(c.path))
	for i, s := range c.path {
		if path[i] = s; len(s) == 34 {
			path[i] = s[:2] + "…"
		}
	}
	c.server.note(fmt.Sprintf("remote call %s %s", c.method, strings.Join(path, "/")))
	return &sandbox.Error{Status: http.StatusNotFound, Code: 20404,
		Message: "The sandbox does not imitate the remote call " + c.method + " " + strings.Join(path, "/")}
}

func forbidden(what string) error {
	return &sandbox.Error{Status: http.StatusForbidden, Code: 20403, Message: "The token does not allow " + what}
}

// text returns a parameter as text: what is not a string is its JSON.
func (c *call) text(name string) string { return textOf(c.params[name]) }

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		text, _ := json.Marshal(v) // it came out of JSON
		return string(text)
	}
}

// form makes a REST form of the parameters.
func (c *call) form() url.Values {
	form := url.Values{}
	for name, v := range c.params {
		form.Set(name, textOf(v))
	}
	return form
}

// rest serves a call by the code of the REST API.
func (c *call) rest(method, path string, query, form url.Values) (any, error) {
	return c.account.ServeFlex(sandbox.FlexRequest{Product: sandbox.ProductTaskRouter, Method: method,
		Path: "/v1/Workspaces/" + c.account.WorkspaceSID() + "/" + path, Query: query, Form: form})
}

// pageSize is how many objects a list may have.
func (c *call) pageSize() int {
	if n, err := strconv.Atoi(c.text("PageSize")); err == nil && n > 0 {
		return min(n, 1000)
	}
	return 50
}
