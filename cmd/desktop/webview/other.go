//go:build !linux

package webview

import "fmt"

// App is all windows of the program.
type App struct{}

// Window is a window with a page.
type Window struct{}

// Open returns an error: there is no window of a web view for this system.
func Open(Options) (*App, error) {
	return nil, fmt.Errorf("%w: attnlab has no window of its own on this system", ErrNone)
}

// No window can exist, because Open returns none, so nothing calls the methods below.

func (*App) Window(WindowOptions) *Window               { panic("webview: no window") }
func (*App) Run()                                       { panic("webview: no window") }
func (*App) Quit()                                      { panic("webview: no window") }
func (*App) Do(func())                                  { panic("webview: no window") }
func (*Window) Close()                                  { panic("webview: no window") }
func (*Window) Raise()                                  { panic("webview: no window") }
func (*Window) Load(string)                             { panic("webview: no window") }
func (*Window) Reload()                                 { panic("webview: no window") }
func (*Window) Zoom(float64)                            { panic("webview: no window") }
func (*Window) FullScreen()                             { panic("webview: no window") }
func (*Window) Eval(string, func(string, bool))         { panic("webview: no window") }
func (*Window) AskFile(string, ...Filter) (path string) { panic("webview: no window") }
func (*Window) AskFolder(string) (path string)          { panic("webview: no window") }
func (*Window) AskSave(string, string) (path string)    { panic("webview: no window") }
