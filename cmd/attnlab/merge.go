package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"attnlab/model"
	"attnlab/model/hf"
)

var mergeCommand = command{
	name: "merge",
	does: "writes a model with low-rank adapters merged into it",
	about: `
--adapter is a folder of PEFT's form, such as DIR/adapter of a run of "attnlab train --lora". The weights of --out are in F32, because the sum
of a weight and its adapter is in no smaller type; transformers opens the folder. Without --adapter the model itself is written so, also from a GGUF file.

  attnlab merge --model SmolLM2-135M-Instruct --adapter runs/real/adapter --out merged
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeModel(f)
		o.takeAdapter(f)
		out := f.String("out", "", "`DIR` to write")
		return func(ctx context.Context, c *console) error { return c.merge(ctx, *out) }
	},
}

// mergeDocument is what merge prints.
type mergeDocument struct {
	Out        string `json:"out"`
	Parameters int    `json:"parameters"`
	Adapter    string `json:"adapter,omitempty"`
	Rank       int    `json:"rank,omitempty"`
}

func (c *console) merge(ctx context.Context, out string) error {
	if out == "" {
		return wrongUsage("merge: --out is missing; give a folder for the model")
	}
	s, _, err := c.source()
	if err != nil {
		return err
	}
	defer s.Close()
	d := mergeDocument{Out: out, Parameters: s.Config.Count(), Adapter: c.adapter}
	var values model.Source = s
	if c.adapter != "" {
		adapters, err := hf.OpenAdapters(s.Config, os.DirFS(c.adapter))
		if err != nil {
			return fmt.Errorf("--adapter %s: %w", c.adapter, err)
		}
		values, d.Rank = adapters.Over(s.Config, s), adapters.Rank
	}
	bar := c.progress("writing MB")
	defer bar.end()
	err = hf.Export(ctx, out, s.Config, s.Tokenizer, values, func(done, of int64) { bar.set(int(done>>20), int(of>>20), "") })
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped before the model was written")
	case err != nil:
		return wrapOut(err)
	}
	return c.print(d, func(w io.Writer) {
		fmt.Fprintf(w, "%s has the model, %d parameters in F32\n", d.Out, d.Parameters)
	})
}
