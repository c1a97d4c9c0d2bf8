//go:build !js

package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/web"

	"github.com/coder/websocket"
)

// holder is a page that holds files, without the rest of a page.
type holder struct {
	*testing.T
	conn  *websocket.Conn
	files map[string][]byte

	mu    sync.Mutex
	asked []ask
	pause time.Duration        // before each answer
	lie   func(ask) (s []byte) // answers in the page's place, where it is not nil
}

// hold opens a line on which a page holds files by an id.
func hold(t *testing.T, h *Home, seat, id string, files map[string][]byte) *holder {
	t.Helper()
	p := &holder{T: t, conn: dial(t, h, h.token, seat), files: files}
	var list []held
	for name, data := range files {
		list = append(list, held{name, int64(len(data))})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	p.write(websocket.MessageText, append([]byte("hold "+id+"\n"), text...))
	go p.serve()
	return p
}

func (p *holder) write(kind websocket.MessageType, data []byte) {
	_ = p.conn.Write(p.Context(), kind, data) // a line that is cut is part of some tests
}

func (p *holder) serve() {
	for {
		_, data, err := p.conn.Read(p.Context())
		if err != nil {
			return
		}
		text, is := bytes.CutPrefix(data, []byte("read "))
		if !is {
			continue
		}
		var a ask
		if err := json.Unmarshal(text, &a); err != nil {
			p.Error(err)
			return
		}
		p.mu.Lock()
		p.asked = append(p.asked, a)
		pause, lie := p.pause, p.lie
		p.mu.Unlock()
		time.Sleep(pause)
		if lie != nil {
			p.write(websocket.MessageBinary, lie(a))
			continue
		}
		p.write(websocket.MessageBinary, append(fmt.Appendf(nil, "range %d\n", a.Number), p.files[a.Name][a.From:a.From+a.Size]...))
	}
}

// ranges are those that were asked for so far.
func (p *holder) ranges() []ask {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// noise are n bytes.
func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// tinyModel are the files of a model.
func tinyModel(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		data, err := web.FS.ReadFile("models/chain-tiny/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

// TestReadsRanges reads a file of a page in order and out of order. No range is larger than allowed, and few are on their way at once.
func TestReadsRanges(t *testing.T) {
	h := start(t, nil)
	big := noise(9*maxRange + 12345)
	p := hold(t, h, "reads-ranges", "big", map[string][]byte{"big.bin": big, "base/empty": {}})
	folder, err := h.picked(t.Context(), "big")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(folder, "big.bin"); err != nil || !bytes.Equal(got, big) {
		t.Fatalf("%d bytes, %v; want %d", len(got), err, len(big))
	}
	asked := p.ranges()
	if len(asked) != 10 {
		t.Errorf("%d ranges were asked for, want each of the 10 once", len(asked))
	}
	for _, a := range asked {
		if a.Size > maxRange || a.From%maxRange != 0 {
			t.Errorf("asked for %+v", a)
		}
	}
	file, err := folder.Open("big.bin")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		from, n := rand.IntN(len(big)), rand.IntN(2*maxRange)
		part := make([]byte, n)
		got, err := file.(io.ReaderAt).ReadAt(part, int64(from))
		want := big[from:min(len(big), from+n)]
		if !bytes.Equal(part[:got], want) || (len(want) < n) != (err == io.EOF) || err != nil && err != io.EOF {
			t.Errorf("%d bytes from %d: %d bytes, %v", n, from, got, err)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := fs.ReadDir(folder, "base"); err != nil || len(entries) != 1 || entries[0].Name() != "empty" {
		t.Errorf("base has %v, %v", entries, err)
	}
	for _, name := range []string{"none", "../big.bin", "base"} {
		if _, err := folder.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAReadSurvivesACutLine cuts the line while a range is on its way, and opens it again. The range is asked for again.
func TestAReadSurvivesACutLine(t *testing.T) {
	h := start(t, nil)
	files := map[string][]byte{"big.bin": noise(5 * maxRange)}
	p := hold(t, h, "cut-and-again", "big", files)
	folder, err := h.picked(t.Context(), "big")
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.pause = time.Hour // the page sleeps
	p.mu.Unlock()
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result)
	go func() {
		data, err := fs.ReadFile(folder, "big.bin")
		read <- result{data, err}
	}()
	for len(p.ranges()) == 0 {
		time.Sleep(time.Millisecond)
	}
	p.conn.CloseNow() // as a network does, without a word
	hold(t, h, "cut-and-again", "big", files)
	if r := <-read; r.err != nil || !bytes.Equal(r.data, files["big.bin"]) {
		t.Errorf("%d bytes, %v", len(r.data), r.err)
	}
}

// TestOpensAModelOfAPage looks at a model that a page holds and opens it. Before it is opened none of its weights are asked for.
func TestOpensAModelOfAPage(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	files := tinyModel(t)
	p := hold(t, h, "has-a-model", "m1", files)
	g.send(session.LookAt{From: session.ModelPlace{Kind: session.FromFiles, ID: "m1", Name: "mine"}})
	o := next(g, func(o session.Offer) bool { return o.Name != "" })
	next(g, idle)
	before := len(p.ranges())
	plan := o.Contexts[len(o.Contexts)-1]
	g.send(session.OpenModel{Storage: plan.Needs[0].Storage, Context: plan.Tokens})
	loaded := next(g, func(c session.Capabilities) bool { return c.Model.Name == o.Name })
	if loaded.Model.Layers != o.Layers {
		t.Errorf("the model is %+v", loaded.Model)
	}
	sent := 0
	for _, a := range p.ranges() {
		sent += int(a.Size)
	}
	if before == len(p.ranges()) && len(files["model.safetensors"]) > maxRange {
		t.Error("the weights came before Open")
	}
	t.Logf("%d ranges, %d bytes, %d ranges of them before Open", len(p.ranges()), sent, before)
}

// TestImportsARunOfAPage imports a run that a page holds, and finds all of its numbers.
func TestImportsARunOfAPage(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	var log strings.Builder
	for k := range 40000 { // more than two ranges
		fmt.Fprintf(&log, "{\"step\":%d,\"method\":\"grpo\",\"accuracy\":0.5,\"loss\":%d.25}\n", k+1, k)
	}
	p := hold(t, h, "has-a-run", "r1", map[string][]byte{"metrics.jsonl": []byte(log.String()), "notes.txt": []byte("not asked for")})
	g.send(session.ImportRun{Name: "mine", Picked: "r1"})
	if s := next(g, func(s session.Status) bool { return s.Stage == "reading the run" && s.Done > 0 }); s.Total != log.Len() {
		t.Errorf("progress is %+v of %d bytes", s, log.Len())
	}
	if r := next(g, func(r session.Runs) bool { return len(r.Runs) == 1 }); r.Runs[0].Info.Step != 40000 || r.Runs[0].Info.Name != "mine" {
		t.Errorf("the run is %+v", r.Runs[0].Info)
	}
	for _, a := range p.ranges() {
		if a.Name != "metrics.jsonl" {
			t.Errorf("%s was asked for", a.Name)
		}
	}
}

// TestCancelStopsReading cancels the import of a large run from a slow page.
func TestCancelStopsReading(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	p := hold(t, h, "slow-page", "r1", map[string][]byte{"metrics.jsonl": noise(100 * maxRange)})
	p.mu.Lock()
	p.pause = 20 * time.Millisecond
	p.mu.Unlock()
	g.send(session.ImportRun{Name: "mine", Picked: "r1"})
	next(g, func(s session.Status) bool { return s.Stage == "reading the run" && s.Done > 0 })
	g.send(session.Cancel{})
	next(g, idle)
	if n := len(p.ranges()); n > 50 {
		t.Errorf("%d ranges of 100 were asked for", n)
	}
}

// TestAPageThatGoesEndsItsReads closes the page that has the files, or asks for files that no page has.
func TestAPageThatGoesEndsItsReads(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	p := hold(t, h, "leaves-early", "m1", tinyModel(t))
	p.mu.Lock()
	p.pause = time.Hour
	p.mu.Unlock()
	g.send(session.LookAt{From: session.ModelPlace{Kind: session.FromFiles, ID: "m1", Name: "mine"}})
	for len(p.ranges()) == 0 {
		time.Sleep(time.Millisecond)
	}
	p.conn.Close(websocket.StatusGoingAway, "")
	if f := next(g, func(session.Failure) bool { return true }); !strings.Contains(f.Text, "closed or loaded again") {
		t.Errorf("the page reads %+v", f)
	}
	next(g, idle)
	g.send(session.Check{Text: "x"}) // the engine goes on
	next(g, func(session.Checked) bool { return true })
}

// TestBearsPagesThatLie holds files with names that lead elsewhere, sends ranges that nobody asked for, and too many bytes.
func TestBearsPagesThatLie(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	for i, list := range []string{`[{"name":"../x","size":1}]`, `[{"name":"/etc/passwd","size":1}]`, `[{"name":"","size":1}]`, `[{"name":"x","size":-1}]`, `[]`, `{}`, `[{"name":".","size":1}]`,
		"[" + strings.Repeat(`{"name":"x","size":1},`, maxNames) + `{"name":"x","size":1}]`} {
		conn := dial(t, h, h.token, fmt.Sprintf("lying-page-%d", i))
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("hold bad\n"+list)); err != nil {
			t.Fatal(err)
		}
		for {
			if _, _, err := conn.Read(t.Context()); err != nil { // the line is closed
				break
			}
		}
	}
	if h.borrowed("bad") != nil {
		t.Error("a page holds files with such names")
	}
	watcher := dial(t, h, h.watch, "watcher-holds")
	if err := watcher.Write(t.Context(), websocket.MessageText, []byte(`hold bad`+"\n"+`[{"name":"x","size":1}]`)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := watcher.Read(t.Context()); err != nil {
			break
		}
	}
	if h.borrowed("bad") != nil {
		t.Error("a watcher holds files")
	}
	p := hold(t, h, "too-much", "m1", tinyModel(t))
	p.write(websocket.MessageBinary, append([]byte("range 999\n"), noise(maxRange)...)) // nobody asked
	p.mu.Lock()
	p.lie = func(a ask) []byte { return append(fmt.Appendf(nil, "range %d\n", a.Number), noise(int(a.Size)+1)...) }
	p.mu.Unlock()
	g.send(session.LookAt{From: session.ModelPlace{Kind: session.FromFiles, ID: "m1", Name: "mine"}})
	if f := next(g, func(session.Failure) bool { return true }); !strings.Contains(f.Text, "choose it again") {
		t.Errorf("the page reads %+v", f)
	}
	if ids, err := h.library().Store.List(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("runs were saved: %v, %v", ids, err)
	}
}
