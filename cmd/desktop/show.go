package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"attnlab/cmd/desktop/webview"
)

// The ways to show the lab, in the order in which they are tried.
const (
	inWindow  = "window"  // of the system's web view
	inApp     = "app"     // an app window of an installed browser
	inBrowser = "browser" // the user's browser
)

var ways = []string{inWindow, inApp, inBrowser}

// show shows the lab until its window is closed or ctx ends: in the way that is asked for, or in the first that works if that is "". It says in
// one sentence why a way was not taken. It returns an error if no way works.
func (d *desktop) show(ctx context.Context, way string) error {
	tried := ways
	if way != "" {
		tried = []string{way}
	}
	var failed error
	for _, way := range tried {
		err := d.in(ctx, way)
		if err == nil {
			return nil
		}
		failed = err
		if next := slices.Index(tried, way) + 1; next < len(tried) {
			d.note("%v; trying %s", err, map[string]string{inApp: "an app window of a browser", inBrowser: "the default browser"}[tried[next]])
		}
	}
	return fmt.Errorf("the lab cannot be shown: %w. It is served at %s; open that in a browser", failed, d.address)
}

func (d *desktop) in(ctx context.Context, way string) error {
	switch way {
	case inWindow:
		return d.window(ctx)
	case inApp:
		browser, ok := findBrowser(d.browsers)
		if !ok {
			return errors.New("no browser with app windows (Chromium, Chrome, Edge, Brave) is installed")
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		d.note("the lab is shown in a window of %s", filepath.Base(browser))
		return appWindow(ctx, browser, filepath.Join(cache, "attnlab", "window"), d.address, d.memory)
	case inBrowser:
		if err := d.openDefault(d.address); err != nil {
			return fmt.Errorf("the default browser could not be opened: %w", err)
		}
		d.note("the lab is open in your browser; Ctrl-C here ends it")
		<-ctx.Done()
		return nil
	}
	return fmt.Errorf("there is no way %q to show the lab; choose %v", way, ways)
}

// window shows the lab in a window of the web view. It must run in the main thread.
func (d *desktop) window(ctx context.Context) error {
	app, err := d.openView(webview.Options{
		Name: "attnlab", Icon: d.icon, Start: startScript(d.memory.Theme), Message: d.heard, Leave: d.leave, Report: func(text string) { d.note("%s", text) },
		Opened: d.figureWindow,
	})
	if err != nil {
		return err
	}
	var w *webview.Window
	w = app.Window(webview.WindowOptions{
		Title: "attnlab", Address: d.address, Width: d.memory.Width, Height: d.memory.Height, Maximized: d.memory.Maximized,
		Menu: d.menu(app, func() *webview.Window { return w }),
		Closed: func(s webview.Size) {
			d.memory.Width, d.memory.Height, d.memory.Maximized = s.Width, s.Height, s.Maximized
			app.Quit() // the windows of figures show nothing without the lab's
		},
	})
	stop := context.AfterFunc(ctx, func() { app.Do(app.Quit) })
	defer stop()
	app.Run()
	return nil
}
