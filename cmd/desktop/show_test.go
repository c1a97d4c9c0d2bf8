package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"attnlab/cmd/desktop/webview"
)

// fakeBrowser writes a program that stores its arguments, runs a while and ends with a status.
func fakeBrowser(t *testing.T, seconds string, status int) (program, arguments string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake browser is a shell script")
	}
	program, arguments = filepath.Join(t.TempDir(), "chromium"), filepath.Join(t.TempDir(), "arguments")
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" > %s\nsleep %s\nexit %d\n", arguments, seconds, status)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, arguments
}

// without is a program on a machine without a web view, with some browsers.
func without(t *testing.T, browsers ...string) (d *desktop, said *[]string, opened *[]string) {
	said, opened = &[]string{}, &[]string{}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	before := soon
	soon = time.Second
	t.Cleanup(func() { soon = before })
	return &desktop{memory: first, address: "http://127.0.0.1:4000/", browsers: browsers,
		note:        func(format string, values ...any) { *said = append(*said, fmt.Sprintf(format, values...)) },
		openView:    func(webview.Options) (*webview.App, error) { return nil, fmt.Errorf("%w: none here", webview.ErrNone) },
		openDefault: func(address string) error { *opened = append(*opened, address); return nil },
	}, said, opened
}

func TestWithoutAWebViewABrowserShowsAnAppWindow(t *testing.T) {
	browser, arguments := fakeBrowser(t, "1.2", 0)
	d, said, opened := without(t, browser)
	d.memory.Width, d.memory.Height = 1000, 700
	if err := d.show(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(arguments)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--app=http://127.0.0.1:4000/\n", "--window-size=1000,700\n", "--user-data-dir=" + os.Getenv("XDG_CACHE_HOME")} {
		if runtime.GOOS == "darwin" && strings.Contains(want, "user-data-dir") {
			continue // its folder of caches does not follow the variable
		}
		if !strings.Contains(string(got), want) {
			t.Errorf("the browser got %q, want %q among them", got, want)
		}
	}
	if len(*opened) > 0 || len(*said) != 2 || !strings.Contains((*said)[0], "none here; trying an app window") {
		t.Errorf("said %q and opened %q; want one sentence for the missing web view, one for the app window", *said, *opened)
	}
}

// A browser that cannot open a window, as Chromium for root, ends at once.
func TestABrowserThatEndsAtOnceIsFollowedByTheDefaultOne(t *testing.T) {
	for _, status := range []int{0, 1} {
		browser, _ := fakeBrowser(t, "0", status)
		d, said, opened := without(t, browser)
		ctx, end := context.WithCancel(t.Context())
		d.openDefault = func(address string) error { *opened = append(*opened, address); end(); return nil }
		if err := d.show(ctx, ""); err != nil {
			t.Fatal(err)
		}
		if len(*opened) != 1 || (*opened)[0] != d.address || !strings.Contains(strings.Join(*said, "\n"), "chromium shows no window") {
			t.Errorf("status %d: opened %q, said %q", status, *opened, *said)
		}
	}
}

func TestWithoutAnyWayTheErrorHasTheAddress(t *testing.T) {
	d, said, _ := without(t)
	d.openDefault = func(string) error { return errors.New("no xdg-open") }
	err := d.show(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), d.address) || !strings.Contains(err.Error(), "xdg-open") || len(*said) != 2 {
		t.Errorf("show = %v, said %q", err, *said)
	}
}

func TestOneWayIsTakenAlone(t *testing.T) {
	d, said, opened := without(t)
	if err := d.show(t.Context(), inWindow); err == nil || !strings.Contains(err.Error(), "none here") || len(*said)+len(*opened) > 0 {
		t.Errorf("show in a window = %v, said %q, opened %q", err, *said, *opened)
	}
	if err := d.show(t.Context(), "hologram"); err == nil || !strings.Contains(err.Error(), "hologram") {
		t.Errorf("show in an unknown way = %v", err)
	}
}

// The end of the program closes the app window.
func TestTheEndClosesTheAppWindow(t *testing.T) {
	browser, arguments := fakeBrowser(t, "60", 0)
	d, _, _ := without(t, browser)
	ctx, end := context.WithCancel(t.Context())
	go func() {
		for ; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(arguments); err == nil {
				end()
			}
		}
	}()
	begun := time.Now()
	if err := d.show(ctx, inApp); err != nil || time.Since(begun) > 30*time.Second {
		t.Errorf("show = %v after %v", err, time.Since(begun))
	}
}
