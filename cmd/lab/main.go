//go:build !js

// Command lab is the page of the lab. In a browser it is the page's program, which web/lab.js loads (main_js.go). Anywhere
// else it writes the page as it stands before that, with the trace that standard input holds: so something is on screen
// while the programs are still on their way.
package main

import "attnlab/app/lab"

import (
	"fmt"
	"io"
	"os"

	"attnlab/app/panels"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func main() {
	example, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab: read the example:", err)
		os.Exit(1)
	}
	app.PrintHTML(os.Stdout, panels.NewPage(lab.Link{}, "", lab.ReadExample(example)))
}
