package twilsock

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/coder/websocket"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// New returns the endpoint wss://tsock.us1.twilio.com/v3/wsconnect of an account, whatever path it is mounted at. From the
// first connection on it follows the account, until that is closed; connections end then too. A nil logger logs nothing.
func New(account *sandbox.Account, logger *slog.Logger) http.Handler {
	if logger == nil {
		logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	h := newHub(account, logger)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Any page may connect, as at Twilio: what counts is the token in the first frame.
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			logger.Debug("twilsock: no WebSocket", "error", err)
			return
		}
		conn.SetReadLimit(maxFrame)
		newLink(h, conn).run(r.Context())
	})
}
