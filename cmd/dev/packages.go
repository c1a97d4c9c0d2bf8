package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const (
	module  = "attnlab"
	binding = "github.com/cogentcore/webgpu"
	ebiten  = "github.com/hajimehoshi/ebiten/v2"
	goApp   = "github.com/maxence-charriere/go-app/v10"
	purego  = "github.com/ebitengine/purego"
	gpuTest = module + "/gpu/gputest" // the conformance suite
)

// goPackage is one package of the module as `go list` reports it for one platform.
type goPackage struct {
	ImportPath   string
	Deps         []string // what it imports, over any number of steps
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string

	testDeps []string // Deps of its test binary; empty without tests
}

func (p goPackage) tested() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

// reaches reports whether the package or its tests import path or a package below it, over any number of steps.
func (p goPackage) reaches(path string) bool {
	below := func(dep string) bool { return dep == path || strings.HasPrefix(dep, path+"/") }
	return slices.ContainsFunc(p.Deps, below) || slices.ContainsFunc(p.testDeps, below)
}

// under reports whether the package lies in one of the module's top folders.
func (p goPackage) under(folders ...string) bool {
	top, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module+"/"), "/")
	return slices.Contains(folders, top)
}

// listPackages returns the packages of the module that build with the extra environment, such as GOOS=js.
func listPackages(ctx context.Context, env ...string) ([]goPackage, error) {
	// -e: vet and the tests report a broken package with its place.
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-test", "-json=ImportPath,ForTest,Deps,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var packages []goPackage
	testDeps := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			goPackage
			ForTest string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		switch name, isTest := strings.CutSuffix(p.ImportPath, ".test"); {
		case isTest:
			testDeps[name] = p.Deps
		case p.ForTest == "": // otherwise it is a package compiled again for a test
			packages = append(packages, p.goPackage)
		}
	}
	for i, p := range packages {
		packages[i].testDeps = testDeps[p.ImportPath]
	}
	return packages, nil
}

func importPaths(packages []goPackage) []string {
	var paths []string
	for _, p := range packages {
		paths = append(paths, p.ImportPath)
	}
	return paths
}

func filter(packages []goPackage, keep func(goPackage) bool) []goPackage {
	var kept []goPackage
	for _, p := range packages {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// goEnv returns the value of a variable of `go env`.
func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
