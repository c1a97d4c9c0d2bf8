package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/task/text"
)

var recordCommand = command{
	name: "record",
	does: "writes the trace of a published model for the lab to show without that model",
	about: `
The model answers a prompt, greedily unless --temperature says otherwise. The file holds its tokens, log-probabilities and entropies, the likeliest three tokens at each place,
every score, the attention between prompt, steps and answer in every head, to 1/65535, and how much less likely the answer is without attention
to each step. The page shows web/recorded/NAME.json under #recorded=NAME; its names are in app/session/recording.go.

  attnlab record --model SmolLM2-135M-Instruct --as smollm2-135m-instruct --revision "BF16" --licence Apache-2.0 --prompt "What is 2 + 3?" --answer 5 --out web/recorded
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeModel(f)
		var r recording
		f.StringVar(&r.prompt, "prompt", "", "`TEXT` of a question")
		f.StringVar(&r.answer, "answer", "", "`TEXT` of its right answer, if there is one")
		f.StringVar(&r.rule, "step-rule", string(text.Rules()[0]), "`RULE` that ends a step, see \"attnlab help trace\"")
		f.Float64Var(&r.temperature, "temperature", 0, "`T` of sampling; 0 takes the likeliest token at every place")
		f.IntVar(&r.context, "context", 512, "`N`, longest prompt with response, tokens")
		f.StringVar(&r.as, "as", "", "`NAME` of the file without .json")
		f.StringVar(&r.revision, "revision", "", "`TEXT` that says which weights these are")
		f.StringVar(&r.licence, "licence", "", "`TEXT`, licence of the model")
		f.StringVar(&r.out, "out", "", "`FOLDER` to write the file to")
		return func(ctx context.Context, c *console) error { return c.record(ctx, r) }
	},
}

// recording is what the flags of record say.
type recording struct {
	prompt, answer, rule       string
	as, revision, licence, out string
	temperature                float64
	context                    int
}

func (c *console) record(ctx context.Context, r recording) error {
	for _, flag := range []struct{ name, value string }{{"prompt", r.prompt}, {"as", r.as}, {"revision", r.revision}, {"licence", r.licence}, {"out", r.out}, {"model", c.model}} {
		if strings.TrimSpace(flag.value) == "" {
			return wrongUsage("--%s is missing", flag.name)
		}
	}
	if err := cmp.Or(checkTemperature(r.temperature), atLeast(1, "context", r.context)); err != nil {
		return err
	}
	if _, err := text.ParseRule(r.rule); err != nil {
		return wrongUsage("--step-rule: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var hub session.Hub
	port := hub.Join()
	go engine.Run(ctx, hub.Join(), engine.Library{
		List: func(context.Context) ([]string, error) { return []string{c.model}, nil },
		Fetch: func(context.Context, string, func(done, total int)) (map[string][]byte, error) {
			return r.files(c.model)
		},
	}, session.Open{Backend: c.backend})

	wording := session.Wording{Task: text.FreeText.Name, Rule: r.rule}
	problem := session.NewProblem{Seed: 1, Text: r.prompt, Wording: &wording}
	if r.answer != "" {
		line, err := json.Marshal(map[string]string{"prompt": r.prompt, "answer": r.answer})
		if err != nil {
			return err
		}
		wording.Task, wording.Problems, problem.Text = text.Problems.Name, string(line), ""
	}
	if err := errors.Join(port.Send(problem), port.Send(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: float32(r.temperature), TopP: 1, Seed: uint32(c.seed)}})); err != nil {
		return err
	}
	found, err := c.recorded(ctx, port, r)
	if err != nil {
		return err
	}
	data, err := session.WriteRecording(found)
	if err != nil {
		return fmt.Errorf("record the trace: %w", err)
	}
	path := filepath.Join(r.out, r.as+".json")
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the trace: %w", err)
	}
	t := found.Trace
	return c.print(map[string]any{"file": path, "tokens": len(t.Tokens), "steps": len(t.Steps), "layers": t.Layers, "heads": t.Heads, "correct": t.Correct, "bytes": len(data)}, func(w io.Writer) {
		fmt.Fprintf(w, "wrote %s: %d tokens in %d steps, %d layers of %d heads, %d bytes\n", path, len(t.Tokens), len(t.Steps), t.Layers, t.Heads, len(data))
	})
}

// recorded collects the trace, every head of it and what the answer loses without each step, as the engine sends them to a page.
func (c *console) recorded(ctx context.Context, port *session.Port, r recording) (found session.Recording, err error) {
	adapter := ""
	for found.Trace.Tokens == nil || found.Losses.Values == nil {
		select {
		case <-ctx.Done():
			return found, errors.New("stopped before the trace was recorded")
		case message := <-port.In:
			switch m := message.(type) {
			case session.Failure:
				return found, errors.New(m.Text)
			case session.Capabilities:
				adapter = m.Adapter
			case session.Trace:
				if !m.Complete || found.Trace.Tokens != nil {
					continue
				}
				found.Trace = m
				if found.Heads, err = allHeads(ctx, port, m); err != nil {
					return found, err
				}
				if err := port.Send(session.DisruptAnswer{}); err != nil {
					return found, err
				}
			case session.AnswerLosses:
				if n := len(m.Values); n > 0 && n == len(found.Trace.Steps) && m.Values[n-1] != nil {
					found.Losses = m
				}
			}
		}
	}
	found.Trace.Recorded = &session.Recorded{Name: r.as, Model: filepath.Base(filepath.Clean(c.model)), Revision: r.revision, Licence: r.licence, Adapter: adapter, Command: r.command(c)}
	return found, nil
}

// command is how to make the file again, with the model by its name alone.
func (r recording) command(c *console) string {
	words := []string{"attnlab", "record", "--backend", c.backend, "--model", filepath.Base(filepath.Clean(c.model)), "--as", r.as, "--step-rule", r.rule, "--context", fmt.Sprint(r.context), "--prompt", fmt.Sprintf("%q", r.prompt)}
	if r.temperature > 0 {
		words = append(words, "--temperature", fmt.Sprint(r.temperature), "--seed", fmt.Sprint(c.seed))
	}
	if r.answer != "" {
		words = append(words, "--answer", fmt.Sprintf("%q", r.answer))
	}
	return strings.Join(append(words, "--revision", fmt.Sprintf("%q", r.revision), "--licence", fmt.Sprintf("%q", r.licence), "--out", "web/recorded"), " ")
}

// files are those of the model, with the context that the trace may use: caches are made for all of it.
func (r recording) files(model string) (map[string][]byte, error) {
	files, err := modelFiles(model)
	if err != nil {
		return nil, err
	}
	var config map[string]json.RawMessage
	if err := json.Unmarshal(files[runs.ConfigFile], &config); err != nil {
		return nil, fmt.Errorf("read %s: %w", runs.ConfigFile, err)
	}
	const key = "max_position_embeddings"
	if longest := 0; json.Unmarshal(config[key], &longest) == nil && longest > r.context {
		config[key] = json.RawMessage(fmt.Sprint(r.context))
	}
	files[runs.ConfigFile], err = json.Marshal(config)
	return files, err
}
