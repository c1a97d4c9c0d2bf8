package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/many"
	"attnlab/rl/task"
)

var passkCommand = command{
	name: "passk",
	does: "samples many responses to each problem and estimates pass@k",
	about: `
pass@k is how likely at least one of k responses to a problem is right. From N responses, c of them right, it is estimated without bias as
1 − C(N−c, k)/C(N, k) (Chen et al. 2021), and averaged over problems; low and high hold it with 95 % confidence: over problems, or for one problem
over its responses.

split says where the responses to a problem first part: the first token and the first step that are not the same in all, what is written there,
how often, and how often such responses are right. Steps are the same if their words are; in free text, if their texts are but for case, white
space and punctuation around them.

--reward METHOD adds what the method would reward each response with, in the group of the responses to its problem. For one problem (--prompt,
or --problems 1) the document has every response with its steps; --dump writes all of them as lines, as "attnlab eval" does.

  attnlab passk --problems 100 --samples 16
  attnlab passk --problems 1 --samples 32 --seed 7 --reward tlmre
  attnlab passk --model FOLDER --task problems --problem-file FILE --samples 64 --dump responses.jsonl
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		s := takeSampled(f, 100)
		samples := f.Int("samples", 16, "`N`, responses to each problem")
		prompt := f.String("prompt", "", "`TEXT` of one problem to take in place of drawn ones")
		var methods []string
		for _, m := range many.Rewarding() {
			methods = append(methods, m.Name)
		}
		reward := f.String("reward", rl.GRPO.Name, "`"+strings.Join(methods, "|")+"`: whose rewards to add, by the hyper-parameters of the lab")
		dump := f.String("dump", "", "`FILE` to write one line of JSON a response to")
		return func(ctx context.Context, c *console) error {
			if err := cmp.Or(s.check(), within(2, maxProblems, "samples", *samples)); err != nil {
				return err
			}
			method, err := rl.MethodOf(*reward)
			if err != nil || !slices.Contains(methods, *reward) {
				return wrongUsage("passk: --reward is %q, choose one of %s", *reward, strings.Join(methods, ", "))
			}
			if _, given := c.given["problems"]; given && *prompt != "" {
				return wrongUsage("passk: --prompt is one problem; leave --problems out")
			}
			if all := s.problems * *samples; *prompt == "" && all > maxProblems {
				return wrongUsage("passk: %d responses; --problems times --samples must be at most %d", all, maxProblems)
			}
			return c.passk(ctx, *s, *samples, *prompt, method, *dump)
		}
	},
}

func (c *console) passk(ctx context.Context, s sampled, samples int, prompt string, reward rl.Method, dump string) error {
	if err := checkWritable("--dump", dump); err != nil {
		return err
	}
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := judgedTask("passk", l.Task); err != nil {
		return err
	}
	problems, err := c.problemsFor(l.Task, prompt, &s)
	if err != nil {
		return err
	}
	s.longest = examine.Cap(s.longest, l.MaxContext)
	var each []task.Problem
	for _, p := range problems {
		if p.Gold == "" {
			return errors.New("passk: nobody knows the answer of this prompt, so no response is right; take a problem of the list")
		}
		each = append(each, slices.Repeat([]task.Problem{p}, samples)...)
	}
	d, sampling, err := c.decoder(l, len(each), l.inUse(problems, s.longest), s.temperature)
	if err != nil {
		return err
	}
	if s.temperature == 0 {
		c.note("Greedy responses to one problem are all the same; give a --temperature above 0 for different ones.")
	}
	attempts, stopped := c.attempts(ctx, l, d, each, s.longest, sampling)
	done := len(attempts) / samples
	if done == 0 {
		return cmp.Or(stopped, fmt.Errorf("there are no responses"))
	}
	attempts = attempts[:done*samples]
	if stopped != nil {
		stopped = fmt.Errorf("stopped after the responses to %d of %d problems", done, len(problems))
	}
	if dump != "" {
		if err := writeDump(dump, l.Task, attempts); err != nil {
			return err
		}
	}
	document, err := newPasskDocument(l.Task, attempts, samples, reward)
	if err != nil {
		return err
	}
	document.Temperature, document.Longest, document.openedAs = s.temperature, s.longest, l.openedAs()
	if err := c.print(document, document.text); err != nil {
		return err
	}
	return stopped
}
