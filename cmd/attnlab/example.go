package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/task"
	"attnlab/web"
)

var exampleCommand = command{
	name: "example",
	does: "writes the worked example that the lab shows first",
	about: `
It is a snapshot of the engine with the attention of every head: the first problem from --seed on whose response is correct
and has both essential and redundant steps, two each. Run it again when the default base has changed.

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
		base = c.shippedBase()
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
				if worthShowing(m) {
					if m.All, err = allHeads(ctx, port, m); err != nil {
						return err
					}
					return c.writeExample(out, m)
				}
				if seed++; seed == c.seed+exampleTries {
					return fmt.Errorf("none of %d responses is correct with two essential and two redundant steps; try another --seed or a better base", exampleTries)
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

// worthShowing reports whether a trace fits one screen and has both needed and redundant steps.
func worthShowing(t session.Trace) bool {
	labels := map[string]int{}
	for _, s := range t.Steps {
		labels[s.Label]++
	}
	return t.Correct && len(t.Steps) >= 5 && len(t.Steps) <= 9 && labels[task.Essential.String()] >= 2 && labels[task.Redundant.String()] >= 2
}

func (c *console) writeExample(out string, t session.Trace) error {
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
