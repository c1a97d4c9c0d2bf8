//go:build !js && visit

package visit

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/model"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// TestVisit is one visit to the built site in Chromium with WebGPU, from a plain file server below a path. Each check starts
// with the page as the one before left it.
func TestVisit(t *testing.T) {
	dir, built := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	var link string
	var linked session.Trace
	var ofAllHeads []byte // a picture of the matrix

	v.check("the first screen is there before any program", func(v *visitor) {
		html, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"A small transformer", "Generate", "<h1>"} {
			if !bytes.Contains(html, []byte(want)) {
				v.Errorf("index.html has no %q", want)
			}
		}
	})
	opened := v.check("open", func(v *visitor) {
		v.open(server.URL + under + onGPU)
		v.Logf("ready after %v", eval[[]string](v, "stages"))
		c := newest[session.Capabilities](v)
		v.Logf("%s by %s, %s with %d parameters", c.Adapter, c.Backend, c.Model.Name, c.Model.Parameters)
		begin := time.Now()
		v.until("all kernels are tested", `!latest("Capabilities").untested`)
		c = newest[session.Capabilities](v)
		v.Logf("%d kernels tested %.1f s later", len(c.Kernels), time.Since(begin).Seconds())
		if c.Backend != "webgpu" || len(c.Kernels) < 20 {
			v.Errorf("the engine uses %s with %d kernels tested: %s", c.Backend, len(c.Kernels), c.Why)
		}
		for _, k := range c.Kernels {
			if !k.OK {
				v.Errorf("kernel %s: %s", k.Name, k.Error)
			}
		}
	})
	if !opened {
		t.FailNow() // nothing else can be seen
	}
	v.check("generate", func(v *visitor) {
		const seed = 6
		v.problem(seed)
		v.enter(`[data-set="draw"]`, fmt.Sprint(seed))
		v.press(`#sampling [data-do="generate"]`)
		v.until("the response is complete", ready+` && latest("Trace").complete && document.querySelector('#sampling [data-do="regenerate"]')`)
		tr := newest[session.Trace](v)
		v.Logf("%d tokens, %d steps, correct %v", len(tr.Tokens), len(tr.Steps), tr.Correct)
		if rows := eval[int](v, `document.querySelectorAll("#rows [id^=step-]").length`); rows != len(tr.Steps) || rows < 2 {
			v.Fatalf("%d rows for %d steps", rows, len(tr.Steps))
		}
		if shown := eval[int](v, `document.querySelectorAll("#rows .tok").length`); shown != len(tr.Tokens) {
			v.Errorf("%d of %d tokens are shown", shown, len(tr.Tokens))
		}
		if mark := v.text(".verdict .mark"); strings.Contains(mark, "✓") != tr.Correct {
			v.Errorf("the verdict is %q, correct is %v", mark, tr.Correct)
		}
	})
	v.check("one forward pass shows the trace", onePass)
	v.check("figures equal those of attnlab trace", equalsTrace)
	v.check("select", func(v *visitor) {
		tr := newest[session.Trace](v)
		at := tr.Steps[0].Start
		v.press(fmt.Sprintf(`[data-do="token:%d"]`, at))
		v.until("the likeliest tokens are shown", `document.querySelectorAll(".choices li").length > 1`)
		if got, want := v.text(".choices li code"), tr.Top[at][0].Text; got != want {
			v.Errorf("the likeliest token is %q, want %q", got, want)
		}
		v.press("#step-1 > button")
		v.until("step 2 is selected everywhere", `document.querySelector("#step-1.selected") && latest("Selection").step === 1 && location.hash.includes("step=2")`)
		if panel := v.text("#step-panel h2"); panel != "Step 2" {
			v.Errorf("the panel is about %q", panel)
		}
		time.Sleep(2 * time.Second) // until the figure shows it
		ofAllHeads = v.clip("iframe.matrix")
	})
	v.check("heads", func(v *visitor) {
		v.press(`nav [data-do="page:heads"]`)
		v.press(`#grid [data-do="head:0.1"]`)
		v.until("head 1 of layer 0 is selected", `document.querySelector('#grid [data-do="head:0.1"].selected') && latest("Selection").head === 1`)
		v.enter(`[data-set="problems"]`, "4")
		v.press(`#find [data-do="heads"]`)
		v.until("4 problems are done", ready+` && latest("HeadsView")?.problems === 4`)
		h := newest[session.HeadsView](v)
		if len(h.SRA) != h.Layers*h.Heads || h.Of != 4 {
			v.Errorf("%d of %d problems, %d heads", h.Problems, h.Of, len(h.SRA))
		}
		v.until("the page reports it", fmt.Sprintf(`document.querySelector("#find").textContent.includes("4 of 4 problems, %d pairs")`, h.Pairs))
		v.Logf("%d pairs, key-focus heads %v", h.Pairs, h.KeyFocus)
	})
	v.check("disrupt", func(v *visitor) {
		v.enter(`[data-set="samples"]`, "4")
		v.press(`#disrupt [data-do="disrupt"]`)
		v.until("the cut is measured", ready+` && latest("Disruption")?.groups?.length === 1 && document.querySelector("[aria-label='attention cut to steps'] tbody tr")`)
		d := newest[session.Disruption](v)
		if g := d.Groups[0]; d.Step != 1 || g.N != 4 || g.Control < 0 || g.Control > 1 || g.Example == "" {
			v.Errorf("the cut gave %+v", d)
		}
		if caption := v.text("[aria-label='attention cut to steps'] caption"); !strings.Contains(caption, "step 2 of this trace") {
			v.Errorf("the table is of %q", caption)
		}
	})
	v.check("lose the device", func(v *visitor) {
		before := newest[session.Trace](v)
		v.press(".engine")
		v.press(`#dialog [data-do="lose"]`)
		v.until("the loss is reported", `document.querySelector(".toasts").textContent.includes("The GPU was lost and opened again; the model and the trace are restored.")`)
		v.press(`#dialog [data-do="close"]`)
		v.until("the dialog is closed and the engine ready again", `!document.querySelector("#dialog") && `+ready)
		v.press(".toast button")
		v.until("the message is closed", `!document.querySelector(".toast")`)
		if after := newest[session.Trace](v); !slices.Equal(after.Tokens, before.Tokens) || after.Number == before.Number || len(after.FCI) != len(before.FCI) {
			v.Errorf("the trace is not restored: snapshot %d with %d tokens after %d with %d", after.Number, len(after.Tokens), before.Number, len(before.Tokens))
		}
		if c := newest[session.Capabilities](v); c.Backend != "webgpu" {
			v.Errorf("it continues on %s", c.Backend)
		}
	})
	v.check("a figure follows a head that was chosen on another page", func(v *visitor) {
		v.press(`nav [data-do="page:trace"]`)
		for end := time.Now().Add(patience); bytes.Equal(v.clip("iframe.matrix"), ofAllHeads); time.Sleep(200 * time.Millisecond) {
			if time.Now().After(end) {
				v.Fatalf("a head was chosen on the page Heads, and the matrix shows all heads still")
			}
		}
	})
	v.check("pictures", func(v *visitor) { v.pictures("trace", "heads") })
	v.check("copy the link", func(v *visitor) {
		v.run(chromedp.ActionFunc(func(context.Context) error {
			return browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}).
				WithOrigin(server.URL).Do(v.browserOf())
		}))
		v.press(`.tools [data-do="link"]`)
		v.until("the link is copied", `document.querySelector(".toasts").textContent.includes("Link copied.")`)
		link = eval[string](v, "navigator.clipboard.readText()")
		if href := eval[string](v, "location.href"); link != href || !strings.Contains(link, "seed=6") {
			v.Errorf("the link is %s, the address %s", link, href)
		}
		linked = newest[session.Trace](v)
	})
	v.check("answers to keys and clicks", answers)
	v.check("figures and text are linked", follows)
	v.check("long tasks", longTasks)
	v.check("save and open a trace", keepsTraces)
	v.check("open logs of other trainers", foreignLogs)
	v.check("open a model folder", func(v *visitor) { folder(v, built) })
	v.check("damaged checkpoint", func(v *visitor) { damaged(v, built) })
	v.check("update", func(v *visitor) { updates(v, dir, built) })
	v.check("open the link to the same state, without a network", func(v *visitor) {
		v.cached()
		server.CloseClientConnections()
		server.Close()
		v.run(chromedp.Navigate("about:blank"))
		v.open(link)
		v.same(linked)
		if c := newest[session.Capabilities](v); c.Backend != "webgpu" {
			v.Errorf("offline the engine uses %s", c.Backend)
		}
	})
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// TestVisitRace lets the lab choose its backend in a browser whose adapter is SwiftShader: the processor is faster by the SIMD
// module once the engine is idle, the page says why, and the next visit remembers it.
func TestVisitRace(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	v.open(server.URL + under)
	t.Logf("ready after %v", eval[[]string](v, "stages"))
	v.runs("the idle engine has measured both backends", ready+` && latest("Capabilities")?.race`)
	first := newest[session.Capabilities](v)
	if first.Race == nil || first.Backend != "host" || first.Adapter != "CPU, simd128" || !strings.Contains(strings.ToLower(first.Race.Adapter), "swiftshader") {
		t.Fatalf("the engine uses %s on %s, race %+v: %s", first.Backend, first.Adapter, first.Race, first.Why)
	}
	t.Logf("%s %s", first.Model.Name, first.Why)
	if says := v.text(".banners"); says != "" {
		t.Errorf("the choice of a backend is no reason for a banner: %q", says)
	}
	v.press(".engine")
	if says := v.text("#dialog"); !strings.Contains(says, first.Adapter) || !strings.Contains(says, "times as fast for this model") {
		t.Errorf("the capability panel says %q", says)
	}
	v.press(`#dialog [data-do="close"]`)
	v.problem(2)
	v.press(`#sampling [data-do="generate"]`)
	v.until("the response is complete", ready+` && latest("Trace").complete`)

	v.run(chromedp.Navigate("about:blank"))
	v.open(server.URL + under)
	t.Logf("ready after %v", eval[[]string](v, "stages"))
	if next := newest[session.Capabilities](v); next.Race == nil || *next.Race != *first.Race {
		t.Errorf("the next visit has the race %+v, the first had %+v", next.Race, first.Race)
	}
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// TestVisitWithoutAdapter visits the site with a browser that has no WebGPU.
func TestVisitWithoutAdapter(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	v.open(plainServer(t, dir, n).URL + under)
	c := newest[session.Capabilities](v)
	if c.Backend != "host" || c.Adapter != "CPU, simd128" || v.text(".engine .backend") != "CPU" {
		t.Errorf("the engine uses %s on %s, the page says %q", c.Backend, c.Adapter, v.text(".engine .backend"))
	}
	if says := v.text(".toasts") + v.text(".banners"); says != "" || c.Why == "" {
		t.Errorf("the visitor reads %q unasked, and the reason is %q", says, c.Why)
	}
	v.problem(2)
	v.press(`#sampling [data-do="generate"]`)
	v.until("the response is complete", ready+` && latest("Trace").complete`)
	if tr := newest[session.Trace](v); len(tr.FCI) != len(tr.Steps) {
		t.Errorf("%d FCI for %d steps", len(tr.FCI), len(tr.Steps))
	}
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// problem draws the problem of a seed.
func (v *visitor) problem(seed int) {
	v.Helper()
	v.enter(`[data-set="seed"]`, fmt.Sprint(seed))
	v.until("the problem is drawn", fmt.Sprintf(`%s && latest("Trace").seed === %d && latest("Trace").tokens.length === latest("Trace").prompt_length && document.querySelector('#sampling [data-do="generate"]')`, ready, seed))
}

// same waits until the page shows what the link was copied from.
func (v *visitor) same(want session.Trace) {
	v.Helper()
	v.until("the linked state is back", ready+` && latest("Trace").complete && document.querySelector("#step-1.selected") && document.querySelector('#grid [data-do="head:0.1"].selected')`)
	if got := newest[session.Trace](v); !slices.Equal(got.Tokens, want.Tokens) || got.Sampling != want.Sampling {
		v.Errorf("the link gives another trace: %v, want %v", got.Text, want.Text)
	}
	want1 := session.Selection{Step: 1, Token: -1, Layer: 0, Head: 1, Node: -1}
	if got := newest[session.Selection](v); got != want1 {
		v.Errorf("selected is %+v, want %+v", got, want1)
	}
}

// equalsTrace compares the page's numbers with those of the command line on the host for the same seed.
func equalsTrace(v *visitor) {
	got, heads := newest[session.Trace](v), v.allHeads()
	var want traceOutput
	document(v.T, &want, "trace", "--seed", fmt.Sprint(got.Seed), "--temperature", fmt.Sprint(got.Sampling.Temperature), "--attention",
		"--task", got.Task, "--model", newest[session.Capabilities](v).Model.Name)
	if !slices.Equal(got.Tokens, want.Tokens) {
		v.Fatalf("the page wrote\n%s\nthe host\n%s", strings.Join(got.Text, " "), strings.Join(want.Text, " "))
	}
	worst := 0.0
	compare := func(what string, at int, a, b float64) {
		d := math.Abs(a-b) / max(1, math.Abs(b))
		worst = max(worst, d)
		if !(d <= 1e-4) {
			v.Errorf("%s %d is %g in the page and %g on the host", what, at, a, b)
		}
	}
	for i := range got.Tokens {
		compare("log-prob", i, float64(got.LogProbs[i]), float64(want.LogProbs[i]))
		compare("entropy", i, float64(got.Entropy[i]), float64(want.Entropy[i]))
	}
	K := len(want.Steps)
	for k := range K {
		compare("FCI", k, got.FCI[k], want.FCI[k])
		for l := range got.Layers {
			for h := range got.Heads {
				i := l*got.Heads + h
				compare("FCI of a head", i*K+k, got.FCIHeads[i*K+k], want.FCIHeads[l][h][k])
				compare("focus", i*K+k, got.Focus[i*K+k], want.Focus[l][h][k])
				for j := range K {
					at := (i*(K+2)+1+j)*(K+2) + 1 + k
					compare("attention", at, float64(heads[at]), want.StepAttention[l][h][j][k])
				}
			}
		}
	}
	v.Logf("%d tokens, %d steps, %d heads: off by %.1e at most", len(got.Tokens), K, got.Layers*got.Heads, worst)
}

// mostOfAll is how many numbers the attention of all heads in a message may have.
const mostOfAll = 8192

// onePass fails unless the current trace took one forward pass, one submit and one readback in this browser, and that the
// bytes read grow with tokens and steps²: neither logits [T,V] nor attention [L,H,T,T] is read.
func onePass(v *visitor) {
	tr := newest[session.Trace](v)
	T, N, heads := int64(len(tr.Tokens)), int64(len(tr.Steps)+2), int64(tr.Layers*tr.Heads)
	most := 4 * (4*T + 2*model.TopK*T + heads*T + heads*N*N)
	w := tr.Work
	if w.Passes != 1 || w.Submits != 1 || w.Readbacks != 1 || w.ReadBytes <= 0 || w.ReadBytes > most {
		v.Errorf("showing %d tokens in %d steps took %+v, want one pass, one submit, and one readback of at most %d bytes", T, len(tr.Steps), w, most)
	}
	all := heads * N * N
	if all > mostOfAll {
		all = 0
	}
	if len(tr.Attention) != int(N*N) || len(tr.All) != int(all) {
		v.Errorf("the message has %d and %d numbers of attention, want %d and %d", len(tr.Attention), len(tr.All), N*N, all)
	}
	v.Logf("%d tokens, %d steps: %+v, at most %d bytes; logits and attention between tokens would have %d and %d", T, len(tr.Steps), w, most,
		4*T*58, 4*heads*T*T)
}

// allHeads selects one head after another and collects their attention, [L,H,K+2,K+2]; then it selects nothing.
func (v *visitor) allHeads() (all session.Densities) {
	v.Helper()
	tr := newest[session.Trace](v)
	choose := func(layer, head int) {
		eval[bool](v, fmt.Sprintf(`(channel.postMessage('{"kind":"Select","body":{"selection":{"step":-1,"token":-1,"layer":%d,"head":%d,"node":-1}}}'), true)`, layer, head))
	}
	for layer := range tr.Layers {
		for head := range tr.Heads {
			choose(layer, head)
			v.until("the attention of the head has arrived", fmt.Sprintf(`(h => h && h.trace === latest("Trace").number && h.layer === %d && h.head === %d)(latest("HeadAttention"))`, layer, head))
			all = append(all, newest[session.HeadAttention](v).Attention...)
		}
	}
	choose(-1, -1)
	v.until("nothing is selected", `latest("Selection").head === -1`)
	return all
}
