// Package xvfb starts X servers without a screen, for tests that open windows.
package xvfb

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Start starts one of a size in pixels. It returns the DISPLAY to use and a function that stops the server. It returns an error where Xvfb is not
// installed or does not start.
func Start(width, height int) (display string, end func(), err error) {
	number, w, err := os.Pipe()
	if err != nil {
		return "", nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer number.Close()
	// The server picks a free number and writes it to descriptor 3 when it is ready.
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-noreset", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return "", nil, fmt.Errorf("start Xvfb: %w", err)
	}
	end = func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		end()
		return "", nil, fmt.Errorf("Xvfb ended before it was ready")
	}
	return ":" + strings.TrimSpace(line), end, nil
}
