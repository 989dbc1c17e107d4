package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/flex-transfer/flex-transfer/server/app"
)

// envRole makes this program be one of the processes that it makes trouble for.
const envRole = "FLEX_TRANSFER_CHAOS_ROLE"

const (
	roleBackend = "backend"
	roleNATS    = "nats"
)

// playRole is the process's life where it is a backend or a NATS server; false
// where it is neither.
func playRole() (code int, is bool) {
	switch os.Getenv(envRole) {
	case roleBackend:
		return runBackend(), true
	case roleNATS:
		return runNATS(), true
	}
	return 0, false
}

func runBackend() int {
	env, yes := os.Getenv, true
	rate, err := strconv.Atoi(env("TWILIO_REQUESTS_PER_SECOND"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	serve := &app.Serve{
		Features: app.Features{ColdTransfer: &yes, MultiParticipant: &yes},
		Listen:   app.Listen{Addr: env("ADDR"), PublicURL: env("PUBLIC_URL"), NATS: strings.Split(env("NATS_URLS"), ","), Replicas: 3, Runners: 32},
		Account: app.Account{
			AccountSID: env("TWILIO_ACCOUNT_SID"), AuthToken: env("TWILIO_AUTH_TOKEN"), WorkspaceSID: env("TWILIO_FLEX_WORKSPACE_SID"),
			WorkflowSID: env("TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID"), BaseURL: env("TWILIO_BASE_URL"), Rate: rate,
		},
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	if err := serve.Run(ctx, os.Stderr, logger); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// nowhere is where nobody listens.
const nowhere = "127.0.0.1:1"

func runNATS() int {
	host, port := split(os.Getenv("ADDR"))
	clusterHost, clusterPort := split(os.Getenv("CLUSTER"))
	o := &server.Options{
		ServerName: os.Getenv("NODE"), Host: host, Port: port, JetStream: true, StoreDir: os.Getenv("DATA_DIR"), SyncAlways: true, NoLog: true,
		// Clients and the other servers know this one by their ways to it alone, which can be cut.
		Cluster: server.ClusterOpts{Name: "chaos", Host: clusterHost, Port: clusterPort, NoAdvertise: true, Advertise: nowhere},
	}
	for _, r := range strings.Split(os.Getenv("ROUTES"), ",") {
		if u, err := url.Parse(r); err == nil {
			o.Routes = append(o.Routes, u)
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s.Start()
	s.WaitForShutdown()
	return 0
}

func split(address string) (host string, port int) {
	host, text, _ := net.SplitHostPort(address)
	port, _ = strconv.Atoi(text)
	return host, port
}

// process is one that may be killed and started again.
type process struct {
	env []string
	log string // where its output goes

	mu      sync.Mutex
	command *exec.Cmd
	ended   chan struct{}
	still   bool      // it stands still
	moved   time.Time // when it stopped or went on last
}

// stoodSince reports whether it has stood still since then.
func (p *process) stoodSince(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.still || p.moved.After(t)
}

func newProcess(role string, env ...string) *process {
	return &process{env: append(append(os.Environ(), envRole+"="+role), env...)}
}

// start starts the process unless it is running.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		select {
		case <-p.ended:
		default:
			return nil
		}
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(exe)
	command.Env = p.env
	command.SysProcAttr = dieWithUs()
	var out *os.File
	if p.log != "" {
		if out, err = os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		command.Stdout, command.Stderr = out, out
	}
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.command, p.ended, p.still = command, ended, false
	go func() {
		defer close(ended)
		_ = command.Wait() // it is killed on purpose
		if out != nil {
			_ = out.Close()
		}
	}()
	return nil
}

// kill kills the process with -9 and waits for its end.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command == nil {
		return
	}
	_ = p.command.Process.Kill()
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
	}
}
