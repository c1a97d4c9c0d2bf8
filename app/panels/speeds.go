package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/model/speed"
)

// benchPage measures both backends and shows which one is faster, and how near each kernel comes to what the device can do.
func (p *Page) benchPage() app.UI {
	return app.Div().Class("columns compare bench").Body(
		app.Section().Class("column controls").Aria("label", "measurement").Body(p.benchControls(), p.benchCopies()),
		app.Section().Class("column middle").Aria("label", "speeds").Body(
			app.Div().Class("trace-head").Body(app.Div().Body(
				app.H1().Text("Benchmark"),
				app.P().Class("verdict").Text("How fast the engine trains and samples, on the processor and on WebGPU, and how near each kernel comes to the limit of the device."),
			)),
			app.If(len(p.Speeds.Rows) == 0, p.noSpeeds).Else(func() app.UI {
				return app.Div().Class("stack").Body(
					app.If(len(speed.Works(p.Speeds.Rows)) > 0, func() app.UI {
						return app.Div().Class("stack").Body(p.figure("speeds", "Tokens per second by size of the model", true), p.speedTables())
					}),
					app.If(len(speed.Kernels(p.Speeds.Rows, "host"))+len(speed.Kernels(p.Speeds.Rows, "webgpu")) > 0, func() app.UI {
						return app.Div().Class("stack").Body(p.rooflineChoice(), p.figure("roofline", "Kernels against the ceilings of the device", true))
					}),
					p.kernelTables(),
				)
			}),
		),
	)
}

var whatNames = map[string]string{"all": "models and kernels", "models": "models only", "kernels": "kernels only"}

func (p *Page) benchControls() app.UI {
	v := &p.Speeds
	label, class := "Measure", "primary"
	if p.Measuring() {
		label, class = "Stop", ""
	}
	full := app.Input().Type("checkbox").DataSet("set", "bench-full")
	if p.Bench.Full {
		full = full.Checked(true)
	}
	return app.Div().Class("panel").ID("bench-controls").Body(
		app.H2().Text("Measure"),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("what"), choice("bench-what", "what to measure", p.Bench.What, lab.BenchWhats, func(s string) string { return whatNames[s] })),
			app.Label().Class("check").Body(full, app.Text("five runs of each row")),
		),
		app.Div().Class("buttons").Body(p.button("bench", class, app.Text(label))),
		app.If(p.Measuring(), func() app.UI {
			return app.Div().ID("bench-progress").Body(
				app.Progress().Max(max(1, v.Of)).Value(v.Done).Aria("label", "parts measured"),
				app.P().Class("hint").Text(fmt.Sprintf("%d of %d done; now %s", v.Done, v.Of, v.Part)),
			)
		}),
		app.Range(p.BenchAdapters()).Slice(func(i int) app.UI { return app.P().Class("hint").Text(p.BenchAdapters()[i]) }),
		app.If(v.Missing != "", func() app.UI { return app.P().Class("hint").Text(v.Missing) }),
		app.P().Class("hint").Text("Runs on both backends alternate, up to five of each within half a second. Close other tabs for steady numbers. A run that trains pauses meanwhile."),
	)
}

// benchCopies copies the rows.
func (p *Page) benchCopies() app.UI {
	return app.Div().Class("panel").ID("bench-copies").Body(
		app.H2().Text("Copy"),
		app.Div().Class("buttons").Body(
			p.button("bench-text", "", app.Text("Text")),
			p.button("bench-json", "", app.Text("JSON")),
		),
		app.P().Class("hint").Body(app.Text("The JSON has the rows of "), app.Code().Text("attnlab bench --json"), app.Text(", which measures the same on the command line.")),
	)
}

// noSpeeds is the page before the first row.
func (p *Page) noSpeeds() app.UI {
	text := "Nothing is measured yet. Press Measure: rows appear as they come, and the page stays usable."
	if p.Measuring() {
		text = "The first row is being measured. The kernels are compiled before they are timed."
	}
	rows := [][3]string{
		{"Tokens per second by size of the model", "Training and decoding of each size, on the processor and on WebGPU: a curve over the number of parameters, and where the two cross.", pictureSpeeds()},
		{"Kernels against the ceilings of the device", "Time, operations and bytes of every kernel of a training step, and its share of what the device can do: a roofline.", pictureRoofline()},
	}
	return app.Div().Class("stack").ID("no-speeds").Body(
		app.P().Text(text),
		app.Ul().Class("to-measure").Body(app.Range(rows).Slice(func(i int) app.UI {
			return app.Li().Body(picture(rows[i][2]), app.Div().Body(app.H2().Text(rows[i][0]), app.P().Class("hint").Text(rows[i][1])))
		})),
	)
}

// speedTables has a table for each way of working: a row a model, with both backends.
func (p *Page) speedTables() app.UI {
	works := speed.Works(p.Speeds.Rows)
	cell := func(r speed.Row) app.UI {
		if r.MedianMs == 0 {
			return app.Td().Class("figure").Text("–")
		}
		spread := " " + explain.N(1)
		if r.Runs > 1 {
			spread = fmt.Sprintf(" %s–%s, %s", speed.Count(r.Slowest()), speed.Count(r.Fastest()), explain.N(r.Runs))
		}
		return app.Td().Class("figure").Body(app.Text(speed.Count(r.TokensPerSecond)), app.Span().Class("se").Text(spread))
	}
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "speeds measured").ID("speed-tables").Body(app.Range(works).Slice(func(i int) app.UI {
		w := works[i]
		return app.Table().Class("table speeds").Body(
			app.Caption().Body(app.Strong().Text(w.Title), app.Text(", tokens per second: median, slowest to fastest run. "+w.Says())),
			app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("model"), numberColumn("parameters"), numberColumn("CPU"), numberColumn("WebGPU"), numberColumn("WebGPU ÷ CPU"))),
			app.TBody().Body(app.Range(w.Pairs).Slice(func(i int) app.UI {
				pair := w.Pairs[i]
				return app.Tr().Body(app.Th().Scope("row").Text(pair.Model), app.Td().Class("figure").Text(speed.Count(float64(pair.Parameters))),
					cell(pair.Host), cell(pair.WebGPU), app.Td().Class("figure").Text(speed.Digits(pair.Ratio())))
			})),
		)
	}))
}

// rooflineChoice chooses the backend of figure and table of kernels.
func (p *Page) rooflineChoice() app.UI {
	return app.Div().Class("fields").Body(app.Label().Body(app.Text("kernels on"),
		choice("roofline", "backend of the kernels", p.RooflineBackend(), []string{"webgpu", "host"}, speed.BackendTitle)))
}

// timed reports whether a kernel took as long as the table can show. What took less is shorter than the clock can tell, and so are its
// rates.
func timed(r speed.Row) bool { return r.MedianMs >= 0.005 }

// rateOf is a rate, or 0 where the clock cannot tell it.
func rateOf(r speed.Row, rate float64) float64 {
	if !timed(r) {
		return 0
	}
	return rate
}

// kernelTables list the kernels of a training step, and of a decoded token, the slowest first.
func (p *Page) kernelTables() app.UI {
	backend := p.RooflineBackend()
	training, token := speed.Kernels(p.Speeds.Rows, backend), speed.TokenKernels(p.Speeds.Rows, backend)
	c := speed.CeilingsOf(p.Speeds.Rows, backend)
	return app.If(len(training)+len(token) == 0, func() app.UI {
		return app.P().Class("hint").Text("No kernels of this backend are measured yet.")
	}).Else(func() app.UI {
		return app.Div().Class("stack").Body(
			app.If(len(training) > 0, func() app.UI {
				return kernelTable("kernels-measured", "Kernels of one training step of small, 4096 tokens", training, c)
			}),
			app.If(len(token) > 0, func() app.UI {
				return kernelTable("token-kernels-measured", "Kernels of one decoded token of small, 64 sequences", token, c)
			}))
	})
}

// kernelTable lists kernels and what they reach of a backend's ceilings.
func kernelTable(id, title string, kernels []speed.Row, c speed.Ceilings) app.UI {
	total := 0.0
	for _, r := range kernels {
		total += r.MedianMs
	}
	share := func(r speed.Row) app.UI {
		if r.Share == 0 || !timed(r) {
			return app.Td().Class("figure").Text("–")
		}
		return app.Td().Class("figure").Body(app.Text(fmt.Sprintf("%.2f ", r.Share)), bar(r.Share))
	}
	counted := func(x float64) app.UI {
		if x == 0 {
			return app.Td().Class("figure").Text("–")
		}
		return app.Td().Class("figure").Text(speed.Digits(x))
	}
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", title).Body(app.Table().Class("table kernels-measured").ID(id).Body(
		app.Caption().Text(fmt.Sprintf("%s, on %s; the slowest first. Ceilings, measured in the same run: %s GFLOP/s in a large matrix product, %s GB/s in a copy. Data that stays in a cache can exceed 1.",
			title, speed.BackendTitle(kernels[0].Backend), speed.Digits(c.Operations/1e9), speed.Digits(c.Bytes/1e9))),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("kernel"), numberColumn("calls"), numberColumn("n"), numberColumn("ms"), numberColumn("min–max ms"), numberColumn("of time, %"),
			numberColumn("Mop"), numberColumn("MB"), numberColumn("GFLOP/s"), numberColumn("GB/s"), numberColumn("of ceiling"))),
		app.TBody().Body(app.Range(kernels).Slice(func(i int) app.UI {
			r := kernels[i]
			spread := "–"
			if r.Runs > 1 {
				spread = fmt.Sprintf("%.2f–%.2f", r.MinMs, r.MaxMs)
			}
			return app.Tr().Body(app.Th().Scope("row").Text(r.KernelName()), app.Td().Class("figure").Text(int(r.Dispatches)), app.Td().Class("figure").Text(r.Runs),
				app.Td().Class("figure").Text(fmt.Sprintf("%.2f", r.MedianMs)), app.Td().Class("figure").Text(spread), app.Td().Class("figure").Text(fmt.Sprintf("%.1f", 100*r.MedianMs/total)),
				counted(r.Operations/1e6), counted(r.Bytes/1e6), counted(rateOf(r, r.OperationRate())/1e9), counted(rateOf(r, r.ByteRate())/1e9), share(r))
		})),
	))
}
