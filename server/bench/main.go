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
)

func main() {
	if os.Getenv(envBackend) != "" {
		os.Exit(runBackend())
	}
	transfers := flag.Int("transfers", 8000, "transfers of the throughput run")
	clients := flag.Int("clients", 64, "transfers under way at a time")
	samples := flag.Int("samples", 60, "transfers of each latency run")
	flag.Parse()
	for _, part := range []func() error{
		sizes,
		func() error { return latency(*samples) },
		func() error { return throughput(*transfers, *clients) },
	} {
		if err := part(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}
