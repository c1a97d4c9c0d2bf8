//go:build !js

// Command lab is the page of the lab. In a browser it is the page's program, which web/lab.js loads (main_js.go). Anywhere
// else it writes the HTML of the first screen, with the trace from standard input, so that visitors see the page before its
// programs have loaded:
//
//	lab FOLDER < example.json
//
// FOLDER is the path of the site's files, as seen from the page.
package main

import (
	"fmt"
	"io"
	"os"

	"attnlab/app/lab"
	"attnlab/app/panels"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lab FOLDER < example.json")
		os.Exit(2)
	}
	example, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab: read the example:", err)
		os.Exit(1)
	}
	app.PrintHTML(os.Stdout, panels.NewPage(lab.Link{Folder: os.Args[1]}, "", lab.ReadExample(example)))
}
