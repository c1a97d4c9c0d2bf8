package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"attnlab/gpu"
	"attnlab/model/race"
	"attnlab/shaders/attn"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

var doctorCommand = command{
	name: "doctor",
	does: "reports the adapter of this machine and checks every kernel on it",
	about: `
Each kernel runs on small cases and is compared with the same computation in float64 in Go. max_error is the largest difference,
tolerance_used its share of the tolerance, ms the time of all cases, compilation included. features are the optional ones that the adapter
offers; attnlab needs none of them. The exit status is 1 if a kernel is wrong. Each line that begins with --backend is an adapter of this machine
by the name that every command takes.
race compares the processor with the adapter, in tokens a second through the products and the attention of the small base: with --backend auto every
command chooses between them in this way. products are the variants of the matrix products: 8x8 and 4x4 hold so many results in each
invocation's registers, 64x64 stages the operands of so many results in workgroup memory (not measured on software adapters). Training
takes the chosen one; all sum in the same order. few rows are the products and the reductions over a row of a decoding step of up to 16
sequences: 4x4, or subgroups, whose invocations share a sum. Only an adapter with WebGPU's feature of that name that is no software has
the latter, which sums in another order; the native library has no such feature. decoding is how a decoded token is computed, raced with 16 sequences: kernels is a dispatch
for every operation, layers two dispatches a layer, tokens one dispatch for several tokens. All draw the same tokens.

  attnlab doctor
  attnlab doctor --backend host --json
`,
	flags: func(_ *options, _ *flag.FlagSet) action {
		return func(ctx context.Context, c *console) error { return c.doctor(ctx) }
	},
}

// doctorDocument is what doctor prints.
type doctorDocument struct {
	Adapter  gpu.Info         `json:"adapter"`
	Adapters []gpu.Adapter    `json:"adapters"` // of the machine
	Features []string         `json:"features"`
	Limits   gpu.Limits       `json:"limits"`
	Kernels  []kernelTest     `json:"kernels"`
	Race     raceDocument     `json:"race"`
	Products race.Products    `json:"products"`
	FewRows  race.Products    `json:"few_rows"`
	Decoding decodingDocument `json:"decoding"`
	Chosen   struct {
		Backend string `json:"backend"`
		Why     string `json:"why"`
	} `json:"chosen"`
}

// kernelTest is the outcome of all cases of a kernel.
type kernelTest struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	MaxError number `json:"max_error"`
	Used     number `json:"tolerance_used"` // the largest share of a case's tolerance
	Ms       number `json:"ms"`
	Cases    int    `json:"cases"`
	Problem  string `json:"problem,omitempty"` // the error of the first failing case
}

func (c *console) doctor(ctx context.Context) error {
	d, why, err := gpu.Open(c.backend)
	if err != nil {
		return err
	}
	defer d.Close()
	document := doctorDocument{Adapter: d.Info, Adapters: append([]gpu.Adapter{}, gpu.Adapters()...), Features: append([]string{}, d.Features...), Limits: d.Limits}
	document.Chosen.Why = why
	if document.Race, document.Chosen.Backend, why, err = c.measureRace(d); err != nil {
		return err
	} else if why != "" {
		document.Chosen.Why = why
	}
	if document.Products, document.FewRows, err = c.measureProducts(d); err != nil {
		return err
	}
	if document.Decoding, err = c.measureDecoding(d); err != nil {
		return err
	}
	cases := kernelCases(c.seed, d)
	p := c.progress("checking kernels")
	document.Kernels, err = testKernels(ctx, d, cases, p)
	p.end()
	if err != nil {
		return err
	}
	if err := c.print(document, document.text); err != nil {
		return err
	}
	bad := 0
	for _, k := range document.Kernels {
		if !k.OK {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d kernels are wrong on %s; use --backend host here, and update the graphics driver", bad, len(document.Kernels), d.Info)
	}
	return nil
}

// kernelCases are the cases of all kernels that an adapter may use.
func kernelCases(seed uint64, d *gpu.Device) []gpu.Case {
	r := rand.New(rand.NewPCG(seed, 0))
	cases := slices.Concat(nn.Cases(r, nn.TilesFor(d.Info.Software)), attn.Cases(r), loss.Cases(r), optim.Cases(r), decode.Cases(r), decode.FusedCases(r))
	return slices.DeleteFunc(cases, func(c gpu.Case) bool { return !d.MayUse(c.Kernel) })
}

// testKernels verifies the cases and summarises them by kernel, in the order of the list.
func testKernels(ctx context.Context, d *gpu.Device, cases []gpu.Case, p *progress) ([]kernelTest, error) {
	tests := []kernelTest{}
	for i, one := range cases {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("stopped after %d of %d cases", i, len(cases))
		}
		at := slices.IndexFunc(tests, func(t kernelTest) bool { return t.Name == one.Kernel.Name })
		if at < 0 {
			at = len(tests)
			tests = append(tests, kernelTest{Name: one.Kernel.Name, OK: true})
		}
		t := &tests[at]
		report, err := one.Verify(d)
		if err != nil {
			if t.OK {
				t.OK, t.Problem = false, err.Error()
			}
			if d.Lost() {
				return nil, err
			}
		}
		t.Cases++
		t.MaxError = max(t.MaxError, number(report.MaxError))
		t.Used = max(t.Used, number(report.Used))
		t.Ms += number(float64(report.Took) / float64(time.Millisecond))
		p.set(i+1, len(cases), one.Kernel.Name)
	}
	return tests, nil
}

// productLines writes variants of products as lines of a table.
func productLines(w io.Writer, name string, products race.Products) {
	for _, one := range products {
		chosen := ""
		if one.Chosen {
			chosen = ", chosen"
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f GFLOP/s%s\n", name, one.Tile, one.GFLOPs, chosen)
		name = ""
	}
}

func (d doctorDocument) text(w io.Writer) {
	software := ""
	if d.Adapter.Software {
		software = ", in software"
	}
	fmt.Fprintf(w, "adapter\t%s, %s, %s%s\n", d.Adapter.Name, d.Adapter.Backend, d.Adapter.Vendor, software)
	for _, a := range d.Adapters {
		fmt.Fprintf(w, "--backend\t%q\n", a.ID)
	}
	fmt.Fprintf(w, "chosen\t%s: %s\n", d.Chosen.Backend, d.Chosen.Why)
	for _, line := range d.Race.lines() {
		fmt.Fprintln(w, line)
	}
	d.Decoding.text(w)
	productLines(w, "products", d.Products)
	productLines(w, "few rows", d.FewRows)
	if d.Adapter.Backend != gpu.Host {
		fmt.Fprintf(w, "limits\tbuffer %d MiB, binding %d MiB, workgroup memory %d KiB, %d invocations\n", d.Limits.MaxBufferSize>>20,
			d.Limits.MaxStorageBufferBindingSize>>20, d.Limits.MaxComputeWorkgroupStorageSize>>10, d.Limits.MaxComputeInvocationsPerWorkgroup)
	}
	if len(d.Features) > 0 {
		fmt.Fprintf(w, "features\t%s\n", strings.Join(d.Features, ", "))
	}
	fmt.Fprintf(w, "\nkernel\t\tmax error\tof tolerance\tms\tcases\n")
	for _, k := range d.Kernels {
		verdict := "ok"
		if !k.OK {
			verdict = "WRONG"
		}
		fmt.Fprintf(w, "%s\t%s\t%.1e\t%.0f %%\t%.1f\t%d\n", k.Name, verdict, float64(k.MaxError), 100*float64(k.Used), float64(k.Ms), k.Cases)
		if k.Problem != "" {
			fmt.Fprintf(w, "  %s\n", k.Problem)
		}
	}
}
