package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"attnlab/gpu"
	"attnlab/model/hf/hub"
	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
	"attnlab/shaders/nn"
)

// options are the flags that several commands share.
type options struct {
	json    bool
	seed    uint64
	backend string

	task, difficulty, teacher string
	text                      textOptions

	model, hub       string
	storage, adapter string // how it is opened
	stream           bool
}

// autoStorage is the storage that a plan chooses.
const autoStorage = "auto"

var defaults = options{seed: 1, backend: gpu.Auto, hub: hub.Default, task: task.Tasks[0].Name, storage: autoStorage}

// every adds the flags that every command has.
func (o *options) every(f *flag.FlagSet) {
	f.BoolVar(&o.json, "json", o.json, "print one JSON document on standard output and nothing else")
	f.Uint64Var(&o.seed, "seed", o.seed, "`N`, of everything random; the same seed on the same adapter gives the same result")
	f.StringVar(&o.backend, "backend", o.backend, "`auto|webgpu|host`, or an adapter that doctor lists: auto measures the GPU and the processor and takes the faster one")
}

// takeTask adds the flags of commands that need a task.
func (o *options) takeTask(f *flag.FlagSet) {
	f.StringVar(&o.task, "task", o.task, "`"+strings.Join(task.Names(), "|")+"`, the kind of problems")
	f.StringVar(&o.difficulty, "difficulty", o.difficulty, "`RANGE` of difficulties such as 2-5, or one of them (by default the task's own)")
	var teachers, with []string
	for _, k := range task.Tasks {
		if len(k.Teachers) > 0 {
			teachers, with = append(teachers, k.Teachers...), append(with, k.Name)
		}
	}
	f.StringVar(&o.teacher, "teacher", o.teacher, "`"+strings.Join(teachers, "|")+"`, who writes the demonstrations of task "+strings.Join(with, " or "))
}

// takeModel adds the flag of commands that read a model.
func (o *options) takeModel(f *flag.FlagSet) {
	f.StringVar(&o.model, "model", o.model, "`PATH` of a model, a folder of Hugging Face's form or a GGUF file, or hf:owner/name[@revision] to download one, or the name of a shipped base (by default the task's own)")
	f.StringVar(&o.hub, "hub", o.hub, "`URL` of the hub that hf: names are of")
}

// takeOpened adds the flags of commands that read a model a few rows at a time, to run it forward.
func (o *options) takeOpened(f *flag.FlagSet) {
	o.takeModel(f)
	o.takeStorage(f)
	o.takeAdapter(f)
}

// takeAdapter adds the flag of commands that merge adapters into a model.
func (o *options) takeAdapter(f *flag.FlagSet) {
	f.StringVar(&o.adapter, "adapter", o.adapter, "`DIR` of low-rank adapters in PEFT's form, to merge into the model")
}

// takeStorage adds the flag of commands that put a model on the device in a storage.
func (o *options) takeStorage(f *flag.FlagSet) {
	names := []string{autoStorage}
	for _, s := range nn.Storages {
		names = append(names, s.String())
	}
	f.StringVar(&o.storage, "storage", o.storage, "`"+strings.Join(names, "|")+"`: how weights lie on the device; auto is the smallest loss of precision that fits")
}

// check checks the flags beyond their syntax.
func (o *options) check() error {
	if !slices.Contains([]string{gpu.Auto, gpu.WebGPU, gpu.Host}, o.backend) && !gpu.IsAdapter(o.backend) {
		return fmt.Errorf("--backend is %q, it must be auto, webgpu, host, or an adapter that \"attnlab doctor\" lists", o.backend)
	}
	if _, err := text.ParseRule(o.text.rule); err != nil {
		return fmt.Errorf("--step-rule: %w", err)
	}
	if _, err := text.FindChat(o.text.chat); o.text.chat != "" && err != nil {
		return fmt.Errorf("--chat: %w", err)
	}
	return within(0, text.MostShots, "shots", o.text.shots)
}

// atLeast checks a flag that counts something.
func atLeast(least int, name string, value int) error {
	if value < least {
		return wrongUsage("--%s is %d, it must be at least %d", name, value, least)
	}
	return nil
}

// within returns an error for a number that is too large.
func within(least, most int, name string, value int) error {
	if value > most {
		return wrongUsage("--%s is %d, it must be at most %d", name, value, most)
	}
	return atLeast(least, name, value)
}

// maxProblems bounds the sampled answers that a command holds in memory, maxTokens the tokens of a training step.
const maxProblems, maxTokens = 100000, 1 << 20

// checkDelta checks --delta by its row in the table of hyper-parameters.
func checkDelta(delta int) error {
	return within(int(hyper.Delta.Min), int(hyper.Delta.Max), "delta", delta)
}

// sampled is how commands sample answers to problems.
type sampled struct {
	problems    int
	temperature float64
	longest     int // response, tokens
}

// takeSampled adds the flags of commands that do.
func takeSampled(f *flag.FlagSet, problems int) *sampled {
	s := &sampled{}
	f.IntVar(&s.problems, "problems", problems, "`N`, problems to sample an answer to")
	f.Float64Var(&s.temperature, "temperature", 1, "`T` of sampling, 0 is greedy")
	f.IntVar(&s.longest, "max-length", examine.Longest(), "`N`, tokens of the longest response; by default as in training")
	return s
}

func (s sampled) check() error {
	if err := within(1, maxProblems, "problems", s.problems); err != nil {
		return err
	}
	if err := atLeast(1, "max-length", s.longest); err != nil {
		return err
	}
	return checkTemperature(s.temperature)
}

// checkTemperature checks --temperature.
func checkTemperature(t float64) error {
	if !(t >= 0 && t <= 10) { // catches NaN too
		return wrongUsage("--temperature is %g, it must lie between 0 and 10", t)
	}
	return nil
}
