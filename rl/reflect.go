package rl

import (
	"context"
	"fmt"
	"math"
	"slices"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Reflector is REA-RL's reflection model: a second compact transformer that reads
// the question and the numbered steps of a response and labels each by whether it
// states the result, all in one forward pass.
//
//	<bos> k 8 ; … ? j <think>  [1] b &k 8 * &f 0 = b 0 \n Result  [2] j &b 0 + &o 4 = j 4 \n Result  …
//
// The token after a step is the same in every input, so that no label can be read
// off; what counts is the probability of Result there. It is asked for at the step's
// last token, where the base already knows what may come next. The paper's model is a 7B one
// with the steps first and the labels after them; ours sees only what was written
// up to the step that it labels. It begins as the base, is trained on the truth
// about the teacher's demonstrations, and gets no gold answer.
type Reflector struct {
	Task   task.Task
	Scorer *model.Scorer
}

// reflectedSteps is how many steps of a response are labelled; later steps count
// as Think.
const reflectedSteps = 48

// reflectionVocabulary is the task's with the numbers of steps and the two labels.
func reflectionVocabulary(task task.Task) []string {
	vocabulary := task.Vocabulary()
	for k := range reflectedSteps {
		vocabulary = append(vocabulary, fmt.Sprintf("[%d]", k+1))
	}
	return append(vocabulary, "Think", "Result")
}

// BeginReflection makes an untrained reflection model from a base: the same
// layers, a larger vocabulary and a longer context. As in the paper it starts from a
// model that knows the language; a base with random weights starts from scratch.
func BeginReflection(task task.Task, base *hf.Checkpoint, seed uint64) (*hf.Checkpoint, error) {
	words, err := tokenizer.NewWords(reflectionVocabulary(task))
	if err != nil {
		return nil, err
	}
	c := base.Config
	c.VocabSize = words.Len()
	c.MaxContext += 2 * reflectedSteps
	r := &hf.Checkpoint{Config: c, Tokenizer: words, Weights: c.Init(seed)}
	for _, p := range base.Config.Params() {
		// The rows of new words, in embedding and output, come after the known ones.
		copy(r.Weights[c.Param(p.Name).Offset:], base.Weights[p.Offset:p.Offset+p.Size()])
	}
	return r, r.Config.Validate()
}

// reflectionInput is what the model reads, with the place of the last token of each
// labelled step.
func reflectionInput(t task.Trace, words int) (tokens, at []int) {
	result := words + reflectedSteps + 1
	tokens = slices.Clone(t.Tokens[:t.PromptLength])
	for k, step := range t.Steps {
		if k == reflectedSteps {
			break
		}
		tokens = append(append(tokens, words+k), t.Tokens[step.Start:step.End]...)
		at = append(at, len(tokens)-1)
		tokens = append(tokens, result)
	}
	return tokens, at
}

// NewReflector puts a reflection model on a device.
func NewReflector(d *gpu.Device, task task.Task, c *hf.Checkpoint) (*Reflector, error) {
	if n := len(reflectionVocabulary(task)); n != c.Config.VocabSize {
		return nil, fmt.Errorf("rl: a reflection model for task %s has %d tokens, this one %d; use one that was trained for this task", task.Name(), n, c.Config.VocabSize)
	}
	m, err := model.New(d, c.Config, c.Weights)
	if err != nil {
		return nil, err
	}
	s, err := model.NewScorer(m, max(4096, c.Config.MaxContext))
	if err != nil {
		m.Release()
		return nil, err
	}
	return &Reflector{task, s}, nil
}

// resultsOf returns P_k of every step of every response, groups in a row.
func (r *Reflector) resultsOf(groups []Group) ([][]float64, error) {
	var traces []task.Trace
	for _, g := range groups {
		for _, s := range g.Samples {
			traces = append(traces, s.Trace)
		}
	}
	return r.results(traces)
}

func (r *Reflector) results(traces []task.Trace) ([][]float64, error) {
	words := len(r.Task.Vocabulary())
	requests := make([]model.ScoreRequest, len(traces))
	at := make([][]int, len(traces))
	for i, t := range traces {
		requests[i].Tokens, at[i] = reflectionInput(t, words)
		if n := len(requests[i].Tokens); n > r.Scorer.MaxContext {
			return nil, fmt.Errorf("rl: a response with its labels has %d tokens, the reflection model's context holds %d; train one for a longer context", n, r.Scorer.MaxContext)
		}
	}
	scores, err := r.Scorer.Score(requests)
	if err != nil {
		return nil, err
	}
	p := make([][]float64, len(traces))
	for i, t := range traces {
		p[i] = make([]float64, len(t.Steps))
		for k, n := range at[i] {
			p[i][k] = math.Exp(float64(scores[i].LogProbs[n+1]))
		}
	}
	return p, nil
}

// Reflection measures how well a reflection model labels steps that it was not
// trained on.
type Reflection struct {
	Traces   int     `json:"traces"`
	Steps    int     `json:"steps"`
	Accuracy float64 `json:"accuracy"` // share labelled rightly, the threshold being 0.5
	Results  float64 `json:"results"`  // share that truly states the result; 1 less it is the accuracy of saying Think always
	AUC      float64 `json:"auc"`      // of results over other steps
}

// check labels traces, traces[i] of problems[i].
func (r *Reflector) check(problems []task.Problem, traces []task.Trace) (Reflection, error) {
	p, err := r.results(traces)
	if err != nil {
		return Reflection{}, err
	}
	c := Reflection{Traces: len(traces)}
	var results, others []float64
	right := 0.0
	for i, t := range traces {
		for k, truth := range r.Task.Concludes(problems[i], t) {
			if truth {
				results = append(results, p[i][k])
			} else {
				others = append(others, p[i][k])
			}
			right += stat.Indicator(truth == states(p[i][k]))
		}
	}
	c.Steps = len(results) + len(others)
	if len(results) == 0 || len(others) == 0 {
		return c, fmt.Errorf("rl: %d traces have %d steps that state the result and %d others; check on more traces", len(traces), len(results), len(others))
	}
	c.Accuracy, c.Results = right/float64(c.Steps), float64(len(results))/float64(c.Steps)
	c.AUC = stat.AUC(results, others)
	return c, nil
}

// Release frees the device's memory.
func (r *Reflector) Release() {
	r.Scorer.Release()
	r.Scorer.Model.Release()
}

// TrainReflection trains a reflection model ([BeginReflection]) on demonstrations
// of fresh problems and stores the new weights in it. It calls report, where not
// nil, with its progress at intervals. If ctx ends, TrainReflection returns its
// error and leaves the weights unchanged.
func TrainReflection(ctx context.Context, d *gpu.Device, task task.Task, r *hf.Checkpoint, p PretrainConfig, report func(PretrainReport)) error {
	m, err := model.New(d, r.Config, r.Weights)
	if err != nil {
		return err
	}
	defer m.Release()
	t, err := model.NewTrainer(m, p.Tokens, p.Adam)
	if err != nil {
		return err
	}
	defer t.Release()
	p.Rate.Steps = p.Steps
	var drawn uint64
	for tokens := int64(0); t.Steps < p.Steps; {
		if err := ctx.Err(); err != nil {
			return err
		}
		rate := p.Rate.Rate(t.Steps)
		part := reflectionPart(task, r.Config, p, &drawn)
		tokens += int64(part.N())
		if err := t.Step(float32(rate), part); err != nil {
			return err
		}
		if t.Steps%max(1, p.Every) > 0 && t.Steps < p.Steps {
			continue
		}
		metrics, err := t.Metrics()
		if err != nil {
			return err
		}
		last := metrics[len(metrics)-1]
		if report != nil {
			report(PretrainReport{Step: t.Steps, Loss: last.Loss, Rate: rate, GradNorm: last.GradNorm, Tokens: tokens})
		}
	}
	weights, err := m.Weights()
	if err == nil {
		r.Weights = weights
	}
	return err
}

// demonstrated is a demonstration of problem i of a stream, judged; ok is false
// where the teacher's did not fit.
func demonstrated(kind task.Task, stream string, seed, i uint64) (p task.Problem, trace task.Trace, ok bool) {
	p = task.Draw(kind, stream, seed, i)
	response := kind.Demonstrate(p, task.SeedOf(stream, seed, i))
	if response == nil {
		return p, trace, false
	}
	return p, kind.Judge(p, response), true
}

// reflectionPart packs demonstrations. The loss is the mean cross-entropy of the
// labels.
func reflectionPart(kind task.Task, c model.Config, p PretrainConfig, drawn *uint64) model.MicroBatch {
	words := len(kind.Vocabulary())
	var inputs [][]int
	var places [][]int
	var truths [][]bool
	labels := 0
	for n := 0; ; {
		problem, trace, ok := demonstrated(kind, task.TrainStream, p.Seed, *drawn)
		*drawn++
		tokens, at := reflectionInput(trace, words)
		if !ok || len(tokens) > c.MaxContext {
			continue
		}
		if n += len(tokens); n > p.Tokens {
			*drawn-- // first of the next step
			break
		}
		inputs, places, truths = append(inputs, tokens), append(places, at), append(truths, kind.Concludes(problem, trace))
		labels += len(at)
	}
	b := model.Pack(inputs...)
	part := model.MicroBatch{Batch: b, Targets: b.Next(c.VocabSize), Weight: make([]float32, b.N())}
	for i, at := range places {
		for k, n := range at {
			part.Targets[b.Starts[i]+n] = uint32(words + reflectedSteps)
			if truths[i][k] {
				part.Targets[b.Starts[i]+n]++
			}
			part.Weight[b.Starts[i]+n] = 1 / float32(labels)
		}
	}
	return part
}

// CheckReflection labels n demonstrations of problems that no model is trained on.
func CheckReflection(r *Reflector, seed uint64, n int) (Reflection, error) {
	var problems []task.Problem
	var traces []task.Trace
	for i := uint64(0); len(traces) < n; i++ {
		if p, t, ok := demonstrated(r.Task, task.EvalStream, seed, i); ok {
			problems, traces = append(problems, p), append(traces, t)
		}
	}
	return r.check(problems, traces)
}
