package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"attnlab/model"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

var treeCommand = command{
	name: "tree",
	does: "samples one branch tree and shows its values and advantages",
	about: `
Initial responses to one problem are branched and the branches sampled to their end, as TreeRL and AttnRL do. Every node is a stretch of
tokens: V is the share of right leaves below it, global = V - V(root), local = V - V(parent), advantage = (global + local) / √leaves.
Positions count from the first prompt token; the root holds the prompt. Where the task knows the pivot of a response, as task relay does, pivot_hit
is the share of branched responses with a pivot of which a branch point lies in it.

Without --prompt it takes the first problem of "attnlab eval" with the same seed.

  attnlab tree --branch fci --seed 3
  attnlab tree --branch entropy --initial 4 --json
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		prompt := f.String("prompt", "", "`TEXT` of a problem of the task, with or without <bos> and <think>; in free text with or without markers")
		var rows hyper.Table
		for _, p := range []hyper.Param{rl.BranchParam, hyper.Initial, hyper.Points, hyper.Rollouts, hyper.Delta, hyper.FCI, hyper.Take, hyper.Quantile, hyper.Spacing,
			hyper.Unbranched, hyper.Temperature, hyper.MaxLength} {
			row, _ := rl.AttnRL.Params.Row(p.Name)
			rows = append(rows, row)
		}
		given := hyperFlags(f, []rl.Method{rl.AttnRL}, rows)
		return func(ctx context.Context, c *console) error {
			h := rl.AttnRL.Params.Lab()
			for name, text := range given {
				if err := rows.Set(h, name, text); err != nil {
					return usageError{err}
				}
			}
			return c.tree(ctx, *prompt, h)
		}
	},
}

// treeSequences is how many responses of a tree are sampled at once, treeTokens how many tokens of them are scored in one pass.
const treeSequences, treeTokens = 32, 4096

// treePoints is how many points are branched in one round.
const treePoints = 16

// treeDocument is what tree prints.
type treeDocument struct {
	Problem      string           `json:"problem"`
	PromptLength int              `json:"prompt_length"`
	Gold         string           `json:"gold"`
	Root         treeRoot         `json:"root"`
	Nodes        []treeNode       `json:"nodes"` // the root first
	BranchPoints []rl.BranchPoint `json:"branch_points"`
	PivotHit     *float64         `json:"pivot_hit,omitempty"` // share of branched responses with a pivot, as the metrics of training have it
	openedAs
}

type treeRoot struct {
	Value  float64 `json:"value"`
	Leaves int     `json:"leaves"`
}

// treeNode is a node with its tokens as text, and positions in the trace.
type treeNode struct {
	rl.Node
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

func (c *console) tree(ctx context.Context, prompt string, h hyper.Values) error {
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := judgedTask("tree", l.Task); err != nil {
		return err
	}
	if err := rl.AttnRL.Suits(l.Task, h); err != nil {
		return usageError{err}
	}
	problem, err := c.problem(l.Task, prompt)
	if err != nil {
		return err
	}
	if problem.Gold == "" {
		return errors.New("tree: nobody knows the answer of this prompt, so its leaves have no value; take a problem of the list")
	}
	inUse := l.inUse([]task.Problem{problem}, examine.Cap(h.Int("max-length"), l.MaxContext))
	d, _, err := c.decoder(l, treeSequences, inUse, 1)
	if err != nil {
		return err
	}
	if err := d.ChooseForRun(); err != nil {
		return err
	}
	scorer, err := model.NewScorer(l.Model, max(inUse, treeTokens))
	if err != nil {
		return err
	}
	p := rl.PolicyOf(d, scorer, l.Task, rl.PolicyConfig{Seed: c.seed, SamplingKey: uint64(h.Int("sampling-key")), Temperature: h.Number("temperature"), MaxLength: h.Int("max-length")})
	grown, stopped := c.growTree(ctx, p, rl.NewTreeRule(h), problem)
	if grown.Tree == nil {
		return stopped
	}
	document := newTreeDocument(l.Task, grown)
	document.openedAs = l.openedAs()
	if err := c.print(document, document.text); err != nil {
		return err
	}
	return stopped
}

// growTree samples a tree. If ctx ends after branch points were chosen, it returns what has grown until then with an error.
func (c *console) growTree(ctx context.Context, p *rl.Policy, rule rl.TreeRule, problem task.Problem) (rl.BuiltTree, error) {
	bar := c.progress("growing the tree")
	defer bar.end()
	p.Progress = func(stage string, done, of int) { bar.set(done, of, stage) }
	b := p.NewTree(rule, problem)
	for !b.Done() {
		err := b.Round(ctx, p, treePoints)
		switch {
		case err == nil:
		case ctx.Err() == nil:
			return rl.BuiltTree{}, err
		case len(b.Points()) == 0:
			return rl.BuiltTree{}, errors.New("stopped before the first responses were finished")
		default:
			grown, err := b.Built()
			grown.Points = grown.Points[:b.Rolled()]
			return grown, cmp.Or(err, fmt.Errorf("stopped after the branches of %d of %d points", b.Rolled(), len(b.Points())))
		}
	}
	return b.Built()
}

func newTreeDocument(kind task.Task, g rl.BuiltTree) treeDocument {
	P, root := len(g.Problem.Prompt), g.Tree.Nodes[0]
	d := treeDocument{Problem: task.Text(kind, g.Problem.Prompt), PromptLength: P, Gold: g.Problem.Gold,
		Root: treeRoot{root.Value, root.Leaves}, BranchPoints: g.Points}
	if d.BranchPoints == nil {
		d.BranchPoints = []rl.BranchPoint{}
	}
	d.PivotHit = pivotHit(g.Points)
	// Any response through a node has its tokens.
	through := map[int]rl.Sample{}
	for i, leaf := range g.Leaf {
		for id := leaf; id > 0; id = g.Tree.Nodes[id].Parent {
			through[id] = g.Leaves[i]
		}
	}
	d.Nodes = append(d.Nodes, treeNode{root, 0, P, d.Problem})
	for _, n := range g.Tree.Nodes[1:] {
		d.Nodes = append(d.Nodes, treeNode{n, P + n.Start, P + n.End, task.Text(kind, through[n.ID].Tokens[P+n.Start:P+n.End])})
	}
	return d
}

// pivotHit is the share of branched responses with a pivot of which a branch point lies in it; nil where none has one.
func pivotHit(points []rl.BranchPoint) *float64 {
	hit := map[int]bool{}
	for _, p := range points {
		if p.Pivot != nil {
			hit[p.Tree] = hit[p.Tree] || *p.Pivot
		}
	}
	var hits []float64
	for _, is := range hit {
		hits = append(hits, stat.Indicator(is))
	}
	return stat.Finite(stat.Mean(hits))
}

func (d treeDocument) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n%d leaves, V(root) %.3f, the right answer is %s\n", strings.TrimSpace(d.Problem), d.Root.Leaves, d.Root.Value, d.Gold)
	if d.PivotHit != nil {
		fmt.Fprintf(w, "pivot_hit %.3f: the share of branched responses that are branched in their pivot\n", *d.PivotHit)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "node\tparent\ttree\tleaves\tV\tadvantage\ttext\n")
	for _, n := range d.Nodes[1:] {
		text := strings.ReplaceAll(n.Text, "\n", " / ")
		if runes := []rune(text); len(runes) > 60 {
			text = string(runes[:60]) + "…"
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%.3f\t%+.3f\t%s\n", n.ID, n.Parent, n.Tree, n.Leaves, n.Value, n.Advantage, text)
	}
}
