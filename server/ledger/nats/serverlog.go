package nats

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// serverLog hands the embedded server's log to slog. Its notices are our
// debug messages: they tell of an implementation. heard is called with each
// warning and error.
type serverLog struct {
	to    *slog.Logger
	heard func(line string)
}

var _ server.Logger = serverLog{}

func (l serverLog) Noticef(format string, v ...any) { l.to.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Warnf(format string, v ...any) {
	line := fmt.Sprintf(format, v...)
	l.to.Warn(line)
	l.heard(line)
}

func (l serverLog) Errorf(format string, v ...any) {
	line := fmt.Sprintf(format, v...)
	l.to.Error(line)
	l.heard(line)
}

func (l serverLog) Debugf(format string, v ...any) { l.to.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Tracef(format string, v ...any) { l.to.Debug(fmt.Sprintf(format, v...)) }

// Fatalf does not end the process: Open finds the server not ready.
func (l serverLog) Fatalf(format string, v ...any) { l.to.Error(fmt.Sprintf(format, v...)) }

func joinURLs(urls []string) string { return strings.Join(urls, ",") }
