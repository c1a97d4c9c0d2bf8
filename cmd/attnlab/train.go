package main

import (
	"context"
	"flag"
	"maps"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

var trainCommand = command{
	name: "train",
	does: "reinforcement learning from a base: " + strings.Join(rl.Names(rl.Methods), ", "),
	about: `
DIR gets run.json with the settings, metrics.jsonl with a line a step, rollouts.jsonl.gz with the responses of every step (see "attnlab rollouts"), the trained model with the state to resume from (saved every minute,
at the end and on Ctrl-C), followed.json with its answers to one problem at about ten steps, and result.json with the measurements at the end. --resume continues exactly as if the run had never stopped, to
its end or to a new --steps or --budget. Other settings cannot change: an error names a flag that differs. A run that began with --eval 0
may get an evaluation.

Before the first step the base answers probing problems, and what training removes is measured against these answers. Key-focus heads
(attnpo) are found on them, and ranked again after the last step. At the end the trained model and its base answer the same fresh problems, sampled
as in training. Hyper-parameters are flags; their defaults suit the small models of this lab, --paper takes the papers' values.

--token-loss FILE has the loss of the last training step, token by token: log-probability under the policy that wrote it (old) and under the weights
that were updated (new), their ratio, whether it was clipped, KL term, entropy, advantage, the factor before ∇log π (gradient) and the loss, one line a
response. The losses of all lines sum to those of the step's updates.

Own problems (--task problems) are divided by their content: a tenth each for the measurements while it trains and for those before and
after, the rest to train on.

--lora RANK trains low-rank adapters over frozen weights: of attention, or with --lora-on all of every matrix of the layers. DIR/adapter has
them in the form of PEFT. Of a small base DIR has the model with its adapters merged, too. A base of 64 MB or more, and any with --storage, is
opened a few rows at a time and stays as it is: give it to other commands with --adapter DIR/adapter, or make a model of both by "attnlab
merge". The base without its adapters is the reference of KL terms, and takes no memory.

  attnlab train --method attnpo --budget 300000 --out runs/attnpo
  attnlab train --method tlmre --steps 40 --seed 2 --out runs/tlmre-2
  attnlab train --method attnpo --focus-heads 0.1,0.3 --out runs/wrong-heads
  attnlab train --method grpo --lora 8 --out runs/grpo-lora
  attnlab train --method grpo --lora 8 --model SmolLM2-135M-Instruct --task few-shot-chain --context 512 --out runs/real
  attnlab train --out runs/attnpo --resume --budget 600000
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeModel(f)
		o.takeStorage(f)
		var t training
		f.StringVar(&t.Method, "method", "", "`M`, one of "+strings.Join(rl.Names(rl.Methods), ", "))
		f.StringVar(&t.out, "out", "", "`DIR` to write")
		f.IntVar(&t.Steps, "steps", 0, "`N`, training steps in all (as many as the method usually takes, or as the budget allows)")
		f.Int64Var(&t.Budget, "budget", 0, "`N`, generated tokens in all: no step begins beyond it")
		f.BoolVar(&t.resume, "resume", false, "continue from the checkpoint in DIR")
		f.StringVar(&t.losses, "token-loss", "", "`FILE` to write the loss of each token of the last step to, one line of JSON a response")
		f.BoolVar(&t.cosine, "gradient-cosine", false, "log the cosine of the gradients of two halves of each step's first update (gradient_cosine): 1 is no noise, 0 nothing but noise")
		f.IntVar(&t.Probe, "probe", 256, "`N`, problems that the base is measured on before, and the model after")
		f.IntVar(&t.evaluate, "eval", 500, "`N`, fresh problems to evaluate the trained model and its base on")
		f.IntVar(&t.HeldOut, "held-out", rl.DefaultHeldOut.Problems, "`N`, fixed problems that the model is measured on while it trains, the same for all runs of a task; 0 is none")
		f.Float64Var(&t.share, "save-rollouts", runs.DefaultRollouts, "`SHARE` of the run's problems whose responses are saved, 0 to 1")
		f.Int64Var(&t.HeldOutGap, "held-out-every", rl.DefaultHeldOut.Every, "`N`, generated tokens between two such measurements")
		f.StringVar(&t.FocusHeads, "focus-heads", "", "`L.H,L.H`, heads of attnpo instead of those it finds")
		f.StringVar(&t.Reflection, "reflection", "", "`DIR` of the reflection model of rearl, for its cuts normal, weak and strong (the one shipped with the base)")
		f.BoolVar(&t.Paper, "paper", false, "take the papers' hyper-parameters, made for models a thousand times larger")
		t.Hyper = hyperFlags(f, rl.Methods, rl.Rows(rl.Methods))
		return func(ctx context.Context, c *console) error { return c.train(ctx, t) }
	},
}

// hyperFlags adds a flag for each row of some methods and returns the values that were given.
func hyperFlags(f *flag.FlagSet, methods []rl.Method, rows hyper.Table) map[string]string {
	given := map[string]string{}
	for _, p := range rows {
		f.Func(p.Name, hyperHelp(methods, p)+", default "+byMethod(methods, p.Name, labValue), func(text string) error {
			_, err := p.Parse(text)
			given[p.Name] = text
			return err
		})
	}
	return given
}

func labValue(p hyper.Param) string   { return p.Lab.String() }
func paperValue(p hyper.Param) string { return p.Paper.String() }

// byMethod lists the defaults of a hyper-parameter: the value of most methods, then the others.
func byMethod(methods []rl.Method, row string, usual func(hyper.Param) string) string {
	of := map[string][]string{} // methods by value
	most := ""
	for _, method := range rl.With(methods, row) {
		p, _ := method.Params.Row(row)
		value := usual(p)
		of[value] = append(of[value], method.Name)
		if len(of[value]) > len(of[most]) {
			most = value
		}
	}
	text := most
	for _, value := range slices.Sorted(maps.Keys(of)) {
		if value != most {
			text += ", for " + strings.Join(of[value], " ") + " " + value
		}
	}
	return text
}
