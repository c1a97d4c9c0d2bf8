package lab

import "time"

// Screen is everything that the lab needs from the browser besides drawing. No method waits for an answer: the browser
// passes its answer to a function, which runs in the goroutine of the lab.
type Screen interface {
	// Address writes the part of the address after the #. If entry is true it is a new entry of the history.
	Address(hash string, entry bool)
	// Copy puts a text on the clipboard. done gets false if the browser refuses.
	Copy(text string, done func(copied bool))
	// CopyLink puts a link to this page with another part after the # on the clipboard.
	CopyLink(hash string, done func(copied bool))
	// Title names the window.
	Title(title string)
	// Store saves a value in this browser for later visits.
	Store(key string, value any)
	// Theme chooses the colours of this and later visits: light, dark, or "" for the system's.
	Theme(theme string)
	// Awake keeps the screen on, or no longer does. refused gets a sentence if the browser does not allow it.
	Awake(on bool, refused func(why string))

	// Fetch reads a file of the site by its path below the site's folder.
	Fetch(path string, then func(data []byte, err error))
	// Pick asks for files by the input of that id. The answer is [Lab.OpenFiles].
	Pick(input string)
	// HandOver gives files, each a [File.Value] or a []byte, to the engine by their names. The engine reads them by ranges: they are not loaded.
	HandOver(id string, names []string, files []any)
	// Download offers data as a file of a media type.
	Download(name, kind string, data []byte)
	// SaveFigure offers a figure as a file. Its kind is png, svg, csv for its numbers, or gif: all frames of a figure that has several.
	SaveFigure(name, kind string)

	// Reveal scrolls to an element once the page is drawn, Focus gives it the focus, and Place puts it next to the element
	// with that data-do.
	Reveal(id string)
	Focus(id string)
	Place(id, anchor string)
	// Modal makes the dialog that is drawn next a modal one.
	Modal()

	// Reload loads the page again with an engine, "native", "browser" or "" for the one that it has, and a backend. Update loads its
	// newer version.
	Reload(engine, backend string)
	Update()

	// Still reports whether the visitor wants no motion.
	Still() bool
	// After calls do once that time has passed.
	After(d time.Duration, do func())
}

// NoScreen is the screen of a page that is drawn ahead of time. It does nothing.
type NoScreen struct{}

func (NoScreen) Address(string, bool)              {}
func (NoScreen) Copy(string, func(bool))           {}
func (NoScreen) CopyLink(string, func(bool))       {}
func (NoScreen) Title(string)                      {}
func (NoScreen) Store(string, any)                 {}
func (NoScreen) Theme(string)                      {}
func (NoScreen) Awake(bool, func(string))          {}
func (NoScreen) Fetch(string, func([]byte, error)) {}
func (NoScreen) Pick(string)                       {}
func (NoScreen) HandOver(string, []string, []any)  {}
func (NoScreen) Download(string, string, []byte)   {}
func (NoScreen) SaveFigure(string, string)         {}
func (NoScreen) Reveal(string)                     {}
func (NoScreen) Focus(string)                      {}
func (NoScreen) Place(string, string)              {}
func (NoScreen) Modal()                            {}
func (NoScreen) Reload(string, string)             {}
func (NoScreen) Update()                           {}
func (NoScreen) Still() bool                       { return true }
func (NoScreen) After(time.Duration, func())       {}
