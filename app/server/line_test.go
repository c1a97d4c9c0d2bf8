//go:build !js

package server

import (
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"attnlab/app/session"
)

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// wire is a network between a page and the server, which a test can cut and mend.
type wire struct {
	net.Listener
	to   string
	mu   sync.Mutex
	open []net.Conn
	down bool
}

func newWire(t *testing.T, to string) *wire {
	w := &wire{Listener: listen(t, "127.0.0.1:0"), to: to}
	t.Cleanup(func() { w.Close(); w.cut() })
	go func() {
		for {
			near, err := w.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			down := w.down
			w.mu.Unlock()
			far, err := net.Dial("tcp", w.to)
			if down || err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.open = append(w.open, near, far)
			w.mu.Unlock()
			go func() { io.Copy(far, near); far.Close() }()
			go func() { io.Copy(near, far); near.Close() }()
		}
	}()
	return w
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

// through is a link that leads over the wire.
func (w *wire) through(link string) string {
	u, _ := url.Parse(link)
	u.Host = w.Addr().String()
	return u.String()
}

// TestALostLineLosesNothing cuts the line again and again while answers and commands are on their way. Every command is carried out once,
// and every answer comes once, in order.
func TestALostLineLosesNothing(t *testing.T) {
	h := start(t, nil)
	w := newWire(t, h.options.Listener.Addr().String())
	g := join(t, w.through(h.Link()))
	next(g, idle)
	const n = 200
	texts := make(chan []string)
	go func() {
		var got []string
		for message := range g.In {
			if c, ok := message.(session.Checked); ok {
				if got = append(got, c.Text); len(got) == n {
					break
				}
			}
		}
		texts <- got
	}()
	var want []string
	for i := range n {
		if i%20 == 10 {
			w.cut()
		}
		if i%20 == 15 {
			w.mend()
		}
		text := strings.Repeat("x", i)
		want = append(want, text)
		g.send(session.Check{Text: text})
		time.Sleep(2 * time.Millisecond)
	}
	w.mend()
	select {
	case got := <-texts:
		if !slices.Equal(got, want) {
			t.Errorf("%d answers came, or in another order", len(got))
		}
	case <-time.After(time.Minute):
		t.Fatal("answers are missing")
	}
}

// TestASleepingPageCatchesUp leaves a page away while a run trains. What waits for it stays small, and it then has the newest snapshots.
func TestASleepingPageCatchesUp(t *testing.T) {
	h := start(t, nil)
	w := newWire(t, h.options.Listener.Addr().String())
	away, g := join(t, w.through(h.Link())), join(t, h.Link())
	next(away, idle)
	next(g, idle)
	w.cut()
	g.send(session.Begin{Settings: short(6)})
	g.send(session.Advance{})
	done := next(g, func(r session.Run) bool { return r.Info.State == "done" })
	h.mu.Lock()
	for _, s := range h.seats {
		s.mu.Lock()
		if s.line == nil && s.out.bytes > manyBytes {
			t.Errorf("%d bytes wait for a page that is away", s.out.bytes)
		}
		s.mu.Unlock()
	}
	h.mu.Unlock()
	w.mend()
	if r := next(away, func(r session.Run) bool { return r.Info.State == "done" }); r.Info.Step != 6 || r.Number > done.Number+2 {
		t.Errorf("the page sees step %d, snapshot %d of %d", r.Info.Step, r.Number, done.Number)
	}
}

// TestOutboxKeepsAnswersAndTheNewest fills the box of a page that does not read.
func TestOutboxKeepsAnswersAndTheNewest(t *testing.T) {
	var o outbox
	big := make([]byte, 1<<20)
	for range 100 {
		o.put("Trace", big)
		o.put("Checked", []byte("x"))
	}
	traces, answers := 0, 0
	for f, ok := o.next(); ok; f, ok = o.next() {
		switch f.kind {
		case "Trace":
			traces++
			if f.number != 199 && o.bytes > manyBytes {
				t.Errorf("trace %d waits", f.number)
			}
		case "Checked":
			answers++
		}
	}
	if answers != 100 || traces > manyBytes>>20 {
		t.Errorf("%d answers and %d snapshots wait", answers, traces)
	}
	o.confirm(200)
	if len(o.frames) != 0 || o.bytes != 0 {
		t.Errorf("%d frames of %d bytes stay", len(o.frames), o.bytes)
	}
	full := true
	for range mostBytes>>20 + 1 {
		full = o.put("RunFiles", big)
	}
	if full {
		t.Error("the box has no limit")
	}
}

// undisturbed is a run of so many steps on a server that nobody ends.
func undisturbed(t *testing.T, steps int) session.Run {
	t.Helper()
	g := join(t, start(t, nil).Link())
	next(g, idle)
	g.send(session.Begin{Settings: short(steps)})
	g.send(session.Advance{})
	return next(g, func(r session.Run) bool { return r.Info.State == "done" })
}

// TestTheServerIsStartedAgain ends the server in a run and starts it again on the same folder: the run is resumed where it was saved, with the
// numbers of a run that nobody ended.
func TestTheServerIsStartedAgain(t *testing.T) {
	const steps = 40 // more than it takes until the server has ended
	want := undisturbed(t, steps)

	first := start(t, nil)
	link := first.Link()
	page := join(t, link)
	next(page, idle)
	page.send(session.Begin{Settings: short(steps)})
	page.send(session.Advance{})
	run := next(page, func(r session.Run) bool { return r.Info.Step >= 3 })
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Start(t.Context(), Options{Site: first.options.Site, Listener: listen(t, first.options.Listener.Addr().String()), Backend: "host", Runs: first.options.Runs})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if second.Link() != link {
		t.Errorf("the link was %s and is %s", link, second.Link())
	}
	list := next(page, func(l session.Runs) bool { return len(l.Runs) == 1 && l.Runs[0].Info.State == "paused" })
	page.send(session.ResumeRun{ID: list.Runs[0].Info.ID})
	page.send(session.Advance{Run: run.Info.ID})
	got := next(page, func(r session.Run) bool { return r.Info.ID == run.Info.ID && r.Info.State == "done" })
	compareRuns(t, got, want)
}

// compareRuns fails unless two runs have the same numbers, times apart.
func compareRuns(t *testing.T, got, want session.Run) {
	t.Helper()
	compared := 0
	for _, m := range want.Metrics {
		if strings.Contains(m.Name, "seconds") || strings.Contains(m.Name, "per_second") {
			continue
		}
		i := slices.IndexFunc(got.Metrics, func(o session.Metric) bool { return o.Name == m.Name })
		if i < 0 {
			t.Errorf("column %s is missing", m.Name)
			continue
		}
		for k, v := range m.Values {
			o := got.Metrics[i].Values[k]
			if (o == nil) != (v == nil) || o != nil && *o != *v {
				t.Errorf("%s of step %d is %v, want %v", m.Name, k+1, o, v)
			}
			compared++
		}
	}
	if compared < 50 {
		t.Errorf("only %d numbers are compared", compared)
	}
}
