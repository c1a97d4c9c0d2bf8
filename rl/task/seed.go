package task

import (
	"fmt"
	"hash/fnv"
	"slices"
)

// The streams that problems are drawn from. A stream with a seed is an endless list of problems.
const (
	TrainStream   = "train"   // pretraining, and the training of reflection models
	RolloutStream = "rollout" // reinforcement learning
	EvalStream    = "eval"    // evaluation, and what commands and pages show
	ProbeStream   = "probe"   // measuring a base before training; key-focus heads are found on these
)

// Part says what a problem may be used for. All problems of a task are divided by their content, so that no model is measured on
// a problem that it was trained on, whatever the seeds, the difficulty and the teacher.
type Part int

// The three parts. The hash of a problem's content ([Content]) decides: a tenth of its values is reserved for evaluation, another
// tenth for probing, and the rest is for training.
const (
	Training Part = iota
	Evaluation
	Probing
)

// PartOf is the part that a problem belongs to.
func PartOf(t Task, p Problem) Part { return PartOfContent(Content(t, p)) }

// PartOfContent is the part of a problem with this content.
func PartOfContent(content string) Part {
	h := fnv.New64a()
	h.Write([]byte(content))
	switch mix64(h.Sum64()) % 10 {
	case 0:
		return Evaluation
	case 1:
		return Probing
	}
	return Training
}

// partOf is the part that a stream draws from.
func partOf(stream string) Part {
	switch stream {
	case EvalStream:
		return Evaluation
	case ProbeStream:
		return Probing
	}
	return Training
}

// Canonical is a [Task] with prompts that differ and yet pose the same problem, such as the same numbers in another order.
type Canonical interface {
	// Content is the same for two problems that differ only in form. Equal contents belong to the same [Part].
	Content(p Problem) string
}

// Content is what identifies a problem: its prompt, or what the task says where it is [Canonical].
func Content(t Task, p Problem) string {
	if c, ok := t.(Canonical); ok {
		return c.Content(p)
	}
	return Text(t, p.Prompt)
}

// Listed is a [Task] that may have a fixed list of problems in place of endless ones. A list has no parts: its problems are the same in every
// stream, so nothing may be trained on them that is then measured on them.
type Listed interface {
	Count() int // 0 where the problems are endless
	Item(i uint64) Problem
}

// Count is how many problems a task has, or 0 where they are endless.
func Count(t Task) int {
	if l, ok := t.(Listed); ok {
		return l.Count()
	}
	return 0
}

// mostDraws bounds the search for a problem of a part. A part holds a tenth of the problems, so a task with a few hundred
// of them never gets there.
const mostDraws = 100_000

// Draw returns problem i of a stream with a seed: the first problem that belongs to the stream's [Part] among those with the keys
// [SeedOf](stream, seed, i) and, for each further try, the next key. All code that needs a problem draws it here. Equal
// arguments give equal problems, on every machine.
//
// It panics where a task has so few problems that none belongs to the part.
func Draw(t Task, stream string, seed, i uint64) Problem {
	if l, ok := t.(Listed); ok && l.Count() > 0 {
		return l.Item(i)
	}
	first, part := SeedOf(stream, seed, i), partOf(stream)
	key := first
	for try := range uint64(mostDraws) {
		if p := t.Problem(key); PartOf(t, p) == part {
			return p
		}
		key = mix64(first + (try+1)*golden)
	}
	panic(fmt.Sprintf("task: none of %d problems of task %s may be used for stream %q: a task needs a few hundred different problems", mostDraws, t.Name(), stream))
}

// Problems draws the first n problems of a stream.
func Problems(t Task, stream string, seed uint64, n int) []Problem {
	problems := make([]Problem, n)
	for i := range problems {
		problems[i] = Draw(t, stream, seed, uint64(i))
	}
	return problems
}

// SeedOf is the key of item i of a stream, for problems and for anything else that is random, such as "sample". Equal arguments
// give equal keys, on every machine.
func SeedOf(stream string, seed, i uint64) uint64 {
	h := fnv.New64a()
	h.Write([]byte(stream))
	x := h.Sum64() ^ mix64(seed)
	return mix64(x + i*golden)
}

// golden is 2^64 over the golden ratio: multiples of it are spread evenly.
const golden = 0x9e3779b97f4a7c15

// mix64 is the finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection
// that spreads every bit over all.
func mix64(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// ProblemOf is the problem that a prompt from a file asks: the first of the evaluation stream where it is that one, which a task need
// not read, else what the task reads in its text. It returns an error where the task cannot read it.
func ProblemOf(t Task, prompt []int) (Problem, error) {
	if first := Problems(t, EvalStream, 1, 1)[0]; slices.Equal(first.Prompt, prompt) {
		return first, nil
	}
	p, err := t.Parse(Text(t, prompt))
	if err != nil {
		return p, fmt.Errorf("the problem of a saved answer cannot be read: %w", err)
	}
	return p, nil
}
