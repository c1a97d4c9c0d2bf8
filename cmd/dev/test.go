package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"attnlab/cmd/dev/xvfb"
)

// jsEnv builds for the browser.
var jsEnv = []string{"GOOS=js", "GOARCH=wasm"}

// run is one call of dev check or dev test.
type run struct {
	ctx context.Context
	report
}

func newRun(ctx context.Context) *run {
	return &run{ctx: ctx, report: report{out: os.Stdout, checks: map[backend]int{}}}
}

// stage runs f under a heading and records its duration. An error counts as one failure; later stages still run.
func (r *run) stage(name string, f func() error) {
	if r.ctx.Err() != nil {
		return
	}
	fmt.Fprintf(r.out, "== %s\n", name)
	start := time.Now()
	if err := f(); err != nil {
		r.failed++
		r.failures = append(r.failures, failure{})
		fmt.Fprintf(r.out, "  FAIL %v\n", err)
	}
	r.stages = append(r.stages, stageTime{name, time.Since(start)})
}

// exit prints the summary and returns the exit status.
func (r *run) exit() (int, error) {
	r.print()
	if r.ctx.Err() != nil {
		return 1, fmt.Errorf("not finished: %w", context.Cause(r.ctx))
	}
	return min(r.failed, 1), nil
}

// command prepares a command that is interrupted when the run is.
func (r *run) command(env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = r.out, r.out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// check runs the checks that need no tests.
func (r *run) check() {
	r.stage("gofmt", func() error {
		root, err := goEnv("GOROOT")
		if err != nil {
			return err
		}
		var files strings.Builder
		cmd := r.command(nil, filepath.Join(root, "bin", "gofmt"), "-l", ".")
		cmd.Stdout = &files
		if err := cmd.Run(); err != nil {
			return err
		}
		if files.Len() > 0 {
			return fmt.Errorf("not formatted: %s", strings.Join(strings.Fields(files.String()), " "))
		}
		return nil
	})
	r.stage("vet", func() error { return r.command(nil, "go", "vet", "./...").Run() })
	r.stage("vet for the browser", func() error { return r.command(jsEnv, "go", "vet", "./...").Run() })
}

// test runs `go test` on packages and adds the results to the report.
func (r *run) test(stage string, packages []goPackage, env []string, args ...string) error {
	if len(packages) == 0 {
		fmt.Fprintln(r.out, "  no package has tests here yet")
		return nil
	}
	args = append([]string{"test", "-json", "-vet=off", "-count=1", "-timeout=10m"}, args...)
	cmd := r.command(env, "go", append(args, importPaths(packages)...)...)
	events, w := io.Pipe()
	cmd.Stdout = w
	done := make(chan error, 1)
	go func() {
		err := r.read(stage, events)
		events.CloseWithError(err)
		done <- err
	}()
	failed := r.failed
	err := cmd.Run()
	w.Close()
	if readErr := <-done; readErr != nil {
		return readErr
	}
	if err != nil && r.failed == failed {
		return fmt.Errorf("go test: %w", err)
	}
	return nil
}

// runCheck is `dev check`.
func runCheck(ctx context.Context, args []string) (int, error) {
	if len(args) > 0 {
		return 2, fmt.Errorf("check takes no arguments")
	}
	if err := toRoot(); err != nil {
		return 1, err
	}
	r := newRun(ctx)
	r.check()
	r.stage("direction of imports", func() error {
		return r.test("imports", []goPackage{{ImportPath: module + "/cmd/dev"}}, nil, "-run=^TestImports")
	})
	return r.exit()
}

// runTest is `dev test`.
func runTest(ctx context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	short := flags.Bool("short", false, "leave out slow tests")
	only := flags.String("run", "", "run only the tests that match this regular expression")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2, err
	}
	if err := toRoot(); err != nil {
		return 1, err
	}
	r := newRun(ctx)
	os.Setenv("GOFLAGS", withWindows())
	r.stage("set-up", func() error { return setUp(ctx) })
	if r.failed > 0 {
		return 1, nil
	}
	dev, err := os.Executable()
	if err != nil {
		return 1, err
	}
	native, err := listPackages(ctx)
	if err != nil {
		return 1, err
	}
	browser, err := listPackages(ctx, jsEnv...)
	if err != nil {
		return 1, err
	}
	r.check()

	var goFlags []string
	if *short {
		goFlags = append(goFlags, "-short")
	}
	if *only != "" {
		goFlags = append(goFlags, "-run", *only)
	}
	require := "ATTNLAB_GPU=require"
	noCgo := "CGO_ENABLED=0"
	cgo := func(p goPackage) bool { return p.reaches(binding) || p.reaches(ebiten) }
	r.stage("build without a C compiler", func() error {
		packages := filter(native, func(p goPackage) bool { return len(p.GoFiles) > 0 && !p.reaches(ebiten) })
		return r.command([]string{noCgo}, "go", append([]string{"build"}, importPaths(packages)...)...).Run()
	})
	for _, s := range []struct {
		name     string
		packages []goPackage
		env      []string
		flags    []string
	}{
		// Packages that need no C compiler are tested without one; the others follow.
		{"host", filter(native, func(p goPackage) bool { return p.tested() && !cgo(p) }), []string{noCgo}, nil},
		{"native", filter(native, func(p goPackage) bool { return p.tested() && cgo(p) }), nil, nil},
		{"browser", filter(browser, func(p goPackage) bool {
			return p.tested() && (p.under("gpu", "shaders", "model") || p.ImportPath == module+"/cmd/engine" || p.ImportPath == module+"/rl/examine")
		}),
			jsEnv, []string{"-exec", "'" + dev + "' browser-exec"}},
	} {
		tests := func(packages []goPackage, flags ...string) error {
			return r.test(s.name, packages, append(s.env, require), slices.Concat(s.flags, flags)...)
		}
		if s.name == "native" && len(filter(s.packages, func(p goPackage) bool { return p.reaches(ebiten) })) > 0 && os.Getenv("DISPLAY") == "" {
			display, end, err := xvfb.Start(1280, 800)
			if err != nil {
				return 1, err
			}
			defer end()
			s.env = append(s.env, "DISPLAY="+display)
		}
		failed, before := r.failed, len(r.failures)
		r.stage(s.name+" tests", func() error { return tests(s.packages, goFlags...) })
		r.again(s.name, failed, r.failures[before:], tests)
		conformance := filter(s.packages, func(p goPackage) bool { return p.reaches(gpuTest) })
		if len(conformance) > 0 && *only == "" && ctx.Err() == nil {
			r.require(s.name)
		}
	}
	if !*short && *only == "" {
		// Alone, because it measures how fast the page responds.
		visits := func(packages []goPackage, flags ...string) error {
			return r.test("lab", packages, []string{require}, slices.Concat([]string{"-tags=desktop,visit", "-timeout=45m"}, flags)...)
		}
		failed, before := r.failed, len(r.failures)
		r.stage("lab in the browser", func() error {
			return visits([]goPackage{{ImportPath: module + "/cmd/attnlab/visit"}}, "-run=^TestVisit")
		})
		r.again("lab", failed, r.failures[before:], visits)
	}
	return r.exit()
}

// mostAgain is how many failed tests of a stage run again. A fault of the lab fails more of them, or fails again.
const mostAgain = 3

// again runs the few failed tests of a stage a second time, where all of them are of app or cmd: those wait for goroutines, processes and
// browsers, whose order no test decides. One that passes now counts as passed; the summary names it, and its first output stays above.
// The arithmetic of the other packages is the same each time and has one try. Before the stage, failed tests had failed.
func (r *run) again(stage string, failed int, tests []failure, run func(packages []goPackage, flags ...string) error) {
	once := func(f failure) bool { return f.test == "" || !(goPackage{ImportPath: f.pkg}).under("app", "cmd") }
	if len(tests) == 0 || len(tests) > mostAgain || slices.ContainsFunc(tests, once) {
		return
	}
	tests = slices.Clone(tests)
	first := r.failed
	r.stage("failed "+stage+" tests again", func() error {
		for _, f := range tests {
			if err := run([]goPackage{{ImportPath: f.pkg}}, "-run=^"+f.test+"$"); err != nil {
				return err
			}
		}
		return nil
	})
	if r.failed > first {
		return
	}
	r.failed = failed
	for _, f := range tests {
		r.notes = append(r.notes, "unsteady: "+f.test+" failed and passed when it ran again")
	}
}

// toRoot changes to the folder of go.mod.
func toRoot() error {
	file, err := goEnv("GOMOD")
	if err != nil {
		return err
	}
	if file == "" || file == os.DevNull {
		return fmt.Errorf("no go.mod here: run this inside the %s repository", module)
	}
	return os.Chdir(filepath.Dir(file))
}
