package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"attnlab/model"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

// textOptions are the flags of tasks of free text.
type textOptions struct {
	file, rule, chat, system string
	shots, context           int
	divide                   bool // own problems have parts for training and for measurements
}

// takeAnyTask adds the flags of commands that take tasks of free text too.
func (o *options) takeAnyTask(f *flag.FlagSet) {
	o.takeTask(f)
	names := strings.Join(append(task.Names(), text.Names()...), "|")
	f.Lookup("task").Usage = "`" + names + "`, the kind of problems; the last three are free text, for a --model with a tokenizer of its own"
	var rules []string
	for _, r := range text.Rules() {
		rules = append(rules, string(r))
	}
	t := &o.text
	f.StringVar(&t.file, "problem-file", "", "`FILE` of task problems: lines of JSON with prompt and answer, and where wanted id and difficulty")
	f.StringVar(&t.rule, "step-rule", rules[0], "`"+strings.Join(rules, "|")+"`: what ends a step of free text")
	f.StringVar(&t.chat, "chat", "", "`"+strings.Join(text.ChatNames(), "|")+"`: markers of prompts in free text (by default those that the model's tokenizer has)")
	f.StringVar(&t.system, "system", "", "`TEXT` that the system says first in prompts of free text")
	f.IntVar(&t.shots, "shots", text.DefaultShots, "`N` solved examples in prompts of task few-shot-chain")
	f.IntVar(&t.context, "context", 2048, "`N`, longest prompt with response in free text, tokens: caches are made for it; 0 is all that the model allows")
}

// isText reports whether --task is a task of free text.
func (o *options) isText() bool {
	_, ok := text.Find(o.task)
	return ok
}

// textTask makes the task of free text that the flags describe, for a model whose context it bounds.
func (o *options) textTask(c *model.Config, words tokenizer.Tokenizer, base string) (task.Task, error) {
	if o.teacher != "" {
		return nil, wrongUsage("task %s has no teachers: leave --teacher %s out", o.task, o.teacher)
	}
	if o.text.context < 0 {
		return nil, wrongUsage("--context is %d, it must not be negative", o.text.context)
	}
	if o.text.context > 0 {
		c.MaxContext = min(c.MaxContext, o.text.context)
	}
	with := text.Options{Tokenizer: words, Vocabulary: c.VocabSize, Stop: c.EndTokens(), Context: c.MaxContext,
		Rule: text.Rule(o.text.rule), Chat: o.text.chat, System: o.text.system, Shots: o.text.shots, Divide: o.text.divide}
	if o.difficulty != "" {
		if o.task != text.FewShotChain.Name {
			return nil, wrongUsage("task %s has no --difficulty to choose", o.task)
		}
		levels, err := task.ParseDifficulty(o.difficulty)
		if err != nil {
			return nil, usageError{err}
		}
		if with.Difficulty = levels; levels.Min < text.Levels.Min || levels.Max > text.Levels.Max {
			return nil, wrongUsage("--difficulty %v of task %s must lie within %v", levels, o.task, text.Levels)
		}
	}
	switch {
	case o.text.file == "" && o.task == text.Problems.Name:
		return nil, wrongUsage("task %s needs --problem-file FILE, lines such as {\"prompt\": \"What is 2 + 3?\", \"answer\": \"5\"}", o.task)
	case o.text.file != "" && o.task != text.Problems.Name:
		return nil, wrongUsage("--problem-file is of task %s, and --task is %s", text.Problems.Name, o.task)
	}
	if o.text.file != "" {
		file, err := os.Open(o.text.file)
		if err != nil {
			return nil, fmt.Errorf("--problem-file: %w", err)
		}
		defer file.Close()
		if with.Problems, err = text.ReadProblems(file); err != nil {
			return nil, fmt.Errorf("--problem-file %s: %w", o.text.file, err)
		}
	}
	t, err := text.New(o.task, with)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", base, err)
	}
	return t, nil
}

// refuseText returns an error if --task is free text, for a command that does not take such tasks.
func (o *options) refuseText(command string) error {
	if !o.isText() {
		return nil
	}
	return wrongUsage("%s does not take task %s, which is free text; choose --task %s", command, o.task, strings.Join(task.Names(), " or "))
}

// judgedTask returns an error if a task has no answers to judge responses by.
func judgedTask(command string, t task.Task) error {
	if free, ok := t.(*text.Task); ok && !free.Answered {
		return wrongUsage("%s: task %s has no right answers; use \"attnlab trace\", or --task %s with a --problem-file", command, free.Name(), text.Problems.Name)
	}
	return nil
}

// labelledTask returns an error if a task has no labels of needed and redundant steps.
func labelledTask(command string, t task.Task) error {
	if free, ok := t.(*text.Task); ok && !free.Labelled {
		return wrongUsage("%s: task %s does not know which steps are needed; use --task %s, or a task with a grammar", command, free.Name(), text.FewShotChain.Name)
	}
	return nil
}

// some is how many problems to take of n that are asked for: all of a list that has fewer.
func (c *console) some(t task.Task, n int) int {
	if listed := task.Count(t); listed > 0 && listed < n {
		if _, given := c.given["problems"]; given {
			c.note("the list has %d problems, so %d are taken", listed, listed)
		}
		return listed
	}
	return n
}
