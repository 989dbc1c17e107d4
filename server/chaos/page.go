package main

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// page is the report as one HTML file with its plots, which needs nothing else.
func (r *report) page() string {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, map[string]any{
		"Plan": r.plan, "Seed": r.plan.seed, "Faults": r.plan.faults, "Late": r.plan.late, "Took": r.took.Round(time.Second),
		"Kinds": slices.Sorted(maps.Keys(r.tally)), "Columns": titles(), "Broken": r.broken(), "Findings": r.words(),
		"Row": func(kind string) (row []int) {
			for _, c := range columns {
				row = append(row, c.of(r.tally[kind]))
			}
			return row
		},
		"Completed": fmt.Sprintf("%.2f %%", 100*r.completed()), "Repairs": r.repairs,
		"Answers": histogram(r.answers()), "Alone": histogram(r.alone), "Course": r.course(),
		"Kills": len(r.kills), "Cuts": len(r.cuts), "NATS": len(r.natsKills), "Freezes": len(r.freezes), "Splits": len(r.splits), "Limit": limited(r.plan.rate), "Unlisted": histogram(r.unlisted),
		"Total":        len(r.stories),
		"LongestAlone": longest(r.alone), "LongestDouble": longest(r.doubles), "Requests": r.requests, "Slowest": r.slowest.Round(time.Millisecond),
	}); err != nil {
		return "the report cannot be shown: " + template.HTMLEscapeString(err.Error())
	}
	return b.String()
}

// words are what the findings say.
func (r *report) words() (all []string) {
	for _, f := range r.findings {
		all = append(all, f.words)
	}
	return all
}

const plotWidth, plotHeight = 640, 160

// histogram draws how many took how long; each bar is twice as long a time as
// the one before.
func histogram(all []time.Duration) template.HTML {
	if len(all) == 0 {
		return "<p>none</p>"
	}
	const first = 10 * time.Millisecond
	counts := make([]int, 1)
	for _, d := range all {
		bar := max(0, int(math.Ceil(math.Log2(float64(d)/float64(first)))))
		for len(counts) <= bar {
			counts = append(counts, 0)
		}
		counts[bar]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img">`, plotWidth, plotHeight+40)
	width, most := float64(plotWidth)/float64(len(counts)), slices.Max(counts)
	for i, n := range counts {
		h := plotHeight * float64(n) / float64(most)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, float64(i)*width+2, plotHeight+15-h, width-4, h)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%d</text>`, (float64(i)+0.5)*width, plotHeight+12-h, n)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">≤ %s</text>`, (float64(i)+0.5)*width, plotHeight+32, first<<i)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // numbers of ours alone
}

// course draws how many conversations were begun in each second, with what was
// killed and cut.
func (r *report) course() template.HTML {
	if len(r.stories) == 0 {
		return ""
	}
	from := slices.MinFunc(r.stories, func(a, b *story) int { return a.began.Compare(b.began) }).began
	var counts []int
	for _, s := range r.stories {
		second := int(s.began.Sub(from) / time.Second)
		for len(counts) <= second {
			counts = append(counts, 0)
		}
		counts[second]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img">`, plotWidth, plotHeight+40)
	step, most := float64(plotWidth)/float64(len(counts)), float64(slices.Max(counts))
	for i, n := range counts {
		h := plotHeight * float64(n) / most
		fmt.Fprintf(&b, `<rect x="%.2f" y="%.1f" width="%.2f" height="%.1f"/>`, float64(i)*step, plotHeight-h, step, h)
	}
	for class, times := range map[string][]time.Time{"kill": r.kills, "cut": r.cuts, "nats": r.natsKills, "still": r.freezes, "split": r.splits} {
		for _, at := range times {
			x := at.Sub(from).Seconds() * step
			fmt.Fprintf(&b, `<line class="%s" x1="%.1f" x2="%.1f" y1="0" y2="%d"/>`, class, x, x, plotHeight+10)
		}
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">%d s, at most %.0f a second</text></svg>`, plotWidth/2, plotHeight+32, len(counts), most)
	return template.HTML(b.String()) // numbers of ours alone
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Chaos report</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#121c2d}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #e1e3ea;font-weight:400}
th:first-child,td:first-child{text-align:left}th{color:#606b85}
svg{width:100%;max-width:40rem}rect{fill:#0263e0}text{font-size:11px;text-anchor:middle;fill:#606b85}
.kill{stroke:#d61f1f}.cut{stroke:#f47c22}.nats{stroke:#6d2ed1}.still{stroke:#606b85}.split{stroke:#6d2ed1;stroke-dasharray:3}.good{color:#14853c}.bad{color:#d61f1f}
</style>
<h1>Chaos report</h1>
<p>{{.Total}} conversations in {{.Took}}, seed {{.Seed}}, {{.Faults}} times the fault mix that the template was measured under{{if .Late}}, with requests that take effect after their lookup{{end}}.
<span style="color:#d61f1f">{{.Kills}} backends killed</span>, <span style="color:#f47c22">{{.Cuts}} cut off</span>, <span style="color:#6d2ed1">{{.NATS}} NATS servers killed</span> and {{.Splits}} cut off from the others, {{.Freezes}} of both stood still{{.Limit}}.
Judged by the simulated account's own record.</p>
{{if .Broken}}<ul class="bad">{{range .Broken}}<li>{{.}}</li>{{end}}</ul>{{else}}<p class="good">Every promise was kept.</p>{{end}}
<p>{{.Completed}} of the transfers with a willing target were completed. Longest time that a customer was alone: {{.LongestAlone}}. Longest time that there were two invites: {{.LongestDouble}}. Slowest single request of {{.Requests}}: {{.Slowest}}.</p>
<table><tr><th></th>{{range .Columns}}<th>{{.}}</th>{{end}}</tr>
{{range $k := .Kinds}}<tr><td>{{$k}}</td>{{range call $.Row $k}}<td>{{.}}</td>{{end}}</tr>{{end}}</table>
<h2>Conversations begun, second by second</h2>{{.Course}}
<h2>When an agent knew what became of a request</h2>{{.Answers}}
<h2>How long customers were alone</h2>{{.Alone}}
<h2>How long invites waited before the conversation showed them</h2>{{.Unlisted}}
{{if .Repairs}}<h2>Repairs</h2><table>{{range $name, $n := .Repairs}}<tr><td>{{$name}}</td><td>{{$n}}</td></tr>{{end}}</table>{{end}}
{{if .Findings}}<h2>Findings</h2><ul>{{range .Findings}}<li>{{.}}</li>{{end}}</ul>{{end}}
</html>
`))

func titles() (all []string) {
	for _, c := range columns {
		all = append(all, c.title)
	}
	return all
}
