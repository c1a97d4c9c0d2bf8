//go:build !js

package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/coder/websocket"
)

// knock asks for the line as a browser does, and returns the status and what is said. header changes the request; Host is that of the
// request itself.
func knock(t *testing.T, h *Home, token string, header map[string]string) (status int, said string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+h.options.Listener.Addr().String()+"/line?seat=0123456789", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "http://" + r.URL.Host, "Sec-WebSocket-Protocol": "attnlab, token." + token} {
		r.Header.Set(name, value)
	}
	for name, value := range header {
		if name == "Host" {
			r.Host = value
		} else if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return answer.StatusCode, ""
	}
	body, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body)
}

func TestLetsNobodyElseIn(t *testing.T) {
	h := start(t, nil)
	port := h.options.Listener.Addr().String()[strings.LastIndex(h.options.Listener.Addr().String(), ":"):]
	for _, c := range []struct {
		name, token string
		header      map[string]string
		status      int
	}{
		{"its own page", h.token, nil, 101},
		{"its own page by another name", h.token, map[string]string{"Host": "localhost" + port, "Origin": "http://localhost" + port}, 101},
		{"through a tunnel with another port", h.token, map[string]string{"Host": "localhost:9999", "Origin": "http://localhost:9999"}, 101},
		{"a program", h.token, map[string]string{"Origin": ""}, 101},
		{"a watcher", h.watch, nil, 101},
		{"another site", h.token, map[string]string{"Origin": "https://evil.example"}, 403},
		{"another port of this machine", h.token, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		{"a page without an origin", h.token, map[string]string{"Origin": "null"}, 403},
		{"a file", h.token, map[string]string{"Origin": "file://"}, 403},
		{"an extension", h.token, map[string]string{"Origin": "chrome-extension://" + port}, 403},
		{"a name that was bound to this machine", h.token, map[string]string{"Host": "evil.example" + port, "Origin": "http://evil.example" + port}, 403},
		{"a name that begins like this machine", h.token, map[string]string{"Host": "localhost.evil.example", "Origin": "http://localhost.evil.example"}, 403},
		{"a name that ends like this machine", h.token, map[string]string{"Host": "127.0.0.1.nip.example", "Origin": "http://127.0.0.1.nip.example"}, 403},
		{"another machine's address", h.token, map[string]string{"Host": "192.0.2.1", "Origin": "http://192.0.2.1"}, 403},
		{"no token", "", map[string]string{"Sec-WebSocket-Protocol": "attnlab"}, 401},
		{"an empty token", "", nil, 401},
		{"a wrong token", random(), nil, 401},
		{"a part of the token", h.token[:len(h.token)-1], nil, 401},
		{"more than the token", h.token + "A", nil, 401},
		{"the token in other case", strings.ToUpper(h.token), nil, 401},
	} {
		status, said := knock(t, h, c.token, c.header)
		if status != c.status {
			t.Errorf("%s gets %d, want %d: %s", c.name, status, c.status, said)
		}
		if status != 101 && (!strings.HasSuffix(strings.TrimSpace(said), ".") || strings.Contains(said, h.token)) {
			t.Errorf("%s reads %q", c.name, said)
		}
	}
	// A rebound name reads no file either.
	r, _ := http.NewRequest(http.MethodGet, "http://"+h.options.Listener.Addr().String()+"/", nil)
	r.Host = "evil.example"
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("a rebound name gets %v, %v", answer, err)
	}
}

// TestBeyondThisMachine serves to other machines: by its address or name, and by no other name.
func TestBeyondThisMachine(t *testing.T) {
	h := start(t, func(o *Options) {
		o.Listener.Close()
		o.Listener = listen(t, "0.0.0.0:0")
	})
	for host, knows := range map[string]bool{"192.0.2.1:80": true, "[2001:db8::1]:80": true, machine(): true, "evil.example": false, "": false} {
		if h.knows(host) != knows {
			t.Errorf("%q is known: %v", host, !knows)
		}
	}
	if !strings.Contains(h.Link(), "token="+h.token) || strings.Contains(h.Link(), "0.0.0.0") {
		t.Errorf("the link is %s", h.Link())
	}
	if strings.Contains(h.WatchLink(), h.token) {
		t.Error("the link for watching has the token")
	}
}

// dial opens a line without the care of [Join].
func dial(t *testing.T, h *Home, token, seat string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), "ws://"+h.options.Listener.Addr().String()+"/line?seat="+seat, &websocket.DialOptions{Subprotocols: []string{subprotocol, tokenProtocol + token}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(-1)
	return conn
}

// heap is what this process holds, after collecting.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestRefusesAHugeMessage sends 1 GiB as one message. The line closes at the limit, and the engine goes on.
func TestRefusesAHugeMessage(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, idle)
	conn, before := dial(t, h, h.token, "huge-message"), heap()
	w, err := conn.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for {
			if _, _, err := conn.Read(t.Context()); err != nil {
				ended <- err
				return
			}
		}
	}()
	part, sent := bytes.Repeat([]byte("x"), 1<<20), 0
	for ; sent < 1<<30; sent += len(part) {
		if _, err := w.Write(part); err != nil {
			break
		}
	}
	err = <-ended
	if sent >= 1<<30 || websocket.CloseStatus(err) != websocket.StatusMessageTooBig && websocket.CloseStatus(err) != -1 {
		t.Errorf("%d MB went through, then %v", sent>>20, err)
	}
	after := heap()
	for end := time.Now().Add(time.Minute); after > before+maxMessage && time.Now().Before(end); after = heap() { // the server's end closes later
		time.Sleep(10 * time.Millisecond)
	}
	if after > before+maxMessage {
		t.Errorf("%d MB stay", (after-before)>>20)
	}
	t.Logf("closed after %d MB: %v", sent>>20, err)
	g.send(session.Check{Text: "x"})
	next(g, func(session.Checked) bool { return true })
}

// TestBearsAFlood sends commands as fast as the line takes them. The engine's queue has a limit, another page is answered meanwhile,
// and nothing grows without end.
func TestBearsAFlood(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, idle)
	conn, before := dial(t, h, h.token, "flood-of-commands"), heap()
	go func() { // or its own messages would stop it
		for {
			if _, _, err := conn.Read(t.Context()); err != nil {
				return
			}
		}
	}()
	flood, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	sent := 0
	for ; flood.Err() == nil; sent++ {
		message := fmt.Sprintf("say %d\n{\"kind\":\"NewProblem\",\"body\":{\"difficulty\":\"\",\"seed\":%d}}", sent+1, sent)
		if conn.Write(flood, websocket.MessageText, []byte(message)) != nil {
			break
		}
	}
	h.mu.Lock()
	var took uint64
	for _, s := range h.seats {
		s.mu.Lock()
		took = max(took, s.took)
		s.mu.Unlock()
	}
	h.mu.Unlock()
	most := uint64(burst + 3*time.Second/pace + 100)
	t.Logf("%d commands were sent, %d were taken", sent, took)
	if took > most {
		t.Errorf("%d commands were taken in 3 s, want %d at most", took, most)
	}
	asked := time.Now()
	g.send(session.Check{Text: "nonsense"})
	next(g, func(c session.Checked) bool { return c.Text == "nonsense" })
	t.Logf("another page has its answer after %v", time.Since(asked))
	if after := heap(); after > before+64<<20 {
		t.Errorf("%d MB more", (after-before)>>20)
	}
}

// TestWatchersChangeNothing sends every command by a link for watching.
func TestWatchersChangeNothing(t *testing.T) {
	h := start(t, nil)
	g, w := join(t, h.Link()), join(t, h.WatchLink())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	next(w, func(c session.Capabilities) bool { return c.Model.Name != "" })
	for _, c := range []session.Command{session.NewProblem{Seed: 9}, session.Generate{Unit: "all"}, session.Select{Selection: session.Selection{Step: 2}},
		session.Hover{Step: 1}, session.Open{Backend: "host"}, session.UseModel{Name: "chain-tiny"}, session.Begin{Settings: short(1)}, session.Advance{}, session.Cancel{},
		session.DropRun{ID: "x"}, session.ImportRun{Name: "x", Files: map[string][]byte{"metrics.jsonl": []byte("{}")}}, session.LoseDevice{}, session.ExportRun{ID: "x"}, session.UserActive{}} {
		w.send(c)
		f := next(w, func(session.Failure) bool { return true })
		if f.Command != session.Kind(c) || !strings.Contains(f.Text, "for watching") {
			t.Errorf("%s gets %+v", session.Kind(c), f)
		}
	}
	// The engine has heard nothing: its next snapshot is of what the owner asks for.
	g.send(session.NewProblem{Seed: 4})
	if tr := next(g, func(session.Trace) bool { return true }); tr.Seed != 4 {
		t.Errorf("the engine shows the problem of seed %d", tr.Seed)
	}
	if tr := next(w, func(tr session.Trace) bool { return tr.Seed == 4 }); len(tr.Tokens) == 0 {
		t.Error("a watcher sees no trace")
	}
	// Watchers can neither take the seat of a page nor send events.
	var ids []string
	h.mu.Lock()
	for key := range h.seats {
		if id, is := strings.CutPrefix(key, fmt.Sprint(owner)); is {
			ids = append(ids, id)
		}
	}
	h.mu.Unlock()
	for _, id := range ids {
		dial(t, h, h.watch, id)
	}
	g.send(session.Check{Text: "x"})
	next(g, func(session.Checked) bool { return true })
}

// TestPagesSendNoEvents posts a snapshot as if it were the engine's.
func TestPagesSendNoEvents(t *testing.T) {
	h := start(t, nil)
	g, forger := join(t, h.Link()), join(t, h.Link())
	next(g, idle)
	if err := forger.Send(session.Failure{Text: "forged"}); err != nil {
		t.Fatal(err)
	}
	forger.send(session.Check{Text: "x"})
	next(g, func(session.Checked) bool { return true }) // fails on any Failure
}

// TestRefusesWhatIsNoMessage sends rubbish.
func TestRefusesWhatIsNoMessage(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, idle)
	for i, rubbish := range []string{"", "say", "say 1", "say x\n{}", "say 1\n{\"kind\":\"Nothing\",\"body\":{}}", "say 1\n" + strings.Repeat("[", 1<<20), "shout 1\nx", "got 18446744073709551615", "\x00\xff"} {
		conn := dial(t, h, h.token, fmt.Sprintf("rubbish-%d", i))
		for range 3 {
			_ = conn.Write(t.Context(), websocket.MessageText, []byte(rubbish))
		}
		conn.Close(websocket.StatusNormalClosure, "")
	}
	g.send(session.Check{Text: "x"})
	next(g, func(session.Checked) bool { return true })
}
