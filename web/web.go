// Package web holds the source of the static site, and embeds the shipped bases so that
// the command line has them without any other file. Package app/site builds the site.
package web

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// FS holds the folder models.
//
//go:embed models
var FS embed.FS

// first is the base that the lab opens with: its attention peaks where the search starts again, and its arithmetic is that of
// whole numbers.
const first = "countdown-small"

// Models lists the shipped bases by name: the one that the lab opens with, then the others in alphabetical order.
func Models() []string {
	configs, err := fs.Glob(FS, "models/*/config.json")
	if err != nil {
		panic(err) // the pattern is ours
	}
	names := []string{}
	for _, path := range configs {
		names = append(names, strings.Split(path, "/")[1])
	}
	if i := slices.Index(names, first); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, first)
	}
	return names
}

// Model is the checkpoint folder of a shipped base. It returns an error if no base has that name.
func Model(name string) (fs.FS, error) {
	names := Models()
	switch {
	case slices.Contains(names, name):
		return fs.Sub(FS, "models/"+name)
	case len(names) == 0:
		return nil, fmt.Errorf("web: no base is shipped with this build")
	}
	return nil, fmt.Errorf("web: there is no shipped base %q; choose one of %s", name, strings.Join(names, ", "))
}

// Reflection is the folder of the reflection model of a shipped base; false if the base has none.
func Reflection(base string) (fs.FS, bool) {
	folder := "models/" + base + "/reflection"
	if _, err := fs.Stat(FS, folder+"/config.json"); err != nil {
		return nil, false
	}
	files, err := fs.Sub(FS, folder)
	return files, err == nil
}
