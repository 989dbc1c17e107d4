package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// envProfile is where the backend offers its profiles, where it is to.
const envProfile = "FLEX_TRANSFER_BENCH_PROFILE"

// profiles is the folder that the backend's profiles are written to; empty for
// none.
var profiles string

// offerProfiles serves the process's profiles at the address; nothing if it is
// empty.
func offerProfiles(addr string) {
	if addr == "" {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/profile", pprof.Profile)
	for _, name := range []string{"heap", "allocs", "goroutine"} {
		mux.Handle("/"+name, pprof.Handler(name))
	}
	go func() { fmt.Fprintln(os.Stderr, "bench: profiles:", http.ListenAndServe(addr, mux)) }()
}

// freeAddr is an address of this machine that nobody listens at.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// profile writes what the backend does from now on to files whose names begin
// with the name; finish waits until they are there.
func (r *rig) profile(name string) (finish func() error) {
	if profiles == "" {
		return func() error { return nil }
	}
	prefix := filepath.Join(profiles, strings.Fields(name)[0])
	var cpu error
	var under sync.WaitGroup
	under.Go(func() { cpu = r.save("profile?seconds=10", prefix+".cpu") })
	sampling := make(chan struct{})
	under.Go(func() { r.sampleHeap(prefix, sampling) })
	return func() error {
		close(sampling)
		err := r.save("allocs", prefix+".allocs")
		under.Wait()
		return errors.Join(err, cpu)
	}
}

// sampleHeap writes the heap once a second, the latest over the one before,
// until the channel is closed.
func (r *rig) sampleHeap(prefix string, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
			if err := r.save("heap", prefix+".heap"); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
				return
			}
		}
	}
}

func (r *rig) save(what, file string) error {
	resp, err := r.client.Get("http://" + r.profiles + "/" + what)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", what, resp.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
