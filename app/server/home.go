package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/app/site"
	"attnlab/gpu"
)

// Options say what to serve and where.
type Options struct {
	Site *site.Site
	// Listener is where. [Home.Close] closes it. Without one Start serves nothing: a program with a server of its own uses [Home.Handler].
	Listener net.Listener
	// Runs is the folder that runs are saved in, each in a folder of its own as "attnlab train --out" makes it. Start makes it if
	// need be. Empty saves nothing.
	Runs string
	// Root is a folder whose models and runs pages may open, and nothing outside it. Empty offers none.
	Root string
	// Backend is "auto", "webgpu" or "host"; empty is auto.
	Backend string
	// Token is the secret of the link. Empty takes the one in the file .token of Runs, or makes one and saves it there, so that
	// open pages find the engine again after a restart. Without Runs it is new each time.
	Token string
	// Picked returns files that the program has chosen for the engine, by the id of [session.ModelPlace]. Nil means that there are none.
	Picked func(ctx context.Context, id string) (fs.FS, error)
	// Under is the path that the site is at, such as /lab/; empty is /.
	Under string
}

// Home is a lab that is served: the site, the engine and those who follow its session.
type Home struct {
	options      Options
	token, watch string
	disk         fs.FS  // nil for none
	boot         string // names this process for pages that come back
	hub          session.Hub
	server       *http.Server
	life         context.Context
	end          context.CancelFunc
	done         chan struct{} // closed when the server has stopped
	failed       error         // why it stopped

	starting sync.Once
	engine   sync.WaitGroup

	mu    sync.Mutex
	seats map[string]*seat
	first string // the page that came first
}

// Start serves the lab until ctx ends or Close is called. The engine starts with the first page or [Home.Join]. It returns an error where
// the folder of runs cannot be used.
func Start(ctx context.Context, o Options) (*Home, error) {
	h := &Home{options: o, boot: random(), done: make(chan struct{}), seats: map[string]*seat{}}
	if h.options.Backend == "" {
		h.options.Backend = gpu.Auto
	}
	if h.options.Under == "" {
		h.options.Under = "/"
	}
	if o.Runs != "" {
		if err := os.MkdirAll(o.Runs, 0o755); err != nil {
			return nil, fmt.Errorf("the folder of runs cannot be made: %w; give another", err)
		}
	}
	var err error
	if h.disk, err = openDisk(o.Root); err != nil {
		return nil, err
	}
	if h.token, err = tokenOf(o); err != nil {
		return nil, err
	}
	h.watch = watchToken(h.token)
	h.life, h.end = context.WithCancel(ctx)
	if o.Listener == nil {
		context.AfterFunc(h.life, func() { close(h.done) })
		return h, nil
	}
	h.server = &http.Server{Handler: h.Handler(), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 1 << 16}
	go func() {
		defer close(h.done)
		if err := h.server.Serve(o.Listener); !errors.Is(err, http.ErrServerClosed) {
			h.failed = fmt.Errorf("serve: %w", err)
		}
	}()
	context.AfterFunc(h.life, func() { h.server.Close() })
	return h, nil
}

// Link is the address of the lab with its token, empty without a listener. Who has it may do with the engine what they like.
func (h *Home) Link() string { return h.link(h.token) }

// Token is that of the link.
func (h *Home) Token() string { return h.token }

// WatchLink is an address of the lab for those who follow the session and change nothing.
func (h *Home) WatchLink() string { return h.link(h.watch) }

func (h *Home) link(token string) string {
	if h.options.Listener == nil {
		return ""
	}
	u := url.URL{Scheme: "http", Host: hostOf(h.options.Listener.Addr()), Path: h.options.Under, RawQuery: url.Values{"engine": {"native"}, "token": {token}}.Encode()}
	return u.String()
}

// hostOf is a host and port that a browser can open. One that listens on every address is called by the machine's name.
func hostOf(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	return net.JoinHostPort(name, fmt.Sprint(tcp.Port))
}

// Join is an end of the session in this process. It starts the engine.
func (h *Home) Join() *session.Port {
	h.startEngine("")
	return h.hub.Join()
}

// Wait returns when the server has stopped, with the reason if nobody asked for it.
func (h *Home) Wait() error {
	<-h.done
	h.engine.Wait()
	return h.failed
}

// Close stops the server. The engine ends what it does and saves the run that trains.
func (h *Home) Close() error {
	h.end()
	return h.Wait()
}

// startEngine starts the engine once, on the backend that the first page asks for; empty is that of the options.
func (h *Home) startEngine(backend string) {
	h.starting.Do(func() {
		if backend == "" {
			backend = h.options.Backend
		}
		port := h.hub.Join()
		h.engine.Go(func() {
			defer port.Close()
			engine.Run(h.life, port, h.library(), session.Open{Backend: backend})
		})
	})
}

// machine is the name of this machine for people.
func machine() string {
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "this machine"
}
