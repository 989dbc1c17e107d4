package sandbox

import (
	"iter"
	"net/url"
	"strconv"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000
	// maxConversationsPageSize is the limit of all lists of Conversations. Source: their OpenAPI document.
	maxConversationsPageSize = 100
)

// pageMeta is the meta of a list. Twilio's previous_page_url is not imitated: it is always null.
type pageMeta struct {
	Page            int     `json:"page"`
	PageSize        int     `json:"page_size"`
	FirstPageURL    string  `json:"first_page_url"`
	PreviousPageURL *string `json:"previous_page_url"`
	URL             string  `json:"url"`
	NextPageURL     *string `json:"next_page_url"`
	Key             string  `json:"key"`
}

type based interface{ base() *entity }

// answerList answers with a page of the objects of all, which come in ascending order of creation. The page token is the
// sequence of the last object seen, so that objects that come or go meanwhile move nothing.
func answerList[T based, V any](c *call, key string, all iter.Seq[T], view func(T) V) (answer, error) {
	return answerListBy(c, key, all, view, false)
}

// answerListBy is answerList for objects in descending order too.
func answerListBy[T based, V any](c *call, key string, all iter.Seq[T], view func(T) V, descending bool) (answer, error) {
	size, page, token, err := c.paging()
	if err != nil {
		return answer{}, err
	}
	found, more := []V{}, false
	var last uint64
	for x := range all {
		seq := x.base().seq
		if token > 0 && (descending && seq >= token || !descending && seq <= token) {
			continue
		}
		if len(found) == size {
			more = true
			break
		}
		found, last = append(found, view(x)), seq
	}
	meta := pageMeta{Page: page, PageSize: size, Key: key, URL: c.pageURL(page, size, c.query.Get("PageToken")),
		FirstPageURL: c.pageURL(0, size, "")}
	if more {
		next := c.pageURL(page+1, size, "PT"+strconv.FormatUint(last, 36))
		meta.NextPageURL = &next
	}
	return answer{body: map[string]any{key: found, "meta": meta}}, nil
}

func (c *call) paging() (size, page int, token uint64, err error) {
	size = defaultPageSize
	most := maxPageSize
	if c.product == ProductConversations {
		most = maxConversationsPageSize
	}
	if text := c.query.Get("PageSize"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 1 {
			return 0, 0, 0, invalid("PageSize must be between 1 and %d", most)
		}
		size = min(size, most)
	}
	if text := c.query.Get("Page"); text != "" {
		if page, err = strconv.Atoi(text); err != nil || page < 0 {
			return 0, 0, 0, invalid("Page must not be negative")
		}
	}
	if text := c.query.Get("PageToken"); text != "" {
		if len(text) < 3 || text[:2] != "PT" {
			return 0, 0, 0, invalid("PageToken is not valid")
		}
		if token, err = strconv.ParseUint(text[2:], 36, 64); err != nil {
			return 0, 0, 0, invalid("PageToken is not valid")
		}
	}
	return size, page, token, nil
}

func (c *call) pageURL(page, size int, token string) string {
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	q.Del("PageToken")
	q.Set("PageSize", strconv.Itoa(size))
	q.Set("Page", strconv.Itoa(page))
	if token != "" {
		q.Set("PageToken", token)
	}
	return "https://" + c.product + ".twilio.com" + c.path + "?" + q.Encode()
}

// keep filters a sequence.
func keep[T any](all iter.Seq[T], wanted func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for x := range all {
			if wanted(x) && !yield(x) {
				return
			}
		}
	}
}
