// Package webview opens windows of the system's own web view. The view's library is loaded when the first window opens, so a program
// with this package builds without it, without a C compiler and without headers, and runs where it is missing: [Open] then returns
// an error that says what to install.
//
// On Linux it is WebKitGTK. Other systems have no window yet: [Open] returns [ErrNone].
//
// Windows live in the system's main thread. Call [Open] and [App.Run] from a goroutine that is locked to it (runtime.LockOSThread in an
// init function of the program), and everything else from there too, or inside [App.Do].
package webview

import "errors"

// ErrNone is wrapped by the error of [Open] where no web view can be used.
var ErrNone = errors.New("no web view")

// Options are of all windows.
type Options struct {
	Name string // of the program, in lower case: stored pages lie in a folder of this name
	Icon []byte // PNG
	// Start is a script that every page runs before its own, in its main frame.
	Start string
	// Message gets the texts that pages send by webkit.messageHandlers.attnlab.postMessage(text).
	Message func(w *Window, text string)
	// Leave gets an address outside of the windows' own origin that a page wants to open.
	Leave func(address string)
	// Report gets a sentence for the user: a page that ended, a file that could not be saved.
	Report func(text string)
	// Save returns where to save a file that a page offers, "" for nowhere. Nil asks the user.
	Save func(w *Window, name string) string
	// Opened gets the address of a window that a page opens, and returns how the window is; its address is ignored. window returns the window
	// once it is open, for its menu.
	Opened func(address string, window func() *Window) WindowOptions
}

// WindowOptions are of one window.
type WindowOptions struct {
	Title, Address string
	Width, Height  int // of the window, in the system's units
	Maximized      bool
	Menu           []Menu
	// Closed runs once the window is closed.
	Closed func(Size)
}

// Size is how large a window is. Width and Height are those of the window when it is not maximized.
type Size struct {
	Width, Height int
	Maximized     bool
}

// Menu is a column of the menu bar.
type Menu struct {
	Title string
	Items []Item
}

// Item is an entry of a menu. Without a title it is a line between entries.
type Item struct {
	Title string
	Key   string // such as "<Control>o" or "F11", empty for none
	Do    func()
	// Group makes one choice of all items of a menu with that name. Chosen says which is the current one.
	Group  string
	Chosen bool
}

// Filter names the files that a dialog shows.
type Filter struct {
	Name     string
	Patterns []string // such as "*.json"
}
