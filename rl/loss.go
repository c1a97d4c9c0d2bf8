package rl

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// lossConfig holds what the loss of a token is made of:
//
//	-min(ρA, clip(ρ, 1-ε_low, 1+ε_high) A), never below cA for A < 0, + β k3 - c_H H
//
// with ρ = π/π_old.
type lossConfig struct {
	clipLow, clipHigh float64
	dualClip          float64 // c; 0 is off
	kl                float64 // β
	entropy           float64 // c_H
	aggregation       string  // "token", "sequence" or "constant"
	maxLength         int     // L_max of "constant", tokens
	branchWeight      float64 // λ, of samples that begin with given tokens
}

func newLoss(h hyper.Values) lossConfig {
	c := lossConfig{
		clipLow:     h.Number("clip-low"),
		clipHigh:    h.Number("clip-high"),
		dualClip:    h.Number("dual-clip"),
		kl:          h.Number("kl"),
		entropy:     h.Number("entropy"),
		aggregation: h.Choice("aggregation"),
		maxLength:   h.Int("max-length"),
	}
	if h.Has(branchWeight.Name) {
		c.branchWeight = h.Number(branchWeight.Name)
	}
	return c
}

// surrogate returns the clipped objective of one token, which is to be maximised, for a probability ratio and an advantage.
func (c lossConfig) surrogate(ratio, advantage float64) float64 {
	clipped := min(max(ratio, 1-c.clipLow), 1+c.clipHigh)
	s := math.Min(ratio*advantage, clipped*advantage)
	if advantage < 0 && c.dualClip > 0 {
		s = math.Max(s, c.dualClip*advantage)
	}
	return s
}

// klk3 is Schulman's estimate of KL(π || π_ref) from one token's log-probabilities: e^d - d - 1 with d = log π_ref - log π. It is
// never negative.
func klk3(logprob, reference float64) float64 {
	d := reference - logprob
	return math.Expm1(d) - d
}

// tokenWeights returns for each response the weight of each of its tokens in the loss; lengths are the numbers of tokens trained
// on.
func (c lossConfig) tokenWeights(lengths []int) []float64 {
	total := 0
	for _, n := range lengths {
		if n < 0 {
			panic(fmt.Sprintf("rl: tokenWeights of a response with %d tokens", n))
		}
		total += n
	}
	w := make([]float64, len(lengths))
	for i, n := range lengths {
		switch c.aggregation {
		case "token": // mean over all tokens
			w[i] = 1 / float64(max(1, total))
		case "sequence": // over a response's tokens, then over responses
			w[i] = 1 / float64(len(lengths)*max(1, n))
		case "constant": // over responses, each sum divided by L_max
			w[i] = 1 / float64(len(lengths)*max(1, c.maxLength))
		}
	}
	return w
}

// weights returns for each sample the weight of each of its tokens in the loss. Those that begin with given tokens are averaged apart from the
// others, over their own tokens, and their mean has the weight λ.
func (c lossConfig) weights(samples []Sample) []float64 {
	var lengths [2][]int // of those written from the start, of those with given tokens
	kind := func(s Sample) int { return min(1, s.Given) }
	for _, s := range samples {
		lengths[kind(s)] = append(lengths[kind(s)], len(s.Advantage)-s.Given)
	}
	of := [2][]float64{c.tokenWeights(lengths[0]), c.tokenWeights(lengths[1])}
	for i := range of[1] {
		of[1][i] *= c.branchWeight
	}
	w := make([]float64, len(samples))
	for i, s := range samples {
		own := &of[kind(s)]
		w[i], *own = (*own)[0], (*own)[1:]
	}
	return w
}

// learn updates the weights on groups that have their advantages: as many updates as there are mini-batches, each on its share of
// the groups that take part.
func (r *Run) learn(groups []Group) error {
	start := time.Now()
	r.last = groups
	for _, g := range groups {
		r.tally.credit(g)
	}
	r.tally.Groups.Valid += len(taking(groups, false))
	part := taking(groups, r.Hyper.Choice("flat-groups") == "keep")

	c := newLoss(r.Hyper)
	r.Trainer.Policy = model.PolicyLoss{Low: float32(c.clipLow), High: float32(c.clipHigh), Dual: float32(c.dualClip),
		KL: float32(c.kl), Entropy: float32(c.entropy), Temperature: float32(r.Temperature)}
	r.beginRecord(part, c)
	for m, M := 0, r.Hyper.Int("minibatches"); m < M; m++ {
		if err := r.update(part[m*len(part)/M:(m+1)*len(part)/M], c); err != nil {
			return err
		}
	}
	err := r.reportUpdates()
	r.tally.Learning += time.Since(start).Seconds()
	return err
}

// reportUpdates adds the metrics of finished updates to the step's report.
func (r *Run) reportUpdates() error {
	metrics, err := r.Trainer.Metrics()
	for _, m := range metrics {
		r.tally.update(m)
		r.losses.updates = append(r.losses.updates, m.Loss)
	}
	return err
}

// rate is the learning rate of this training step: linear over the first steps of the run, then constant.
func (r *Run) rate() float32 {
	return float32(model.Schedule{Peak: r.Hyper.Number("learning-rate"), Warmup: r.Hyper.Int("warm-up")}.Rate(r.state.Step))
}

// taking are the groups that take part in an update: those in which some token has an advantage and, where flat-groups is keep, all
// others. A flat group changes only the denominators of the means, and the KL term.
func taking(groups []Group, keepFlat bool) []Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g Group) bool { return !keepFlat && !g.valid() })
}

// update takes one step of the optimiser.
func (r *Run) update(groups []Group, c lossConfig) error {
	var samples []Sample
	for _, g := range groups {
		for i := range g.Samples {
			if s := &g.Samples[i]; s.Advantage != nil {
				s.trained = &trainedOn{update: r.losses.begun}
				samples = append(samples, *s)
			}
		}
	}
	if len(samples) == 0 {
		return nil
	}
	r.losses.begun++
	reference, err := r.referenceLogProbs(samples)
	if err != nil {
		return err
	}
	weights := c.weights(samples)
	if r.GradientCosine && r.losses.begun == 1 {
		if err := r.measureCosine(groups, samples, reference, weights); err != nil {
			return err
		}
	}
	var parts []model.MicroBatch
	for from := 0; from < len(samples); {
		to, n := from, 0
		for to < len(samples) && (to == from || n+len(samples[to].Tokens) <= r.capacity()) {
			n += len(samples[to].Tokens)
			to++
		}
		part := policyPart(samples[from:to], reference[from:to], weights[from:to], r.Model.VocabSize)
		for i, s := range samples[from:to] {
			s.trained.at = r.losses.tokens + part.Starts[i] + s.PromptLength - 1
			s.trained.weight, s.trained.reference = weights[from+i], reference[from+i]
		}
		r.losses.tokens += part.N()
		parts = append(parts, part)
		from = to
	}
	return r.trainOn(parts...)
}

// measureCosine measures the cosine of the gradients of two halves of an update: every second of the groups that are trained on, with the weights
// that its samples have in the whole update.
func (r *Run) measureCosine(groups []Group, samples []Sample, reference [][]float32, weights []float64) error {
	var parts [2][]model.MicroBatch
	at, half := 0, 0
	for _, g := range groups {
		first := at
		for _, s := range g.Samples {
			if s.Advantage != nil {
				at++
			}
		}
		for from := first; from < at; {
			to, n := from, 0
			for to < at && (to == from || n+len(samples[to].Tokens) <= r.capacity()) {
				n += len(samples[to].Tokens)
				to++
			}
			parts[half] = append(parts[half], policyPart(samples[from:to], reference[from:to], weights[from:to], r.Model.VocabSize))
			from = to
		}
		if at > first {
			half = 1 - half
		}
	}
	if parts[1] == nil {
		return nil
	}
	a, err := r.Trainer.Gradient(parts[0]...)
	if err != nil {
		return err
	}
	b, err := r.Trainer.Gradient(parts[1]...)
	r.tally.GradientCosine = stat.Finite(stat.Cosine(a, b))
	return err
}

// trainOn takes one step of the optimiser on packed parts and counts its operations.
func (r *Run) trainOn(parts ...model.MicroBatch) error {
	r.tally.compute += r.Trainer.Operations(parts...)
	return r.Trainer.Step(r.rate(), parts...)
}

func (r *Run) capacity() int { return max(r.Tokens, r.Model.MaxContext) }

// referenceLogProbs are those of the frozen base; without a KL term, those of the policy that sampled, so that the metric shows how
// far an update has moved.
func (r *Run) referenceLogProbs(samples []Sample) ([][]float32, error) {
	which := make([]int, len(samples))
	old := make([][]float32, len(samples))
	for i, s := range samples {
		which[i], old[i] = i, s.Old
	}
	switch {
	case !r.NeedsBase():
		return old, nil
	case r.reference != nil:
		return r.logprobs(r.reference, samples, which)
	}
	var reference [][]float32
	err := r.Trainer.WithoutAdapters(func() (err error) {
		reference, err = r.logprobs(r.Scorer, samples, which)
		return err
	})
	return reference, err
}

// policyPart packs samples for the policy loss. The row of a token holds what is known of the token after it.
func policyPart(samples []Sample, reference [][]float32, weights []float64, V int) model.MicroBatch {
	sequences := make([][]int, len(samples))
	for i, s := range samples {
		sequences[i] = s.Tokens
	}
	b := model.Pack(sequences...)
	part := model.MicroBatch{Batch: b, Targets: b.Next(V), PolicyTerms: make([]float32, 4*b.N())}
	for i, s := range samples {
		for t, advantage := range s.Advantage {
			row := part.PolicyTerms[4*(b.Starts[i]+s.PromptLength+t-1):]
			row[0], row[1], row[2] = s.Old[t], reference[i][t], float32(advantage)
			if t >= s.Given {
				row[3] = float32(weights[i])
			}
		}
	}
	return part
}
