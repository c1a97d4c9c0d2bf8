package speed

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Text writes rows as tables for people: all rows, then which backend is faster by the size of the model, where several
// models were measured.
func Text(out io.Writer, rows []Row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "name\tbackend\tmedian ms\tmin\tmax\truns\ttokens/s\tGFLOP/s\tGB/s\tof ceiling\tdispatches\tsubmits\treadbacks\tshape\n")
	for _, r := range rows {
		tokens := r.TokensPerSecond
		if strings.HasPrefix(r.Name, Kernel) || strings.HasPrefix(r.Name, TokenKernel) {
			tokens = 0 // a part of a step computes no whole token
		}
		fmt.Fprintf(w, "%s\t%s\t%.2f\t%.2f\t%.2f\t%d\t%s\t%s\t%s\t%s\t%.4g\t%.3g\t%.3g\t%s\n",
			r.Name, r.Backend, r.MedianMs, r.MinMs, r.MaxMs, r.Runs, some(tokens, "%.0f"), some(r.OperationRate()/1e9, "%.2f"), some(r.ByteRate()/1e9, "%.2f"),
			some(r.Share, "%.2f"), r.Dispatches, r.Submits, r.Readbacks, cmp.Or(r.Shape, "–"))
	}
	for _, work := range Works(rows) {
		fmt.Fprintf(w, "\n%s, tokens/s\tparameters\thost\twebgpu\twebgpu / host\n", work.Title)
		for _, p := range work.Pairs {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Model, Count(float64(p.Parameters)), some(p.Host.TokensPerSecond, "%.0f"), some(p.WebGPU.TokensPerSecond, "%.0f"), Digits(p.Ratio()))
		}
		fmt.Fprintln(w, work.Says())
	}
	return w.Flush()
}

// some writes a number, and "–" in place of 0.
func some(x float64, format string) string {
	if x == 0 {
		return "–"
	}
	return fmt.Sprintf(format, x)
}
