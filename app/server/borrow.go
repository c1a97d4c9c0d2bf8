package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Files that a visitor chooses in a page stay on the visitor's machine. The page names them (hold), and the engine asks for the ranges that it
// needs (read), so that a model of any size never travels in one message:
//
//	page    hold ID            then a line with the names and sizes
//	server  read {"number":1,"id":ID,"name":"model.safetensors","from":0,"size":1048576}
//	page    range 1            then the bytes, in a binary message
//	page    unread 1           then why it cannot read them
const (
	maxRange  = 1 << 20          // bytes of a range
	maxHeld   = 4                // choices of one page, the newest
	maxNames  = 2000             // files of one choice
	ahead     = 3                // ranges that are asked for beyond the one that is needed, where a file is read in order
	patience  = time.Minute      // for one range
	announced = 10 * time.Second // for the names of files, which come on another way than the command that needs them
)

// held is a file that a page holds.
type held struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// choice are the files that a visitor chose at once.
type choice struct {
	id    string
	files []held // sorted by name
}

// ask is a range that the server waits for.
type ask struct {
	Number uint64 `json:"number"`
	ID     string `json:"id"`
	Name   string `json:"name"`
	From   int64  `json:"from"`
	Size   int64  `json:"size"`

	sent bool // on the line that is open
	done chan struct{}
	data []byte // when done is closed
	err  error
}

// errGone is why files of a page that was closed cannot be read.
var errGone = errors.New("the page that has the files was closed or loaded again; choose them again")

// hold takes the names of files that a page holds. It reports whether they can be such.
func (s *seat) hold(id string, list []byte) bool {
	var files []held
	if id == "" || len(id) > 64 || json.Unmarshal(list, &files) != nil || len(files) == 0 || len(files) > maxNames {
		return false
	}
	for _, f := range files {
		if !fs.ValidPath(f.Name) || f.Name == "." || f.Size < 0 {
			return false
		}
	}
	slices.SortFunc(files, func(a, b held) int { return strings.Compare(a.Name, b.Name) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choices = slices.DeleteFunc(s.choices, func(c choice) bool { return c.id == id })
	s.choices = append(s.choices, choice{id, files})
	s.choices = s.choices[max(0, len(s.choices)-maxHeld):]
	return true
}

// nextAsk is the next range to ask for on the line that is open, nil for none. s.mu is held.
func (s *seat) nextAsk() *ask {
	for _, a := range s.asks {
		if !a.sent {
			a.sent = true
			return a
		}
	}
	return nil
}

// request asks the page for a range of a file.
func (s *seat) request(id, name string, from, size int64) *ask {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastAsk++
	a := &ask{Number: s.lastAsk, ID: id, Name: name, From: from, Size: size, done: make(chan struct{})}
	s.asks = append(s.asks, a)
	s.wake()
	return a
}

// answer ends an ask, unless nobody waits for it any more. Bytes that are not as many as asked for are an error.
func (s *seat) answer(number uint64, data []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.asks, func(a *ask) bool { return a.Number == number })
	if i < 0 {
		return
	}
	a := s.asks[i]
	if err == nil && int64(len(data)) != a.Size {
		err = fmt.Errorf("%s is shorter than it was; choose it again", a.Name)
	}
	a.data, a.err = data, err
	s.asks = slices.Delete(s.asks, i, i+1)
	close(a.done)
}

// forsake ends all asks of a page that does not come back.
func (s *seat) forsake() {
	s.mu.Lock()
	asks := slices.Clone(s.asks)
	s.choices = nil
	s.mu.Unlock()
	for _, a := range asks {
		s.answer(a.Number, nil, errGone)
	}
}

// wait waits for a range. A page that is away has a while to come back.
func (s *seat) wait(ctx context.Context, a *ask) ([]byte, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-a.done:
	case <-ctx.Done():
		s.answer(a.Number, nil, ctx.Err())
	case <-late.C:
		s.answer(a.Number, nil, fmt.Errorf("the page that has %s does not answer; open it there and try again", a.Name))
	}
	<-a.done
	return a.data, a.err
}

// sendAsk sends an ask.
func sendAsk(ctx context.Context, conn *websocket.Conn, a *ask) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return send(ctx, conn, append([]byte("read "), text...), nil)
}

// picked are the files of a choice: those that the program of this process chose, or a page's.
func (h *Home) picked(ctx context.Context, id string) (fs.FS, error) {
	if h.options.Picked != nil {
		if files, err := h.options.Picked(ctx, id); err == nil {
			return files, nil
		}
	}
	late := time.NewTimer(announced)
	defer late.Stop()
	for {
		if files := h.borrowed(id); files != nil {
			return files, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late.C:
			return nil, errGone
		}
	}
}

// borrowed are the files of a page's choice, nil where no page has it.
func (h *Home) borrowed(id string) fs.FS {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.seats {
		s.mu.Lock()
		i := slices.IndexFunc(s.choices, func(c choice) bool { return c.id == id })
		var files []held
		if i >= 0 {
			files = s.choices[i].files
		}
		s.mu.Unlock()
		if i >= 0 {
			return &loan{h.life, s, id, files}
		}
	}
	return nil
}

// loan is a choice as a folder.
type loan struct {
	life  context.Context
	seat  *seat
	id    string
	files []held
}

// Open implements [fs.FS].
func (l *loan) Open(name string) (fs.File, error) {
	i, found := slices.BinarySearchFunc(l.files, name, func(f held, name string) int { return strings.Compare(f.Name, name) })
	if !found {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &loanFile{loan: l, held: l.files[i], ranges: map[int64]*ask{}, last: -1}, nil
}

// ReadDir implements [fs.ReadDirFS].
func (l *loan) ReadDir(name string) (entries []fs.DirEntry, err error) {
	for _, f := range l.files {
		if path.Dir(f.Name) == name {
			entries = append(entries, fs.FileInfoToDirEntry(&loanFile{held: f}))
		}
	}
	if len(entries) == 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return entries, nil
}

// loanFile is an open file of a loan, read by aligned ranges of [maxRange] bytes. Only one goroutine may read it.
type loanFile struct {
	*loan
	held
	at     int64          // of the next Read
	ranges map[int64]*ask // that are asked for, by their place
	window []byte         // the last range
	last   int64          // its place, -1 for none
}

// ReadAt implements [io.ReaderAt].
func (f *loanFile) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at < 0 || at >= f.held.Size {
			return n, io.EOF
		}
		if err := f.fetch(at / maxRange); err != nil {
			return n, err
		}
		n += copy(p[n:], f.window[at%maxRange:])
	}
	return n, nil
}

// fetch makes a range the window. Where the one before it was the window, those after it are asked for too.
func (f *loanFile) fetch(place int64) error {
	if place == f.last {
		return nil
	}
	until := place
	if f.last >= 0 && place == f.last+1 {
		until = place + ahead
	}
	for k := place; k <= until && k*maxRange < f.held.Size; k++ {
		if f.ranges[k] == nil {
			f.ranges[k] = f.seat.request(f.id, f.held.Name, k*maxRange, min(maxRange, f.held.Size-k*maxRange))
		}
	}
	data, err := f.seat.wait(f.life, f.ranges[place])
	delete(f.ranges, place)
	if err != nil {
		return err
	}
	f.window, f.last = data, place
	for k := range f.ranges { // of another part of the file
		if k < place || k > place+ahead {
			f.drop(k)
		}
	}
	return nil
}

func (f *loanFile) drop(place int64) {
	f.seat.answer(f.ranges[place].Number, nil, fs.ErrClosed)
	delete(f.ranges, place)
}

// Read implements [io.Reader].
func (f *loanFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p[:min(len(p), maxRange)], f.at)
	if f.at += int64(n); n > 0 {
		err = nil
	}
	return n, err
}

// Close implements [io.Closer].
func (f *loanFile) Close() error {
	for k := range f.ranges {
		f.drop(k)
	}
	f.window, f.last = nil, -1
	return nil
}

func (f *loanFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *loanFile) Name() string               { return path.Base(f.held.Name) }
func (f *loanFile) Size() int64                { return f.held.Size }
func (f *loanFile) Mode() fs.FileMode          { return 0o444 }
func (f *loanFile) ModTime() time.Time         { return time.Time{} }
func (f *loanFile) IsDir() bool                { return false }
func (f *loanFile) Sys() any                   { return nil }

var _ io.ReaderAt = (*loanFile)(nil)
