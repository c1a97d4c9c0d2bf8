//go:build !js && !windows

package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
)

// A window that echoes: what the session sends comes back as the window's own message.
func TestAFigureIsAnEndOfTheSession(t *testing.T) {
	var hub session.Hub
	engine, port := hub.Join(), hub.Join()
	defer engine.Close()
	done := make(chan error)
	go func() { done <- connectFigure(exec.Command("sh", "-c", "head -n 1"), port) }()
	want := session.Selection{Step: 3, Token: -1, Layer: 1, Head: 2, Node: -1}
	if err := engine.Send(session.Select{Selection: want}); err != nil {
		t.Fatal(err)
	}
	select {
	case message := <-engine.In:
		if got, ok := message.(session.Select); !ok || got.Selection != want {
			t.Errorf("the window said %#v, want the selection %+v", message, want)
		}
	case <-time.After(time.Minute):
		t.Fatal("the window said nothing")
	}
	if err := <-done; err != nil {
		t.Errorf("a window that is closed is an error: %v", err)
	}
	if err := connectFigure(exec.Command("sh", "-c", "exit 3"), hub.Join()); err == nil || !strings.Contains(err.Error(), "display") {
		t.Errorf("a window that fails: %v", err)
	}
}

func TestWrongUseOfFigure(t *testing.T) {
	for _, c := range []struct {
		arguments, want string
		status          int
	}{
		{"figure", "name of one figure", 2}, {"figure nothing --session x", "arcs, matrix", 2}, {"figure tree", "--session", 2}, {"figure tree --session x --theme blue", "light or dark", 2},
		{"figure tree --session x --set wide", "OPTION=VALUE", 2}, {"figure tree --session nonsense", "link of a lab", 1}, {"figure tree --session http://127.0.0.1:1/?token=x", "cannot be joined", 1},
	} {
		var stdout, stderr strings.Builder
		if status := run(t.Context(), strings.Fields(c.arguments), nil, &stdout, &stderr); status != c.status || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: status %d, %q; want %d and %q", c.arguments, status, stderr.String(), c.status, c.want)
		}
	}
}
