package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// events is the output of `go test -json` for three packages: one passes with a skip, one panics, one does not build.
const events = `{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestOne"}
{"Action":"output","Package":"a","Test":"TestOne","Output":"quiet when it passes\n"}
{"Action":"pass","Package":"a","Test":"TestOne/sub","Elapsed":1.24}
{"Action":"pass","Package":"a","Test":"TestOne","Elapsed":1.25}
{"Action":"output","Package":"a","Test":"TestTwo","Output":"=== RUN   TestTwo\n"}
{"Action":"output","Package":"a","Test":"TestTwo","Output":"    a_test.go:9: no shader-f16\n"}
{"Action":"output","Package":"a","Test":"TestTwo","Output":"--- SKIP: TestTwo (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestTwo","Elapsed":0}
{"Action":"output","Package":"a","Output":"gputest: CPU, avx2 (host): 7 kernel checks\n"}
{"Action":"output","Package":"a","Output":"gputest: llvmpipe (LLVM 15, 256 bits) (vulkan): 5 kernel checks\n"}
{"Action":"output","Package":"a","Test":"TestThree","Output":"    share_test.go:9: share of app: 19 of 20 lines\n"}
{"Action":"pass","Package":"a","Elapsed":0.5}
{"Action":"output","Package":"b","Test":"TestCrash","Output":"panic: out of cheese\n"}
{"Action":"output","Package":"b","Output":"gputest: llvmpipe (LLVM 15, 256 bits) (vulkan): 1 kernel checks\n"}
{"Action":"fail","Package":"b","Elapsed":0.5}
{"ImportPath":"c","Action":"build-output","Output":"c.go:1: syntax error\n"}
{"ImportPath":"c","Action":"build-fail"}
{"Action":"fail","Package":"c","Elapsed":0,"FailedBuild":"c"}
`

func TestReport(t *testing.T) {
	var out strings.Builder
	r := report{out: &out, checks: map[backend]int{}}
	if err := r.read("native", strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	r.print()
	text := out.String()
	if r.passed != 2 || r.failed != 2 {
		t.Errorf("%d passed, %d failed, want 2 and 2", r.passed, r.failed)
	}
	for _, want := range []string{
		"out of cheese", "syntax error", "slowest tests\nnative  a TestOne  1.2 s\nnative  a TestTwo  0.0 s\n",
		"native  llvmpipe (LLVM 15, 256 bits)  vulkan   6              1",
		"skipped in native: a TestTwo: a_test.go:9: no shader-f16",
		"\n19 of 20 lines\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "quiet") {
		t.Errorf("shows the output of a test that passed:\n%s", text)
	}
	if !strings.HasSuffix(text, "\n2 passed, 2 failed\n") {
		t.Errorf("the counts are not alone on the last line:\n%s", text)
	}
}

// A failed test of app or cmd that passes when it runs again is not a failure, but is named. One that fails again is, and so are many
// failed tests, one of another package and a package that fails without a test: these have one try.
func TestFailedTestsAgain(t *testing.T) {
	const crash = `{"Action":"fail","Package":"attnlab/app/b"}
`
	for _, c := range []struct {
		name, pkg     string
		tests         int
		more          string
		second        string // result of the second try
		failed, tries int
	}{
		{"passes", "app/a", 1, "", "pass", 1, 1},
		{"several pass", "cmd/a", mostAgain, "", "pass", 1, mostAgain},
		{"fails again", "app/a", 1, "", "fail", 3, 1},
		{"too many", "app/a", mostAgain + 1, "", "pass", 2 + mostAgain, 0},
		{"arithmetic", "shaders/nn", 1, "", "pass", 2, 0},
		{"beside a crash", "app/a", 1, crash, "pass", 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			r := run{ctx: t.Context(), report: report{out: &out, checks: map[backend]int{}, failed: 1}}
			results := func(result string, from, to int, more string) error {
				lines := more
				for k := from; k < to; k++ {
					lines += fmt.Sprintf(`{"Action":%q,"Package":"attnlab/%s","Test":"Test%d"}
`, result, c.pkg, k)
				}
				return r.read("native", strings.NewReader(lines+fmt.Sprintf(`{"Action":%q,"Package":"attnlab/%s"}
`, result, c.pkg)))
			}
			if err := results("fail", 0, c.tests, c.more); err != nil {
				t.Fatal(err)
			}
			tries := 0
			r.again("native", 1, r.failures, func(packages []goPackage, flags ...string) error {
				if want := fmt.Sprintf("-run=^Test%d$", tries); packages[0].ImportPath != "attnlab/"+c.pkg || !slices.Equal(flags, []string{want}) {
					t.Errorf("%v with %v", packages, flags)
				}
				tries++
				return results(c.second, tries-1, tries, "")
			})
			r.print()
			unsteady := strings.Count(out.String(), "unsteady: Test")
			if r.failed != c.failed || tries != c.tries || (unsteady == c.tests) != (c.failed == 1) {
				t.Errorf("%d failed, want %d, %d tries, want %d, %d unsteady:\n%s", r.failed, c.failed, tries, c.tries, unsteady, out.String())
			}
		})
	}
}

func TestReportRequire(t *testing.T) {
	host, adapter := backend{"native", "host", "host"}, backend{"native", "llvmpipe", "vulkan"}
	for _, c := range []struct {
		name   string
		checks map[backend]int
		failed int
	}{
		{"both", map[backend]int{host: 3, adapter: 3}, 0},
		{"no adapter", map[backend]int{host: 3}, 1},
		{"no host", map[backend]int{adapter: 3}, 1},
		{"zero", map[backend]int{host: 3, adapter: 0}, 1},
		{"of another stage", map[backend]int{host: 3, {"browser", "swiftshader", "webgpu"}: 3}, 1},
		{"nothing", nil, 2},
	} {
		r := report{out: io.Discard, checks: c.checks}
		if r.require("native"); r.failed != c.failed {
			t.Errorf("%s: %d failed, want %d", c.name, r.failed, c.failed)
		}
	}
}
