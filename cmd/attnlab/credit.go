package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/hyper"
)

var creditCommand = command{
	name: "credit",
	does: "applies a credit rule to one group, without any model",
	about: `
It reads one group of responses (or a tree of them) as JSON and prints what each response, step, node and token would get. Lengths and
ranges are in response tokens, "step" is the training step:

  {"prompt_length": 12, "step": 2000,
   "responses": [{"length": 90, "correct": true, "answer_tokens": 9, "focus": [0.2, 0.05], "step_ranges": [[0, 30], [30, 81]]}, …],
   "tree": {"nodes": [{"id": 0, "parent": -1, "reward": null}, …]},
   "revisions": [{"length": 60, "correct": true, "reflections": 2, "think_tokens": 50}, …]}

"tree" is for treerl and attnrl, "revisions" for rearl. For deepgrpo a response that continues another has "branch": {"of": 1, "at": 30}, the number
of that response, from 0, and the tokens they share; other methods leave it out. Each response needs "length" and "correct", and attnpo needs every key of the
first two lines; methods that weigh tokens (forking, anchors, oar, flowtracer) need "token_scores", a number a token, and vineppo takes the value of the state
before a token's step as its score. Without "reflections" or "answer_tokens" they are 0, and without "think_tokens" it is length less answer_tokens. A key
that is unknown, null or given twice is an error. Hyper-parameters are flags with the paper's values as defaults; the help text of each
names its methods.

  attnlab credit --method attnpo --group group.json --json
  attnlab credit --method rearl --length-weight 0.3 --group - < group.json
`,
	flags: func(_ *options, f *flag.FlagSet) action {
		methods := rl.Names(rl.Crediting())
		method := f.String("method", "", "`M`, one of "+strings.Join(methods, ", "))
		group := f.String("group", "", "`FILE` with the group, - for standard input")
		values := hyper.Values{}
		for _, p := range rl.Rows(rl.Crediting()) {
			if p.Name == hyper.Group.Name { // its size: the file says it
				continue
			}
			f.Func(p.Name, hyperHelp(rl.Crediting(), p), func(text string) (err error) {
				values[p.Name], err = p.Parse(text)
				return err
			})
		}
		return func(_ context.Context, c *console) error {
			switch {
			case *method == "":
				return wrongUsage("credit: --method is missing; choose one of %s", strings.Join(methods, ", "))
			case !slices.Contains(methods, *method):
				return wrongUsage("credit: there is no method %q; choose one of %s", *method, strings.Join(methods, ", "))
			case *group == "":
				return wrongUsage("credit: --group is missing; give a file, or - for standard input")
			}
			return c.credit(*method, *group, values)
		}
	},
}

// hyperHelp is the help text of the flag of a row that some methods have.
func hyperHelp(methods []rl.Method, p hyper.Param) string {
	value := "`X`"
	if len(p.Choices) > 0 {
		value = "`" + strings.Join(p.Choices, "|") + "`"
	}
	return fmt.Sprintf("%s %s (%s)", value, p.Meaning, strings.Join(rl.Names(rl.With(methods, p.Name)), ", "))
}

func (c *console) credit(name, path string, changed hyper.Values) error {
	method, err := rl.MethodOf(name)
	if err != nil {
		return err
	}
	values, err := method.Params.Merge(method.Params.Paper(), changed)
	if err == nil {
		err = method.Check(values, hyper.Limits{})
	}
	if err != nil {
		return wrongUsage("credit --method %s: %w", name, err)
	}
	var data []byte
	if path == "-" {
		data, err = io.ReadAll(c.stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return fmt.Errorf("--group: %w", err)
	}
	in, err := rl.ReadGroup(method, data)
	if err != nil {
		return fmt.Errorf("--group %s: %w", path, err)
	}
	out, err := rl.CreditGroup(method, in, changed)
	if err != nil {
		return err
	}
	return c.print(out, func(w io.Writer) { creditText(w, out) })
}

func creditText(w io.Writer, out rl.GroupOutput) {
	if len(out.Nodes) > 0 {
		fmt.Fprintf(w, "node\tparent\tleaves\tvalue\tglobal\tlocal\tadvantage\n")
		for _, n := range out.Nodes {
			fmt.Fprintf(w, "%d\t%d\t%d\t%.4f\t%.4f\t%.4f\t%.4f\n", n.ID, n.Parent, n.Leaves, n.Value, n.Global, n.Local, n.Advantage)
		}
	} else {
		fmt.Fprintf(w, "response\treward\tadvantage\tfactor of each step\n")
		for i := range out.Rewards {
			fmt.Fprintf(w, "%d\t%.4f\t%.4f\t%.3f\n", i, out.Rewards[i], out.Advantages[i], out.StepScale[i])
		}
	}
	if !out.Valid {
		fmt.Fprintln(w, "\nno token of this group has an advantage: training would skip it")
	}
}
