// Command dev sets up a new machine, runs every test of the project (on the host, on a native WebGPU adapter and in
// headless Chromium), and packs a release. It imports the standard library only.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: go run ./cmd/dev COMMAND

  setup                    install what the tests need (Debian, as root) or say what to install
  check                    gofmt, go vet, direction of imports
  test [-short] [-run RE]  set-up, checks, and all tests on the host, on the native adapter and in Chromium
  release [--out FOLDER]   an archive of the programs and the site for this system, with its checksum
  browser-exec WASM ...    run a js/wasm program in Chromium, for go test -exec
`

func main() {
	// go test sends SIGQUIT to a program that takes too long.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	code, err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "dev:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// command runs one command and returns the exit status: 0 done, 1 failed, 2 wrong usage.
func command(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		args = []string{"help"}
	}
	switch name, rest := args[0], args[1:]; name {
	case "setup":
		return 0, setUp(ctx)
	case "check":
		return runCheck(ctx, rest)
	case "test":
		return runTest(ctx, rest)
	case "release":
		return runRelease(ctx, rest)
	case "browser-exec":
		return browserExec(ctx, rest)
	default:
		fmt.Fprint(os.Stderr, usage)
		return 2, nil
	}
}
