package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// report counts tests and kernel checks over all stages of one run.
type report struct {
	out            io.Writer
	passed, failed int
	stages         []stageTime
	checks         map[backend]int // kernel checks
	skips          []skip
	slowest        []slow
	failures       []failure
	notes          []string // for the summary
}

type stageTime struct {
	name string
	took time.Duration
}

// backend is an adapter, or the host, in one stage.
type backend struct{ stage, adapter, kind string }

// skip is a test that did not run, and why.
type skip struct{ stage, test, reason string }

// slow is a test, not a part of one, and how long it ran. Tests of several packages run at the same time.
type slow struct {
	stage, test string
	seconds     float64
}

// failure is a failed test, not a part of one. It has no test where a package failed without one, and no package where a stage did.
type failure struct{ pkg, test string }

// mostSlow is how many of the slowest tests the summary names.
const mostSlow = 20

// testEvent is a line of `go test -json`.
type testEvent struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// kernelChecks matches the line that gputest prints for each backend.
var kernelChecks = regexp.MustCompile(`gputest: (.+) \(([^()]*)\): (\d+) kernel checks`)

// share matches the line of TestShareOfApp.
var share = regexp.MustCompile(`share of app: (.+)`)

// read reads the output of one `go test -json`. It prints one line for each package, and the output of each failed test.
func (r *report) read(stage string, events io.Reader) error {
	type key struct{ pkg, test string }
	output := map[key][]string{} // of tests still running
	ran := map[string][2]int{}   // passed and failed tests of a package
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e testEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(r.out, lines.Text()) // not an event, but a line of the go command itself
			continue
		}
		k := key{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Fprint(r.out, e.Output)
		case "output":
			output[k] = append(output[k], e.Output)
			if m := kernelChecks.FindStringSubmatch(e.Output); m != nil {
				n, _ := strconv.Atoi(m[3])
				r.checks[backend{stage, m[1], m[2]}] += n
			}
			if m := share.FindStringSubmatch(e.Output); m != nil {
				r.notes = append(r.notes, m[1])
			}
		case "pass", "fail", "skip":
			if e.Action == "fail" {
				r.printOutput(output[k])
			}
			if e.Test != "" && !strings.Contains(e.Test, "/") {
				r.slowest = append(r.slowest, slow{stage, e.Package + " " + e.Test, e.Elapsed})
				if e.Action == "fail" {
					r.failures = append(r.failures, failure{e.Package, e.Test})
				}
			}
			count := ran[e.Package]
			switch {
			case e.Test == "":
				// A crash leaves tests without a result; their output has the stack.
				for _, k := range slices.SortedFunc(maps.Keys(output), func(a, b key) int { return cmp.Compare(a.test, b.test) }) {
					if e.Action == "fail" && k.pkg == e.Package && k.test != "" {
						r.printOutput(output[k])
					}
				}
				r.endPackage(e, count)
			case e.Action == "pass":
				count[0]++
			case e.Action == "fail":
				count[1]++
			case e.Action == "skip":
				r.skips = append(r.skips, skip{stage, e.Package + " " + e.Test, reason(output[k])})
			}
			ran[e.Package] = count
			delete(output, k)
		}
	}
	return lines.Err()
}

// endPackage adds a package's tests to the counts. A package that fails without a failed test counts as one failure.
func (r *report) endPackage(e testEvent, count [2]int) {
	if e.Action == "fail" && count[1] == 0 {
		count[1] = 1
		r.failures = append(r.failures, failure{pkg: e.Package})
	}
	r.passed += count[0]
	r.failed += count[1]
	fmt.Fprintf(r.out, "  %-4s %-32s %5d passed %3d failed %7.1f s\n", map[string]string{"pass": "ok", "skip": "none", "fail": "FAIL"}[e.Action],
		e.Package, count[0], count[1], e.Elapsed)
}

// printOutput prints the output of a test or package without go test's own lines.
func (r *report) printOutput(output []string) {
	for _, line := range output {
		if !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "FAIL") {
			fmt.Fprint(r.out, line)
		}
	}
}

// reason is the last line that a test printed before it was skipped.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- ") && !strings.HasPrefix(line, "=== ") {
			return line
		}
	}
	return "no reason given"
}

// require adds a failure if a stage checked no kernel on an adapter, or none on the host.
func (r *report) require(stage string) {
	checks := map[string]int{}
	for e, n := range r.checks {
		switch {
		case e.stage == stage && e.kind == "host":
			checks["host"] += n
		case e.stage == stage:
			checks["adapter"] += n
		}
	}
	for _, kind := range []string{"host", "adapter"} {
		if checks[kind] == 0 {
			r.failed++
			fmt.Fprintf(r.out, "  FAIL %s: no kernel was checked on the %s\n", stage, kind)
		}
	}
}

// print prints the summary: durations, backends, skipped tests, and the counts alone on the last line.
func (r *report) print() {
	fmt.Fprintln(r.out)
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	for _, s := range r.stages {
		fmt.Fprintf(w, "%s\t%.1f s\n", s.name, s.took.Seconds())
	}
	slices.SortStableFunc(r.slowest, func(a, b slow) int { return cmp.Compare(b.seconds, a.seconds) })
	for i, s := range r.slowest[:min(mostSlow, len(r.slowest))] {
		if i == 0 {
			w.Flush()
			fmt.Fprintln(r.out, "\nslowest tests")
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f s\n", s.stage, s.test, s.seconds)
	}
	w.Flush()

	if len(r.checks) > 0 {
		fmt.Fprintln(w, "\nstage\tadapter\tbackend\tkernel checks\tskipped tests")
	}
	skipped := map[string]int{}
	for _, s := range r.skips {
		skipped[s.stage]++
	}
	byName := func(a, b backend) int {
		return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.adapter, b.adapter), cmp.Compare(a.kind, b.kind))
	}
	for _, e := range slices.SortedFunc(maps.Keys(r.checks), byName) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", e.stage, e.adapter, e.kind, r.checks[e], skipped[e.stage])
	}
	w.Flush()
	for _, s := range r.skips {
		fmt.Fprintf(r.out, "skipped in %s: %s: %s\n", s.stage, s.test, s.reason)
	}
	for _, note := range r.notes {
		fmt.Fprintln(r.out, note)
	}
	fmt.Fprintf(r.out, "\n%d passed, %d failed\n", r.passed, r.failed)
}
