package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

var insideCommand = command{
	name: "inside",
	does: "opens the model at one token: logit lens, heads, ablation, patching",
	about: `
It takes the response of "attnlab trace" with the same flags, and asks why one of its tokens was written: by default the last one of the answer. Two tokens
are compared, the one that was written and the likeliest other one; --against names another. The forward pass that predicts it is at the token before.

  lens     log-probability of both before each layer and after the last, read by the last norm and the output matrix (logit lens)
  shares   what embedding, each head and each feed-forward part add to the logits of both, with the scale of the last norm held fixed at what it
           is there; their sum is the logit
  head     --head L.H, by default the one that adds most to the difference: q·k, q·k/√C, softmax weight, length of the value, and what each
           token that it reads adds to both logits; their sum is the head's share
  ablation --ablate 1.2,0.3 replaces what these heads draw, at every token, in the responses to --problems problems; --ablate each takes every head alone.
           --by zero, or mean: what the head draws on average. The change of the log-probability of the responses' own answers, and of the share of
           right answers that the model gives, greedily, after the same thoughts, each less that of the whole model: mean, standard error and
           95 % interval over responses
  patching --patch 3=TEXT changes a step as "attnlab trace --edit" does; --patch another takes the first response with another answer that the
           next 16 sampling seeds lead to. Where the answers differ, states of the first response are put into the other, at the input of each
           layer, in the tokens of each step: back is the share of the difference between both logits that returns, gained how much the
           log-probability of the first answer rises, in nats

  attnlab inside --seed 7 --greedy
  attnlab inside --seed 7 --greedy --head 1.2 --token 40
  attnlab inside --ablate each --problems 100 --by mean
  attnlab inside --seed 7 --greedy --patch "1=o &b 9 + &p 7 = o 5"
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		i := insideFlags{}
		f.StringVar(&i.prompt, "prompt", "", "`TEXT` of a problem of the task, as for trace")
		greedy := f.Bool("greedy", false, "take the likeliest token at every place")
		f.Float64Var(&i.temperature, "temperature", 1, "`T` of sampling")
		f.IntVar(&i.longest, "max-length", 0, "`N`, tokens of the longest response; by default as many as the context holds")
		token := f.Int("token", 0, "`N`, position of the token that is explained, counted from the first of the prompt")
		f.StringVar(&i.against, "against", "", "`TOKEN` that it is compared with")
		f.StringVar(&i.head, "head", "", "`L.H`, the head to open")
		f.StringVar(&i.ablate, "ablate", "", "`L.H,L.H`, heads to ablate together, or each")
		by := f.String("by", string(examine.ByZero), "`zero|mean`, what stands in place of an ablated head")
		f.IntVar(&i.problems, "problems", 50, "`N`, problems whose answers are measured with ablated heads")
		f.Func("patch", "`STEP=TEXT`, the change of a step that leads to another answer, or another: a response by another sampling seed", func(arg string) error {
			if i.patch != nil || i.another {
				return errors.New("one other response is patched at a time; give --patch once")
			}
			if i.another = arg == "another"; i.another {
				return nil
			}
			e, err := parseEdit(arg)
			i.patch = &e
			return err
		})
		return func(ctx context.Context, c *console) error {
			if *greedy {
				i.temperature = 0
			}
			if i.by = examine.Ablation(*by); !slices.Contains(examine.Ablations(), i.by) {
				return wrongUsage("inside: --by is %q; choose zero or mean", *by)
			}
			if err := cmp.Or(checkTemperature(i.temperature), atLeast(0, "max-length", i.longest), atLeast(0, "token", *token), within(1, maxProblems, "problems", i.problems)); err != nil {
				return err
			}
			for _, name := range []string{"by", "problems"} {
				if _, given := c.given[name]; given && i.ablate == "" {
					return wrongUsage("inside: --%s belongs to --ablate; give --ablate too, or leave --%s out", name, name)
				}
			}
			if _, given := c.given["problems"]; given && i.prompt != "" {
				return wrongUsage("inside: --prompt is one problem; leave --problems out")
			}
			if _, given := c.given["token"]; given {
				i.token = token
			}
			return c.inside(ctx, i)
		}
	},
}

// insideFlags are what the flags of inside say.
type insideFlags struct {
	prompt        string
	temperature   float64
	longest       int
	token         *int // nil is the last of the answer
	against, head string
	ablate        string
	by            examine.Ablation
	problems      int
	patch         *stepEdit
	another       bool // patch with a response by another sampling seed
}

// parseHeads reads "1.2,0.3" for a model. It returns an error for what is no head of it, and for a head that is listed twice.
func parseHeads(text string, m *model.Model) (heads []score.Head, err error) {
	for _, one := range strings.Split(text, ",") {
		var h score.Head
		if n, err := fmt.Sscanf(one+" ", "%d.%d ", &h.Layer, &h.Head); n != 2 || err != nil || fmt.Sprintf("%d.%d", h.Layer, h.Head) != one {
			return nil, wrongUsage("%q is no head such as 1.2: a layer and a head", one)
		}
		if h.Layer < 0 || h.Layer >= m.Layers || h.Head < 0 || h.Head >= m.Heads {
			return nil, fmt.Errorf("there is no head %s; the model has %d layers of %d heads, counted from 0", one, m.Layers, m.Heads)
		}
		if slices.Contains(heads, h) {
			return nil, wrongUsage("head %s is listed twice; name each head once", one)
		}
		heads = append(heads, h)
	}
	return heads, nil
}

func (c *console) inside(ctx context.Context, f insideFlags) error {
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	problem, err := c.problem(l.Task, f.prompt)
	if err != nil {
		return err
	}
	longest := examine.Cap(f.longest, l.Model.MaxContext)
	d, sampling, err := c.decoder(l, 1, l.inUse([]task.Problem{problem}, longest), f.temperature)
	if err != nil {
		return err
	}
	attempts, err := c.attempts(ctx, l, d, []task.Problem{problem}, longest, sampling)
	if err != nil {
		return err
	}
	i, err := model.NewInspector(l.Model, max(len(attempts[0].Trace.Tokens)+1, min(l.Model.MaxContext, 2048)))
	if err != nil {
		return err
	}
	defer i.Release()
	document := insideDocument{openedAs: l.openedAs()}
	if err := document.open(i, l.Task, attempts[0].Trace, f); err != nil {
		return err
	}
	if f.patch != nil || f.another {
		if err := c.patch(ctx, l, d, i, f, attempts[0], longest, sampling, &document); err != nil {
			return err
		}
	}
	var stopped error
	if f.ablate != "" {
		stopped = c.ablate(ctx, l, i, f, &document)
	}
	if stopped != nil && document.Ablation == nil {
		return stopped
	}
	if err := c.print(document, func(w io.Writer) { document.text(w) }); err != nil {
		return err
	}
	return stopped
}

// open fills in what one forward pass says about a token of a response.
func (d *insideDocument) open(i *model.Inspector, kind task.Task, t task.Trace, f insideFlags) error {
	vocabulary := kind.Vocabulary()
	d.Tokens, d.PromptLength = t.Tokens, t.PromptLength
	for _, token := range t.Tokens {
		d.Text = append(d.Text, vocabulary[token])
	}
	d.Token = len(t.Tokens) - 1
	if d.Token > t.PromptLength && task.Ends(kind, t.Tokens[d.Token]) {
		d.Token--
	}
	if f.token != nil {
		d.Token = *f.token
	}
	against := -1
	if f.against != "" {
		if against = slices.Index(vocabulary, f.against); against < 0 {
			return fmt.Errorf("--against: %.20q is not a token of task %s", f.against, kind.Name())
		}
	}
	var head *score.Head
	if f.head != "" {
		heads, err := parseHeads(f.head, i.Model)
		if err != nil {
			return fmt.Errorf("--head: %w", err)
		}
		if len(heads) > 1 {
			return wrongUsage("--head %s: one head is opened at a time; give one such as 1.2", f.head)
		}
		head = &heads[0]
	}
	o, err := examine.Open(i, t.Tokens, d.Token, against, head)
	if err != nil {
		return err
	}
	name := func(token int) insideToken { return insideToken{token, vocabulary[token]} }
	d.Targets, d.Shares, d.Head = []insideToken{name(o.Targets[0]), name(o.Targets[1])}, o.Shares, o.Head
	for l, row := range o.Lens {
		d.Lens = append(d.Lens, lensRow{l, row.LogProbs[:], name(row.Best), row.BestLog})
	}
	return nil
}

// patch puts states of a response into another one to the same problem.
func (c *console) patch(ctx context.Context, l *lab, d *model.Decoder, i *model.Inspector, f insideFlags, from examine.Attempt, longest int, sampling model.Sampling, document *insideDocument) error {
	t := &patchTable{}
	other := from
	if f.another {
		trace, seed, err := examine.OtherAnswer(ctx, d, l.Task, from.Problem, from.Trace, longest, c.seed, func(seed uint64) model.Sampling {
			s := sampling
			s.Seed = uint32(task.SeedOf("sample", seed, 0))
			return s
		})
		if err != nil {
			return fmt.Errorf("--patch another: %w", err)
		}
		other.Trace, t.Seed = trace, &seed
	} else {
		edits, err := c.edit(ctx, l, d, &other, []stepEdit{*f.patch}, longest, sampling)
		if err != nil {
			return err
		}
		t.Edit = &edits[0]
	}
	bar := c.progress("patching states")
	defer bar.end()
	p, err := examine.Patch(ctx, i, from.Trace, other.Trace, func(done, of int) { bar.set(done, of, "") })
	if err != nil {
		return fmt.Errorf("--patch: %w", err)
	}
	t.take(l.Task, other.Trace, p)
	document.Patching = t
	return nil
}

// ablate measures the answers to --problems problems without heads. If ctx ends, it adds the heads so far and returns an error.
func (c *console) ablate(ctx context.Context, l *lab, i *model.Inspector, f insideFlags, document *insideDocument) error {
	var sets [][]score.Head
	if f.ablate == "each" {
		for layer := range l.Layers {
			for h := range l.Heads {
				sets = append(sets, []score.Head{{Layer: layer, Head: h}})
			}
		}
	} else {
		heads, err := parseHeads(f.ablate, l.Model)
		if err != nil {
			return fmt.Errorf("--ablate: %w", err)
		}
		sets = [][]score.Head{heads}
	}
	s := sampled{problems: f.problems, temperature: f.temperature, longest: examine.Cap(f.longest, l.MaxContext)}
	problems, err := c.problemsFor(l.Task, f.prompt, &s)
	if err != nil {
		return err
	}
	d, sampling, err := c.decoder(l, len(problems), l.inUse(problems, s.longest), s.temperature)
	if err != nil {
		return err
	}
	attempts, err := c.attempts(ctx, l, d, problems, s.longest, sampling)
	if err != nil {
		return err
	}
	a, err := examine.NewAblating(ctx, i, l.Task, problems, tracesOf(attempts))
	if err != nil {
		return err
	}
	document.ablated(a, f.by)
	bar := c.progress("ablating heads")
	defer bar.end()
	for n, heads := range sets {
		bar.set(n, len(sets), "")
		e, err := a.Without(ctx, heads, f.by)
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("stopped after %d of %d ablations", n, len(sets))
		}
		if err != nil {
			return err
		}
		document.Ablation.Each = append(document.Ablation.Each, ablationRow{heads, differenceRowOf(e.LogProb), differenceRowOf(e.Right)})
	}
	return nil
}
