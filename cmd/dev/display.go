package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// openDisplay starts an X server without a screen, because ebiten needs one to start. It returns the DISPLAY to use and a
// function that stops the server.
func openDisplay() (display string, end func(), err error) {
	number, w, err := os.Pipe()
	if err != nil {
		return "", nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer number.Close()
	// The server picks a free number and writes it to descriptor 3 when it is ready.
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
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
