package sandbox

import (
	"net/http"
	"strings"
)

// route is an endpoint: a method and a path template of Twilio's OpenAPI documents.
type route struct {
	method   string
	template string
	segments []string
	handle   handler
}

// handler serves a request with the lock held. An error is an *Error.
type handler func(a *Account, c *call) (answer, error)

// answer is what a handler answers with. A nil body means 204.
type answer struct {
	status int // 0 means 200, or 204 without a body
	body   any
	etag   *entity
}

// routeTable finds the route of a path within one product. A tree of path segments is enough for Twilio's addresses and
// costs a fraction of matching some seventy regular expressions in turn.
type routeTable struct{ root routeNode }

type routeNode struct {
	fixed    map[string]*routeNode
	variable *routeNode
	byMethod map[string]*route
}

func (t *routeTable) add(method, template string, h handler) {
	n := t.node(template)
	if n.byMethod == nil {
		n.byMethod = map[string]*route{}
	}
	n.byMethod[method] = &route{method: method, template: template, segments: segmentsOf(template), handle: h}
}

func segmentsOf(template string) []string { return strings.Split(strings.Trim(template, "/"), "/") }

// node finds or makes the place of a template in the tree.
func (t *routeTable) node(template string) *routeNode {
	n := &t.root
	for _, s := range segmentsOf(template) {
		if strings.HasPrefix(s, "{") {
			if n.variable == nil {
				n.variable = &routeNode{}
			}
			n = n.variable
			continue
		}
		if n.fixed == nil {
			n.fixed = map[string]*routeNode{}
		}
		if n.fixed[s] == nil {
			n.fixed[s] = &routeNode{}
		}
		n = n.fixed[s]
	}
	return n
}

// block makes the segments of a template no value of a variable: Twilio has something else there, which is not imitated.
func (t *routeTable) block(template string) { t.node(template) }

// find returns the route and the values of its variables. known says whether the path has a route of another method.
func (t *routeTable) find(method, path string) (r *route, values []string, known bool) {
	n := &t.root
	rest := strings.TrimPrefix(path, "/")
	for more := true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		switch {
		case n.fixed[segment] != nil:
			n = n.fixed[segment]
		case n.variable != nil && segment != "":
			n = n.variable
			values = append(values, segment)
		default:
			return nil, nil, false
		}
	}
	return n.byMethod[method], values, len(n.byMethod) > 0
}

// allRoutes are the products that the account serves, by the first label of their host.
func allRoutes() map[string]*routeTable {
	tables := map[string]*routeTable{}
	for product, routes := range map[string]func(get, post, del func(string, handler)){
		ProductIAM: iamRoutes, ProductFlex: flexRoutes, ProductConversations: conversationRoutes,
		ProductTaskRouter: taskRouterRoutes,
	} {
		t := &routeTable{}
		register := func(method string) func(string, handler) {
			return func(template string, h handler) { t.add(method, template, h) }
		}
		routes(register(http.MethodGet), register(http.MethodPost), register(http.MethodDelete))
		tables[product] = t
	}
	for _, statistics := range []string{"Workers/Statistics", "Workers/RealTimeStatistics", "Workers/CumulativeStatistics",
		"TaskQueues/Statistics", "TaskQueues/RealTimeStatistics"} {
		tables[ProductTaskRouter].block("/v1/Workspaces/{WorkspaceSid}/" + statistics)
	}
	return tables
}

// productOf returns the product that a host serves: flex-api.twilio.com, flex-api.us1.twilio.com:443, …
func productOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	host = strings.ToLower(host)
	if !strings.HasSuffix(host, ".twilio.com") {
		return ""
	}
	product, _, _ := strings.Cut(host, ".")
	return product
}
