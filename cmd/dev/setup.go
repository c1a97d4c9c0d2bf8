package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// requirement is a Debian package, and a glob of a file that exists if the package is installed in any way.
type requirement struct{ pkg, file string }

// adapters are the software GPUs: Mesa's lavapipe for native programs, Chromium's SwiftShader for the browser.
var adapters = []requirement{
	{"mesa-vulkan-drivers", "/usr/share/vulkan/icd.d/lvp_icd*.json"},
	{"libvulkan1", "/usr/lib/*/libvulkan.so.1"},
	{"chromium", "/usr/bin/chromium"},
}

// window is what ebiten needs on Linux: X headers to compile, a display to start.
var window = []requirement{
	{"libx11-dev", "/usr/include/X11/Xlib.h"},
	{"libxrandr-dev", "/usr/include/X11/extensions/Xrandr.h"},
	{"libxinerama-dev", "/usr/include/X11/extensions/Xinerama.h"},
	{"libxcursor-dev", "/usr/include/X11/Xcursor/Xcursor.h"},
	{"libxi-dev", "/usr/include/X11/extensions/XInput2.h"},
	{"libgl1-mesa-dev", "/usr/include/GL/gl.h"},
	{"libxxf86vm-dev", "/usr/include/X11/extensions/xf86vmode.h"},
	{"xvfb", "/usr/bin/Xvfb"},
}

// others are browsers and a web view whose tests are skipped, and named in the summary, where they are not installed.
var others = []requirement{{"firefox-esr", "/usr/bin/firefox*"}, {"libwebkit2gtk-4.1-0", "/usr/lib/*/libwebkit2gtk-4.1.so.0"}}

// missing returns the Debian packages whose file does not exist.
func missing(needs []requirement) []string {
	var pkgs []string
	for _, r := range needs {
		if found, _ := filepath.Glob(r.file); len(found) == 0 {
			pkgs = append(pkgs, r.pkg)
		}
	}
	return pkgs
}

// withWindows is GOFLAGS for all packages. Those that open a window need X headers, so plain `go test ./...` leaves them out.
func withWindows() string { return strings.TrimSpace(os.Getenv("GOFLAGS") + " -tags=desktop") }

// setUp installs what the tests need, and what they can use if that works.
func setUp(ctx context.Context) error {
	needs := adapters
	packages, err := listPackages(ctx, "GOFLAGS="+withWindows())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(packages, func(p goPackage) bool { return p.reaches(ebiten) }) {
		needs = slices.Concat(adapters, window)
	}
	if err := install(ctx, needs); err != nil {
		return err
	}
	if err := install(ctx, others); err != nil {
		fmt.Printf("tests that need more are skipped: %v\n", err)
		return nil
	}
	fmt.Println("everything is installed")
	return nil
}

// install installs what is missing. Without root it returns an error with the line to run.
func install(ctx context.Context, needs []requirement) error {
	pkgs := missing(needs)
	if len(pkgs) == 0 {
		return nil
	}
	line := "install -y --no-install-recommends " + strings.Join(pkgs, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this machine has no apt-get: install what Debian calls %s, then run this again", strings.Join(pkgs, " "))
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("some packages are missing; run this line, then this command again:\n\n  sudo sh -c 'apt-get update && apt-get %s'\n", line)
	}
	fmt.Printf("installing %s (some minutes)\n", strings.Join(pkgs, " "))
	for _, args := range []string{"update", line} {
		// A new machine often updates itself at first, so wait for the lock.
		cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-qq", "-o", "DPkg::Lock::Timeout=300"}, strings.Fields(args)...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args, err)
		}
	}
	if pkgs := missing(needs); len(pkgs) > 0 {
		return errors.New("installed, but these packages did not bring the files that were expected: " + strings.Join(pkgs, " "))
	}
	return nil
}
