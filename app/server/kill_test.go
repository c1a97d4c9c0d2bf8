//go:build !js

package server

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"attnlab/app/session"
)

// asServer makes the test's own program a server that can be killed: of the runs in the folder that it names, at the address serveAt.
const asServer, serveAt = "ATTNLAB_TEST_SERVE_RUNS", "ATTNLAB_TEST_SERVE_AT"

func TestMain(m *testing.M) {
	if runs := os.Getenv(asServer); runs != "" {
		if err := serveRuns(runs, os.Getenv(serveAt)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveRuns serves until the process is killed.
func serveRuns(runs, address string) error {
	small, err := smallSite()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	h, err := Start(context.Background(), Options{Site: small, Listener: listener, Backend: "host", Runs: runs})
	if err != nil {
		return err
	}
	return h.Wait()
}

// process starts a server as a process of its own, which ends with the test. kill ends it as kill -9 does.
func process(t *testing.T, runs, address string) (kill func()) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), asServer+"="+runs, serveAt+"="+address)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Wait() })
	return func() {
		if err := command.Process.Kill(); err != nil {
			t.Error(err)
		}
		command.Wait() // its error is that it was killed
	}
}

// TestAKilledServerLosesNoStep kills the server's process in a run, twice, and starts it again on the same folder. The page's line opens again by
// itself, the run is resumed from where it was saved, and its numbers are those of a run that nobody disturbed.
func TestAKilledServerLosesNoStep(t *testing.T) {
	const steps = 60 // more than are taken until the server is killed
	want := undisturbed(t, steps)

	runs := t.TempDir()
	free := listen(t, "127.0.0.1:0")
	address := free.Addr().String()
	free.Close()
	kill := process(t, runs, address)
	token := ""
	for end := time.Now().Add(time.Minute); token == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(runs + "/" + tokenFile); err == nil && len(data) > 22 {
			token = string(data[:22])
		}
	}
	page := join(t, "http://"+address+"/?token="+token)
	next(page, idle)
	page.send(session.Begin{Settings: short(steps)})
	page.send(session.Advance{})
	id := ""
	for _, at := range []int{3, 9} {
		run := next(page, func(r session.Run) bool { return r.Info.Step >= at && r.Info.State == "running" })
		id = run.Info.ID
		kill()
		kill = process(t, runs, address)
		next(page, func(l session.Runs) bool {
			return len(l.Runs) == 1 && l.Runs[0].Info.ID == id && l.Runs[0].Info.State == "paused"
		})
		page.send(session.ResumeRun{ID: id})
		page.send(session.Advance{Run: id})
	}
	got := next(page, func(r session.Run) bool { return r.Info.ID == id && r.Info.State == "done" })
	if got.Info.Step != steps {
		t.Errorf("the run has %d steps, want %d", got.Info.Step, steps)
	}
	compareRuns(t, got, want)
}
