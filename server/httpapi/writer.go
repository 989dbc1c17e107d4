package httpapi

import "net/http"

// countedWriter notes the status and the size of an answer.
// http.ResponseController reaches through it by Unwrap.
type countedWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements [http.ResponseWriter].
func (w *countedWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *countedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (w *countedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// begun reports whether the answer is on its way, so that its status cannot be
// changed any more.
func begun(w http.ResponseWriter) bool {
	counted, ok := w.(*countedWriter)
	return ok && counted.status != 0
}
