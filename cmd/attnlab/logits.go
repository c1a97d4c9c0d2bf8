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
		o.takeOpened(f)
		tokens := f.String("tokens", "", "`LIST` of token ids with commas between them")
		return func(ctx context.Context, c *console) error { return c.logits(ctx, *tokens) }
	},
}

// logitsDocument is what logits prints.
type logitsDocument struct {
	Logits [][]float32 `json:"logits"`
	Tokens []int       `json:"tokens"`
	openedAs
}

func (c *console) logits(ctx context.Context, list string) error {
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
	l := &lab{adapter: c.adapter}
	var err error
	if l.files, l.base, err = c.source(); err != nil {
		return err
	}
	defer l.close()
	for i, id := range d.Tokens { // before int becomes uint32
		if id >= l.files.Config.VocabSize {
			return fmt.Errorf("token %d at place %d is outside the vocabulary of %d", id, i, l.files.Config.VocabSize)
		}
	}
	if err := c.openModel(ctx, l, len(d.Tokens)); err != nil {
		return err
	}
	if d.Logits, err = l.Logits(d.Tokens); err != nil {
		return err
	}
	d.openedAs = l.openedAs()
	return c.print(d, func(w io.Writer) { d.text(w, l.files.Tokenizer) })
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
