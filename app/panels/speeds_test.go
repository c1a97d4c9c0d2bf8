package panels

import (
	"slices"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/model/speed"
)

// speeds are two models on two backends, and a kernel of each kind with its ceilings.
func speeds() session.Speeds {
	row := func(name, backend string, ms float64, parameters int) speed.Row {
		r := speed.Timed([]float64{ms, ms / 2, 2 * ms})
		r.Name, r.Backend, r.Adapter, r.Parameters, r.TokensPerSecond = name, backend, "adapter of "+backend, parameters, 1e6/ms
		return r
	}
	kernel, product, copied := row("kernel-fill", "webgpu", 2, 0), row("ceiling-product", "webgpu", 10, 0), row("ceiling-copy", "webgpu", 10, 0)
	kernel.Operations, kernel.Bytes, kernel.Share, kernel.Dispatches = 3e6, 2e6, 0.25, 7
	token := kernel
	token.Name = "token-kernel-sample"
	product.Operations, copied.Bytes = 1e9, 4e9
	return session.Speeds{Number: 1, Running: true, Done: 2, Of: 3, Part: "kernels", Rows: []speed.Row{
		row("train-tiny", "host", 10, 50000), row("train-tiny", "webgpu", 40, 50000), row("train-base", "host", 1000, 800000), row("train-base", "webgpu", 100, 800000), kernel, token, product, copied}}
}

// The Benchmark page has a designed state before, during and after a measurement.
func TestBenchPage(t *testing.T) {
	v := lab.Start()
	v.Page = lab.PageBench
	l, engine := pageReady(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	wants := func(state string, wants ...string) string {
		t.Helper()
		html := app.HTMLString(l)
		for _, want := range wants {
			if !strings.Contains(html, want) {
				t.Errorf("%s: no %q", state, want)
			}
		}
		return html
	}
	wants("before", "Nothing is measured yet", ">Measure<", `data-do="bench"`, `class="lesson-picture"`, "Kernels against the ceilings")
	l.Receive(session.Status{Stage: "measuring speed", Busy: true, Done: 2, Total: 3})
	l.Receive(speeds())
	wants("during", ">Stop<", "2 of 3 done; now kernels", "adapter of host", "adapter of webgpu (WebGPU)")
	done := speeds()
	done.Number, done.Running = 2, false
	l.Receive(done)
	l.Receive(session.Status{Stage: "ready"})
	html := wants("after", ">Measure<", "The adapter is faster from about", "100 k", "50.0 k–200 k, n\u00a0=\u00a03", "10.0", // tokens a second, their spread, the ratio
		`id="kernels-measured"`, ">fill<", "0.25 ", "1.50", "200 GFLOP/s", "800 GB/s", "2.00", `id="token-kernels-measured"`, ">sample<", `figure.html#figure=roofline`, "backend=webgpu")
	short := speeds()
	short.Number, short.Running = 3, false
	short.Rows[4].MedianMs, short.Rows[4].Share = 0.00001, 3571
	l.Receive(short)
	if html := app.HTMLString(l); strings.Contains(html, "3571") || strings.Contains(html, "300,000") || !strings.Contains(html, "0.00") {
		t.Error("a kernel that is shorter than the clock can tell has rates")
	}
	l.Receive(done)
	if strings.Contains(html, "bench-progress") {
		t.Error("a measurement that has ended shows progress")
	}
	l.Do("roofline")
	wants("host", "No kernels of this backend", "backend=host")
	isModel := func(r speed.Row) bool {
		return strings.HasPrefix(r.Name, speed.Train) || strings.HasPrefix(r.Name, speed.Decode)
	}
	for figure, drop := range map[string]func(r speed.Row) bool{"speeds": isModel, "roofline": func(r speed.Row) bool { return !isModel(r) }} {
		part := speeds()
		part.Number, part.Running, part.Rows = 4, false, slices.DeleteFunc(part.Rows, drop)
		l.Receive(part)
		if html := app.HTMLString(l); len(part.Rows) == 0 || strings.Contains(html, "#figure="+figure) {
			t.Errorf("with %d rows an empty figure %s is shown", len(part.Rows), figure)
		}
	}
}
