package main

import (
	"strings"
	"testing"

	"attnlab/app/site"
)

// The size of a first load counts the files of the figures, which the first screen shows.
func TestSizeOfTheFirstLoad(t *testing.T) {
	d := documentOf(&site.Site{Files: []site.File{{Path: "app.wasm", Data: make([]byte, 5000), First: true}, {Path: "figure.wasm", Data: make([]byte, 3000), Drawn: true}, {Path: "runs/a", Data: make([]byte, 700)}}})
	if d.FirstLoad.Bytes != 8000 || d.Bytes != 8700 {
		t.Errorf("%+v", d)
	}
	var b strings.Builder
	d.text(&b)
	for _, want := range []string{"figure.wasm\t3.0 kB\t", "\tfor figures\n", "first load, with figures\t8.0 kB\t"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
}

func TestSiteFlags(t *testing.T) {
	for args, message := range map[string]string{
		"build":                       "--out is missing",
		"build --out x --base lab":    "--base",
		"build --out x --base /a/../": "--base",
		"serve --addr nowhere":        "HOST:PORT",
		"example":                     "--out is missing",
	} {
		if code, _, stderr := call("", strings.Fields(args)...); code != 2 || !strings.Contains(stderr, message) {
			t.Errorf("attnlab %s: %d, %s", args, code, stderr)
		}
	}
}
