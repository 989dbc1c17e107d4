package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// How an agent's page asks: again and again, of any backend, with the same key,
// as long as nobody has said what became of it.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// answer is the last answer that a page has got.
type answer struct {
	status int // 0 without any
	body   struct {
		ID      string `json:"id"`
		Phase   string `json:"phase"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	text string
	took time.Duration // until the first answer that says what became of it
}

func (a answer) granted() bool { return a.status >= 200 && a.status < 300 }

// silent reports whether nothing is known of what was asked.
func (a answer) silent() bool { return a.status == 0 || a.status == 429 || a.status >= 500 }

// ask asks one backend after the other until one says what became of it.
func (f *game) ask(ctx context.Context, by seat, method, path, key string, body map[string]any) answer {
	began, pause := time.Now(), firstPause
	for {
		a := f.askOnce(ctx, by, method, path, key, body)
		a.took = time.Since(began)
		if !a.silent() || a.took > f.cluster.plan.patience || !sleep(ctx, pause) {
			return a
		}
		pause = min(2*pause, lastPause)
	}
}

func (f *game) askOnce(ctx context.Context, by seat, method, path, key string, body map[string]any) (a answer) {
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{text: err.Error()}
		}
		text = bytes.NewReader(b)
	}
	to := f.cluster.some()
	q, err := http.NewRequestWithContext(ctx, method, to.url+path, text)
	if err != nil {
		return answer{text: err.Error()}
	}
	q.Header.Set("Authorization", "Bearer "+f.tokens[by.worker])
	q.Header.Set("Content-Type", "application/json")
	if key != "" {
		q.Header.Set("Idempotency-Key", key)
	}
	began := time.Now()
	defer func() {
		if !to.stoodSince(began) { // who stands still cannot answer
			f.cluster.answered(began, fmt.Sprintf("%s %s answered %d", method, path, a.status))
		}
	}()
	resp, err := f.cluster.client.Do(q)
	if err != nil {
		return answer{text: err.Error()}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{text: err.Error()}
	}
	a.status, a.text = resp.StatusCode, string(b)
	if err := json.Unmarshal(b, &a.body); err != nil {
		return answer{text: fmt.Sprintf("%d %.200s", resp.StatusCode, b)}
	}
	return a
}

// asked is what every request says.
func (j job) asked(by seat) map[string]any {
	return map[string]any{
		"wire": 1, "rules": "chaos", "interactionSid": j.interaction, "interactionChannelSid": j.channel, "taskSid": by.task,
	}
}

// answered notes how long one request took, and what it was if that was too long.
func (c *cluster) answered(began time.Time, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := time.Since(began)
	c.requests++
	c.slowest = max(c.slowest, took)
	if took > c.plan.answer {
		c.slow = append(c.slow, fmt.Sprintf("%s %s after %s", began.UTC().Format(logTime), what, took.Round(time.Millisecond)))
	}
}

// transfer asks for one.
func (f *game) transfer(ctx context.Context, j job, by seat, key string, more map[string]any) answer {
	body := j.asked(by)
	for name, value := range more {
		body[name] = value
	}
	return f.ask(ctx, by, "POST", "/v1/transfers", key, body)
}

func (f *game) leave(ctx context.Context, j job, by seat) answer {
	body := j.asked(by)
	body["kind"] = "leave"
	return f.ask(ctx, by, "POST", "/v1/departures", "", body)
}

func (f *game) cancel(ctx context.Context, j job, by seat, id string) answer {
	return f.ask(ctx, by, "POST", "/v1/transfers/"+id+"/cancel", "", j.asked(by))
}

func (f *game) find(ctx context.Context, by seat, id string) answer {
	return f.ask(ctx, by, "GET", "/v1/transfers/"+id, "", nil)
}

// ended are the phases in which nothing more happens.
var ended = map[string]bool{
	"completed": true, "failed": true, "declined": true, "timed-out": true, "canceled": true, "abandoned": true,
}

// follow asks how a transfer stands until it has ended or the time is over.
func (f *game) follow(ctx context.Context, by seat, id string, most time.Duration) (phase string) {
	for deadline := time.Now().Add(most); ; {
		if a := f.find(ctx, by, id); a.granted() {
			phase = a.body.Phase
		}
		if ended[phase] || time.Now().After(deadline) || !sleep(ctx, time.Second) {
			return phase
		}
	}
}
