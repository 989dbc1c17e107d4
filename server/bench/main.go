// Command bench measures the backend the way it runs: as a process of its own,
// over sockets, with its ledger on disk, against a simulated Twilio account.
// Rates stand beside what the disk gives in the same run, latencies beside the
// time of a call, since machines differ. The figures of the template are those
// of the Flex project template's own functions, measured once, elsewhere, on
// two cores against a local stand-in for Twilio.
//
// It is started by make bench, which adds what only a browser can measure.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
)

// part is one of the measurements.
type part struct {
	name string
	run  func() error
}

func main() {
	if os.Getenv(envBackend) != "" {
		os.Exit(runBackend())
	}
	transfers := flag.Int("transfers", 8000, "transfers of the throughput run")
	clients := flag.Int("clients", 64, "transfers under way at a time")
	samples := flag.Int("samples", 60, "transfers of each latency run")
	only := flag.String("only", "", "the one part to run: sizes, latency or throughput")
	flag.StringVar(&profiles, "profiles", "", "folder for the backend's profiles of the throughput run; they cost it some speed and memory")
	flag.Parse()
	parts := []part{
		{"sizes", sizes},
		{"latency", func() error { return latency(*samples) }},
		{"throughput", func() error { return throughput(*transfers, *clients) }},
	}
	if *only != "" {
		parts = slices.DeleteFunc(parts, func(p part) bool { return p.name != *only })
	}
	for _, p := range parts {
		if err := p.run(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}
