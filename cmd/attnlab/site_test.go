package main

import (
	"strings"
	"testing"
)

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
