package twilioapi

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net/url"
)

// page is one page of a list; next is meta.next_page_url.
type page[T any] struct {
	items []T
	next  *string
}

const (
	pageSize = 1000 // Twilio's largest
	maxPages = 1000
)

var (
	errSamePage  = errors.New("the list's next page is the page itself")
	errManyPages = errors.New("the list has too many pages")
)

// pages reads a list to its end. Of the next page's address only the query is taken, never the host, and it is sent as
// it is: twilio-go would drop what follows a dot in it.
func pages[T any](ctx context.Context, c *Client, ep *endpoint, read func(*attempt) (page[T], error)) ([]T, error) {
	return pagesUpTo(ctx, c, ep, math.MaxInt, read)
}

// pagesUpTo reads a list until it has so many items, and drops what is beyond.
func pagesUpTo[T any](ctx context.Context, c *Client, ep *endpoint, most int, read func(*attempt) (page[T], error)) ([]T, error) {
	var all []T
	query := ""
	var rest bytes.Buffer // answers from the second page on: those of a long list are large
	for range maxPages {
		p, err := run(ctx, c, ep, func(a *attempt) (page[T], error) {
			if a.query = query; query != "" {
				a.spare = &rest
			}
			return read(a)
		})
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = p.items
		} else {
			all = append(all, p.items...)
		}
		if len(all) >= most || p.next == nil || *p.next == "" {
			return all[:min(len(all), most)], nil
		}
		next, err := url.Parse(*p.next)
		if err != nil || next.RawQuery == "" || next.RawQuery == query {
			return nil, &Error{Endpoint: ep.name, Outcome: Unknown, Message: errSamePage.Error(), cause: errSamePage}
		}
		query = next.RawQuery
	}
	return nil, &Error{Endpoint: ep.name, Outcome: Unknown, Message: errManyPages.Error(), cause: errManyPages}
}
