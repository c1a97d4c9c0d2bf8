package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// appBrowsers are browsers that show a page in a window of its own by --app, without tabs and address: those of Chromium's family.
func appBrowsers() []string {
	switch runtime.GOOS {
	case "windows":
		var paths []string
		for _, folder := range []string{"ProgramFiles(x86)", "ProgramFiles", "LocalAppData"} {
			for _, program := range []string{`Microsoft\Edge\Application\msedge.exe`, `Google\Chrome\Application\chrome.exe`, `BraveSoftware\Brave-Browser\Application\brave.exe`} {
				paths = append(paths, filepath.Join(os.Getenv(folder), program))
			}
		}
		return paths
	case "darwin":
		var paths []string
		for _, name := range []string{"Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser"} {
			paths = append(paths, "/Applications/"+name+".app/Contents/MacOS/"+name)
		}
		return paths
	}
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "brave-browser", "vivaldi"}
}

// findBrowser returns the first of the browsers that is installed.
func findBrowser(names []string) (path string, ok bool) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// soon is how fast a browser ends that cannot show a window.
var soon = 3 * time.Second

// errNoWindow is wrapped where a browser ends without having shown a window.
var errNoWindow = errors.New("it ended at once")

// appWindow shows an address in an app window of a browser and returns once the window is closed. The browser has a profile of its own: with the
// user's it would hand the address to a browser that runs already, and nobody would know when the window is closed.
func appWindow(ctx context.Context, browser, profile, address string, m memory) error {
	arguments := []string{"--app=" + address, "--user-data-dir=" + profile, "--no-first-run", "--no-default-browser-check",
		"--window-size=" + strconv.Itoa(m.Width) + "," + strconv.Itoa(m.Height)}
	if m.Maximized {
		arguments = append(arguments, "--start-maximized")
	}
	command := exec.CommandContext(ctx, browser, arguments...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // it closes its window
	command.WaitDelay = 5 * time.Second
	begun := time.Now()
	err := command.Run()
	switch {
	case ctx.Err() != nil:
		return nil
	case time.Since(begun) < soon && err != nil:
		return fmt.Errorf("%s shows no window: %w (%w)", filepath.Base(browser), errNoWindow, err)
	case time.Since(begun) < soon:
		return fmt.Errorf("%s shows no window: %w", filepath.Base(browser), errNoWindow)
	}
	return nil // how a browser ends is its own affair
}

// openDefault opens an address in the user's browser.
func openDefault(address string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", address).Run()
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", address).Run()
	}
	return exec.Command("xdg-open", address).Run()
}
