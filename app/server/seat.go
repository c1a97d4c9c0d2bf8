package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"attnlab/app/session"

	"github.com/coder/websocket"
)

// Limits of what one page may send and of how many pages there are.
const (
	maxMessage = 16 << 20             // bytes: a visitor's own problems take at most 8 MB, before their quotes are escaped; files travel by ranges
	maxWatched = 64 << 10             // bytes of a message of someone who only watches
	maxSeats   = 64                   // pages, those that are away included
	burst      = 400                  // commands at once
	pace       = 5 * time.Millisecond // for each command after these
	keepSeat   = 30 * time.Minute     // of a page that is away
	writeTime  = 30 * time.Second     // for one message
	quietTime  = 20 * time.Second     // after which a line is tested
)

// Close codes of the line, from the range for applications. web/remote.js knows them.
const (
	codeReplaced = 4000 // the page has another line
	codeVersion  = 4001 // page and engine are of two versions
	codeSlow     = 4002 // the page takes nothing
)

// seat is a page's place in the session. It outlives the line: a page that comes back gets what it missed.
type seat struct {
	home *Home
	role role
	port *session.Port

	mu      sync.Mutex
	out     outbox
	took    uint64 // number of the last command
	line    *websocket.Conn
	more    chan struct{} // holds a value when there is something to send
	expires *time.Timer   // while no line is open
	choices []choice      // of files that the page holds
	asks    []*ask        // ranges of them that the engine waits for
	lastAsk uint64

	spare time.Time // when the next command may come; burst is how far it may lie in the past
}

// welcome is the first message on a line.
type welcome struct {
	Boot    string `json:"boot"` // names the engine's process
	Took    uint64 `json:"took"` // number of the last command that arrived
	Known   bool   `json:"known"`
	Watch   bool   `json:"watch"`
	Others  bool   `json:"others"` // pages came before that may change what the engine shows
	Machine string `json:"machine"`
	Limit   int    `json:"limit"` // bytes of a message
}

// line is a request for a WebSocket. Another request gets the reason why it is none, so that a page can say it.
func (h *Home) line(w http.ResponseWriter, r *http.Request) {
	role, status, why := h.admit(r)
	if role == nobody {
		http.Error(w, why, status)
		return
	}
	if r.Header.Get("Upgrade") == "" {
		http.Error(w, "This is the line of the lab's page, a WebSocket.", http.StatusUpgradeRequired)
		return
	}
	query := r.URL.Query()
	id := query.Get("seat")
	if len(id) < 8 || len(id) > 64 {
		http.Error(w, "The page does not say who it is. Reload it.", http.StatusBadRequest)
		return
	}
	got, _ := strconv.ParseUint(query.Get("got"), 10, 64) // of a new page nothing
	s, known := h.seat(id, role)
	if s == nil {
		http.Error(w, fmt.Sprintf("%d pages follow this engine already. Close one.", maxSeats), http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it has answered
	}
	defer conn.CloseNow()
	if version := query.Get("version"); version != "" && version != h.options.Site.Version {
		conn.Close(codeVersion, "the page is of another version")
		return
	}
	if role == watcher {
		conn.SetReadLimit(maxWatched)
	} else {
		conn.SetReadLimit(maxMessage)
		h.startEngine(backendOf(query.Get("backend")))
	}
	h.startEngine("")
	ctx, cancel := context.WithCancel(h.life)
	defer cancel()
	s.attach(conn, got)
	defer s.detach(conn)
	s.mu.Lock()
	took := s.took
	s.mu.Unlock()
	hello, _ := json.Marshal(welcome{h.boot, took, known, role == watcher, h.came(id, role), machine(), int(limitOf(role))}) // plain values
	if conn.Write(ctx, websocket.MessageText, append([]byte("welcome "), hello...)) != nil {
		return
	}
	go func() {
		defer cancel()
		s.write(ctx, conn)
	}()
	s.read(ctx, conn)
}

func limitOf(as role) int64 {
	if as == watcher {
		return maxWatched
	}
	return maxMessage
}

// backendOf is a backend that a page may ask for.
func backendOf(asked string) string {
	switch asked {
	case "host", "webgpu":
		return asked
	}
	return ""
}

// seat finds or makes the seat of a page; nil where there are too many.
func (h *Home) seat(id string, as role) (s *seat, known bool) {
	key := fmt.Sprint(as, id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, known = h.seats[key]; known {
		return s, true
	}
	if len(h.seats) >= maxSeats && !h.vacate() {
		return nil, false
	}
	s = &seat{home: h, role: as, port: h.hub.Join(), more: make(chan struct{}, 1)}
	h.seats[key] = s
	go func() {
		s.receive()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.seats, key)
	}()
	return s, false
}

// came notes that a page came, and reports whether others did before.
func (h *Home) came(id string, as role) (others bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == "" && as == owner {
		h.first = id
	}
	return h.first != "" && h.first != id
}

// vacate gives away a seat whose page is away. h.mu is held.
func (h *Home) vacate() bool {
	for key, s := range h.seats {
		if s.away() {
			s.port.Close()
			delete(h.seats, key)
			return true
		}
	}
	return false
}

func (s *seat) away() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line == nil
}

// attach makes a line that of the seat.
func (s *seat) attach(conn *websocket.Conn, got uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line != nil {
		go s.line.Close(codeReplaced, "the page has another line")
	}
	if s.expires != nil {
		s.expires.Stop()
	}
	s.line = conn
	s.out.again(got)
	for _, a := range s.asks {
		a.sent = false
	}
	s.wake()
}

// detach notes that the line is gone. The seat is kept for a while.
func (s *seat) detach(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == conn {
		s.line = nil
		s.expires = time.AfterFunc(keepSeat, s.port.Close)
	}
}

// wake says that there is something to send.
func (s *seat) wake() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// receive takes what the session sends, until it ends.
func (s *seat) receive() {
	for message := range s.port.In {
		switch message.(type) {
		case session.Select, session.Hover, session.NewProblem, session.Restore, session.ShowTrace, session.Generate, session.UseModel, session.OpenModel: // of another page
		case session.Event, error:
		default:
			continue // commands are the engine's
		}
		if err, is := message.(error); is {
			message = session.Failure{Text: session.Message(err)}
		}
		s.post(message)
	}
}

// post sends a message to the page.
func (s *seat) post(message any) {
	data, err := session.Encode(message)
	if err != nil {
		return // the engine has reported it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.out.put(session.Kind(message), data) {
		s.out = outbox{number: s.out.number}
		if s.line != nil {
			go s.line.Close(codeSlow, "the page takes no messages")
		}
	}
	s.wake()
}

// write sends what waits, until ctx ends or the line breaks.
func (s *seat) write(ctx context.Context, conn *websocket.Conn) {
	var confirmed uint64
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	for {
		s.mu.Lock()
		if s.line != conn {
			s.mu.Unlock()
			return
		}
		wanted := s.nextAsk()
		var f frame
		some := false
		if wanted == nil {
			f, some = s.out.next()
		}
		took := s.took
		s.mu.Unlock()
		var err error
		switch {
		case wanted != nil:
			err = sendAsk(ctx, conn, wanted)
		case some:
			err = send(ctx, conn, fmt.Appendf(nil, "say %d\n", f.number), f.data)
		case took != confirmed:
			confirmed = took
			err = send(ctx, conn, fmt.Appendf(nil, "took %d", took), nil)
		default:
			select {
			case <-ctx.Done():
				return
			case <-s.more:
			case <-quiet.C:
				test, cancel := context.WithTimeout(ctx, writeTime)
				err = conn.Ping(test)
				cancel()
				quiet.Reset(quietTime)
			}
		}
		if err != nil {
			return
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, head, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	w, err := conn.Writer(ctx, websocket.MessageText)
	if err != nil {
		return err
	}
	_, err = w.Write(head)
	if err == nil && len(body) > 0 {
		_, err = w.Write(body)
	}
	return errors.Join(err, w.Close())
}

// read takes what the page sends, until the line breaks.
func (s *seat) read(ctx context.Context, conn *websocket.Conn) {
	for {
		kind, data, err := conn.Read(ctx)
		if websocket.CloseStatus(err) == websocket.StatusGoingAway { // the page is closed, not asleep
			s.forsake()
		}
		if err != nil {
			return
		}
		head, body, _ := bytes.Cut(data, []byte("\n"))
		word, argument, _ := bytes.Cut(head, []byte(" "))
		number, _ := strconv.ParseUint(string(argument), 10, 64)
		if (kind == websocket.MessageBinary) != (string(word) == "range") {
			return
		}
		switch string(word) {
		case "hold":
			s.throttle(ctx)
			if s.role == watcher || !s.hold(string(argument), body) {
				return
			}
		case "range":
			s.answer(number, body, nil)
		case "unread":
			s.answer(number, nil, fmt.Errorf("a file could not be read (%.200s); it may have been moved or changed, choose it again", body))
		case "ping":
			s.throttle(ctx)
			if send(ctx, conn, []byte("pong"), nil) != nil {
				return
			}
		case "got":
			s.mu.Lock()
			s.out.confirm(number)
			s.mu.Unlock()
		case "say":
			s.throttle(ctx)
			s.mu.Lock()
			fresh := number > s.took
			if fresh {
				s.took = number
				s.wake()
			}
			s.mu.Unlock()
			if fresh {
				s.take(body)
			}
		default:
			return
		}
	}
}

// throttle waits while a page sends more than people and pages do. What it sends meanwhile waits in the network, so a flood takes no memory.
func (s *seat) throttle(ctx context.Context) {
	now := time.Now()
	if earliest := now.Add(-burst * pace); s.spare.Before(earliest) {
		s.spare = earliest
	}
	s.spare = s.spare.Add(pace)
	if wait := s.spare.Sub(now); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// take hands a command to the engine. Events are the engine's alone, so a page cannot send them; a watcher's only command is to be shown what
// there is.
func (s *seat) take(body []byte) {
	message, err := session.Decode(body)
	if err != nil {
		s.post(session.Failure{Text: session.Message(err)})
		return
	}
	command, is := message.(session.Command)
	if !is {
		return
	}
	if _, hello := command.(session.Hello); s.role == watcher && !hello {
		s.post(session.Failure{Command: session.Kind(command), Text: "This link is for watching: it changes nothing."})
		return
	}
	_ = s.port.Send(command) // inside one process nothing fails
}
