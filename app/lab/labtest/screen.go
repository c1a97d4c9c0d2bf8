package labtest

import (
	"io/fs"
	"strings"
	"time"
)

// Screen is a fake of lab.Screen that records its calls.
type Screen struct {
	Hash    string // the address
	Entries int    // new entries of the history
	Titled  string
	Stored  map[string]any
	Themed  string
	Picked  []string
	Saved   map[string][]byte // downloads, by name
	Figures []string          // whose picture was asked for, as NAME.KIND
	Shown   []string          // elements that were revealed, focused or placed
	Modals  int
	Loaded  []string // backends that the page was loaded again with, "update" for its newer version

	Copied string   // text on the clipboard
	Handed []string // names of the files that were handed to the engine last

	Files   map[string][]byte // of the site, by path
	Fetched []string          // paths

	NoClipboard bool
	NoAwake     string // why the browser refuses
	IsAwake     bool
	NoMotion    bool

	waiting []func()
}

func (s *Screen) Address(hash string, entry bool) {
	if s.Hash = hash; entry {
		s.Entries++
	}
}
func (s *Screen) Copy(text string, done func(bool)) {
	if !s.NoClipboard {
		s.Copied = text
	}
	done(!s.NoClipboard)
}
func (s *Screen) CopyLink(hash string, done func(bool)) { s.Copy("#"+hash, done) }
func (s *Screen) Title(title string)                    { s.Titled = title }
func (s *Screen) Store(key string, value any) {
	if s.Stored == nil {
		s.Stored = map[string]any{}
	}
	s.Stored[key] = value
}
func (s *Screen) Theme(theme string) { s.Themed = theme }
func (s *Screen) Awake(on bool, refused func(string)) {
	if on && s.NoAwake != "" {
		refused(s.NoAwake)
		return
	}
	s.IsAwake = on
}

// Fetch answers with a file of Files, at once.
func (s *Screen) Fetch(path string, then func([]byte, error)) {
	s.Fetched = append(s.Fetched, path)
	if data, ok := s.Files[path]; ok {
		then(data, nil)
		return
	}
	then(nil, fs.ErrNotExist)
}
func (s *Screen) Pick(input string) { s.Picked = append(s.Picked, input) }
func (s *Screen) Download(name, kind string, data []byte) {
	if s.Saved == nil {
		s.Saved = map[string][]byte{}
	}
	s.Saved[name] = data
}
func (s *Screen) SaveFigure(name, kind string) { s.Figures = append(s.Figures, name+"."+kind) }
func (s *Screen) Reveal(id string)             { s.Shown = append(s.Shown, id) }
func (s *Screen) Focus(id string)              { s.Shown = append(s.Shown, id) }
func (s *Screen) Place(id, _ string)           { s.Shown = append(s.Shown, id) }
func (s *Screen) Modal()                       { s.Modals++ }
func (s *Screen) Reload(engine, backend string) {
	s.Loaded = append(s.Loaded, strings.TrimSpace(engine+" "+backend))
}
func (s *Screen) Update()                          { s.Loaded = append(s.Loaded, "update") }
func (s *Screen) Still() bool                      { return s.NoMotion }
func (s *Screen) After(_ time.Duration, do func()) { s.waiting = append(s.waiting, do) }

// Wait lets the time of [Screen.After] pass, and reports whether anything waited.
func (s *Screen) Wait() bool {
	waiting := s.waiting
	s.waiting = nil
	for _, do := range waiting {
		do()
	}
	return len(waiting) > 0
}

// HandOver records the names of the files that are handed over last.
func (s *Screen) HandOver(_ string, names []string, _ []any) { s.Handed = names }
