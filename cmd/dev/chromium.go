package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// chromiumFlags give headless Chromium the software adapter SwiftShader.
var chromiumFlags = []string{
	"--headless", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader",
	"--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
	"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-dev-shm-usage", // a container's /dev/shm is often too small
	"--enable-logging=stderr",
}

// chromium is one headless browser with a profile of its own.
type chromium struct {
	cmd     *exec.Cmd
	profile string
	control []*os.File    // our ends of the debugging pipe
	exited  chan struct{} // closed once the process has ended
	log     tail
}

// openChromium starts a browser that shows url.
func openChromium(url string) (*chromium, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("no chromium in PATH: run `go run ./cmd/dev setup`")
	}
	b := &chromium{exited: make(chan struct{})}
	if b.profile, err = os.MkdirTemp("", "attnlab-chromium-"); err != nil {
		return nil, fmt.Errorf("make a browser profile: %w", err)
	}
	// Chromium exits when the debugging pipe closes, so it ends with this process, however this process ends.
	fromUs, toBrowser, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	fromBrowser, toUs, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	b.control = []*os.File{toBrowser, fromBrowser}
	b.cmd = exec.Command(path, append(chromiumFlags, "--remote-debugging-pipe", "--user-data-dir="+b.profile, url)...)
	b.cmd.ExtraFiles = []*os.File{fromUs, toUs}
	b.cmd.Stderr = &b.log
	b.cmd.WaitDelay = time.Second
	err = b.cmd.Start()
	fromUs.Close()
	toUs.Close()
	if err != nil {
		b.close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	go func() {
		b.cmd.Wait()
		close(b.exited)
	}()
	return b, nil
}

// close ends the browser and removes its profile.
func (b *chromium) close() {
	for _, f := range b.control {
		f.Close()
	}
	if b.cmd.Process != nil {
		select {
		case <-b.exited:
		case <-time.After(5 * time.Second):
			b.cmd.Process.Kill()
			<-b.exited
		}
	}
	// The browser's helper processes may still be writing.
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for os.RemoveAll(b.profile) != nil && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailSize; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// last returns the last n lines at most, without Chromium's complaints that a headless machine has no D-Bus.
func (t *tail) last(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(t.text)) {
		if !strings.Contains(line, "dbus") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
