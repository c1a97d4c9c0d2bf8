package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"attnlab/model/hf/tokenizer"
)

var logitsCommand = command{
	name: "logits",
	does: "prints the raw logits of a sequence of tokens",
	about: `
Row t of logits, [T][V], predicts the token after token t. tokens repeats the input. --model takes a folder of Hugging Face's form or a
GGUF file, of llama, mistral, qwen2, qwen3 or smollm3.

  attnlab logits --tokens 1,2,3 --json
  attnlab logits --model DIR --tokens 1,26,21
  attnlab logits --model FILE.gguf --storage q8 --tokens 1,26,21
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeModel(f)
		tokens := f.String("tokens", "", "`LIST` of token ids with commas between them")
		storage := f.String("storage", "", "`NAME` of how weights lie on the device: f32, bf16, f16, q8 or q4 (by default the smallest loss that fits)")
		return func(ctx context.Context, c *console) error { return c.logits(ctx, *tokens, *storage) }
	},
}

// logitsDocument is what logits prints.
type logitsDocument struct {
	Logits [][]float32 `json:"logits"`
	Tokens []int       `json:"tokens"`
}

func (c *console) logits(ctx context.Context, list, storage string) error {
	if list == "" {
		return wrongUsage("logits: --tokens is missing; give ids such as 1,2,3")
	}
	var d logitsDocument
	for field := range strings.SplitSeq(list, ",") {
		id, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || id < 0 {
			return wrongUsage("logits: --tokens: %.20q is not a token id; give whole numbers such as 1,2,3", field)
		}
		d.Tokens = append(d.Tokens, id)
	}
	s, _, err := c.source()
	if err != nil {
		return err
	}
	defer s.Close()
	for i, id := range d.Tokens { // before int becomes uint32
		if id >= s.Config.VocabSize {
			return fmt.Errorf("token %d at place %d is outside the vocabulary of %d", id, i, s.Config.VocabSize)
		}
	}
	m, err := c.openModel(ctx, s, len(d.Tokens), storage)
	if err != nil {
		return err
	}
	defer m.Device.Close()
	defer m.Release()
	if d.Logits, err = m.Logits(d.Tokens); err != nil {
		return err
	}
	return c.print(d, func(w io.Writer) { d.text(w, s.Tokenizer) })
}

// text shows the likeliest next tokens.
func (d logitsDocument) text(w io.Writer, t tokenizer.Tokenizer) {
	name := func(id int) string {
		if t == nil {
			return strconv.Itoa(id)
		}
		return strconv.Quote(t.Token(id))
	}
	fmt.Fprintf(w, "token\tlikeliest next, with logits\n")
	for i, row := range d.Logits {
		fmt.Fprintf(w, "%s", name(d.Tokens[i]))
		taken := map[int]bool{}
		for range min(5, len(row)) {
			best := -1
			for v := range row {
				if !taken[v] && (best < 0 || row[v] > row[best]) {
					best = v
				}
			}
			taken[best] = true
			fmt.Fprintf(w, "\t%s %.2f", name(best), row[best])
		}
		fmt.Fprintln(w)
	}
}
