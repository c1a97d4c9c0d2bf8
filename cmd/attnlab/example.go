package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"

	"attnlab/app/engine"
	applab "attnlab/app/lab"
	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/task"
	"attnlab/web"
)

var exampleCommand = command{
	name: "example",
	does: "writes the worked example that the lab shows first",
	about: `
It is a snapshot of the engine with the attention of every head, and the cut of every step: 32 continuations with attention to
the step and 32 without. The example is chosen for what its cuts show, and is no estimate: the first problem from --seed on with a
correct response of 5 to 9 steps whose highest FCI is at a reflection (back, wait) that the model does not need, and with an
essential step without which accuracy falls by at least half. Run it again when the first base has changed.

  attnlab example --out web/example.json
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeModel(f)
		out := f.String("out", "", "`FILE` to write the snapshot to")
		return func(ctx context.Context, c *console) error { return c.example(ctx, *out) }
	},
}

// exampleTries is the largest number of problems to try.
const exampleTries = 300

func (c *console) example(ctx context.Context, out string) (err error) {
	if out == "" {
		return wrongUsage("--out is missing: the file to write the example to")
	}
	base := c.model
	if base == "" {
		base = append(web.Models(), "")[0]
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var hub session.Hub
	port := hub.Join()
	go engine.Run(ctx, hub.Join(), engine.Library{
		List: func(context.Context) ([]string, error) { return []string{base}, nil },
		Fetch: func(_ context.Context, name string, _ func(done, total int)) (map[string][]byte, error) {
			return modelFiles(name)
		},
	}, session.Open{Backend: c.backend})
	sampling := session.Sampling{Temperature: 0.6, TopP: 1, Seed: 1}
	ask := func(seed uint64) error {
		return errors.Join(port.Send(session.NewProblem{Seed: seed}), port.Send(session.Generate{Unit: "all", Restart: true, Sampling: sampling}))
	}
	seed := c.seed
	if err := ask(seed); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return errors.New("stopped before an example was found")
		case message := <-port.In:
			switch m := message.(type) {
			case session.Failure:
				return errors.New(m.Text)
			case session.Trace:
				if !m.Complete || uint64(m.Seed) != seed {
					continue
				}
				x := applab.Example{Trace: m}
				if worthShowing(m) {
					if x.Cuts, err = allCuts(ctx, port, m); err != nil {
						return err
					}
				}
				if instructive(x) {
					if x.All, err = allHeads(ctx, port, m); err != nil {
						return err
					}
					return c.writeExample(out, x)
				}
				if seed++; seed == c.seed+exampleTries {
					return fmt.Errorf("none of %d problems gives an example as \"attnlab help example\" describes it; try another --seed or a better base", exampleTries)
				}
				if err := ask(seed); err != nil {
					return err
				}
			}
		}
	}
}

// allHeads asks the engine for the attention of a trace in one head after another, [L,H,K+2,K+2].
func allHeads(ctx context.Context, port *session.Port, t session.Trace) (all session.Densities, err error) {
	for i := range t.Layers * t.Heads {
		s := session.NoSelection
		s.Layer, s.Head = i/t.Heads, i%t.Heads
		if err := port.Send(session.Select{Selection: s}); err != nil {
			return nil, err
		}
		for t.InHead(s.Layer, s.Head) == nil {
			select {
			case <-ctx.Done():
				return nil, errors.New("stopped before the engine had sent all heads of the example")
			case message := <-port.In:
				if h, ok := message.(session.HeadAttention); ok {
					t.Take(h)
				}
			}
		}
		all = append(all, t.InHead(s.Layer, s.Head)...)
	}
	return all, nil
}

// worthShowing reports whether a trace is right, fits one screen, and has its highest FCI at a reflection.
func worthShowing(t session.Trace) bool {
	kind, err := task.New(t.Task, "", "")
	if err != nil || !t.Correct || len(t.Steps) < 5 || len(t.Steps) > 9 {
		return false
	}
	top := slices.Index(t.FCI, slices.Max(t.FCI))
	words := strings.Fields(t.Steps[top].Text)
	return len(words) > 0 && slices.Contains(kind.Reflections(), words[0]) && t.Steps[top].Label == task.Redundant.String()
}

// instructive reports whether the cuts show both outcomes: a needed step, and the step of the highest FCI as one that is not.
func instructive(x applab.Example) bool {
	needed, ok := x.Needed()
	spare, _ := x.Spare()
	if !ok {
		return false
	}
	n, s := needed.Groups[0], spare.Groups[0]
	return x.Steps[needed.Step].Label == task.Essential.String() && n.Loss >= .5 && math.Abs(s.Loss) <= 2./cutSamples && math.Abs(s.Loss) < 2*s.LossSE+1e-9 && s.Control >= .5
}

// cutSamples is the number of pairs of a recorded cut.
const cutSamples = 32

// allCuts cuts a trace at each of its steps.
func allCuts(ctx context.Context, port *session.Port, t session.Trace) (cuts []session.Disruption, err error) {
	for k := range t.Steps {
		if err := port.Send(session.Disrupt{Step: k, Samples: cutSamples}); err != nil {
			return nil, err
		}
		for len(cuts) == k {
			select {
			case <-ctx.Done():
				return nil, errors.New("stopped before all steps of the example were cut")
			case message := <-port.In:
				switch m := message.(type) {
				case session.Failure:
					return nil, errors.New(m.Text)
				case session.Disruption:
					if m.Step == k && len(m.Groups) > 0 && m.Groups[0].N == cutSamples {
						cuts = append(cuts, m)
					}
				}
			}
		}
	}
	return cuts, nil
}

func (c *console) writeExample(out string, t applab.Example) error {
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the example: %w", err)
	}
	return c.print(map[string]any{"seed": t.Seed, "steps": len(t.Steps), "bytes": len(data)}, func(w io.Writer) {
		fmt.Fprintf(w, "wrote the example: problem %d, %d steps, %d bytes\n", t.Seed, len(t.Steps), len(data))
	})
}

// modelFiles are the files of a model: a folder, or a shipped base by name.
func modelFiles(name string) (map[string][]byte, error) {
	folder, err := fs.FS(nil), error(nil)
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
		folder = os.DirFS(name)
	} else if folder, err = web.Model(name); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, file := range runs.ModelFiles {
		data, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, fmt.Errorf("read the model: %w", err)
		}
		files[file] = data
	}
	return files, nil
}
