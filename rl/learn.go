package rl

import (
	"slices"
	"time"

	"attnlab/model"
)

// learn updates the weights on groups that have their advantages: as many updates
// as there are minibatches, each on its share of the groups that take part.
func (r *Run) learn(groups []Group, c LossConfig) error {
	start := time.Now()
	r.last = groups
	for _, g := range groups {
		r.tally.credit(g)
	}
	valid := taking(groups, false)
	r.tally.Groups.Valid += len(valid)
	part := taking(groups, r.Hyper.Choice("flat-groups") == "keep")

	r.Trainer.Policy = model.PolicyLoss{Low: float32(c.ClipLow), High: float32(c.ClipHigh), Dual: float32(c.DualClip),
		KL: float32(c.KL), Entropy: float32(c.Entropy), Temperature: float32(r.Temperature)}
	for m, M := 0, r.Hyper.Int("minibatches"); m < M; m++ {
		if err := r.update(part[m*len(part)/M:(m+1)*len(part)/M], c); err != nil {
			return err
		}
	}
	metrics, err := r.Trainer.Metrics()
	for _, m := range metrics {
		r.tally.update(m)
	}
	r.tally.Learning += time.Since(start).Seconds()
	return err
}

// taking are the groups that take part in an update: those in which some token has an
// advantage and, where flat ones are kept, all others. These move nothing but the
// denominators of the means, and the KL term.
func taking(groups []Group, keepFlat bool) []Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g Group) bool { return !keepFlat && !g.valid() })
}

// update takes one step of the optimiser.
func (r *Run) update(groups []Group, c LossConfig) error {
	var samples []Sample
	var lengths []int
	for _, g := range groups {
		for _, s := range g.Samples {
			if s.Advantage != nil {
				samples, lengths = append(samples, s), append(lengths, len(s.Advantage))
			}
		}
	}
	if len(samples) == 0 {
		return nil
	}
	reference, err := r.referenceLogProbs(samples)
	if err != nil {
		return err
	}
	weights := c.TokenWeights(lengths)
	var parts []model.Part
	for from := 0; from < len(samples); {
		to, n := from, 0
		for to < len(samples) && (to == from || n+len(samples[to].Tokens) <= r.capacity()) {
			n += len(samples[to].Tokens)
			to++
		}
		parts = append(parts, policyPart(samples[from:to], reference[from:to], weights[from:to], r.Model.VocabSize))
		from = to
	}
	return r.Trainer.Step(float32(r.Hyper["learning-rate"]), parts...)
}

func (r *Run) capacity() int { return max(r.Tokens, r.Model.MaxContext) }

// referenceLogProbs are those of the frozen base; without a KL term, those of the
// policy that sampled, so that the metric says how far an update has moved.
func (r *Run) referenceLogProbs(samples []Sample) ([][]float32, error) {
	which := make([]int, len(samples))
	old := make([][]float32, len(samples))
	for i, s := range samples {
		which[i], old[i] = i, s.Old
	}
	if r.reference == nil {
		return old, nil
	}
	return r.logprobs(r.reference, samples, which)
}

// policyPart packs samples for the policy loss. The row of a token holds what is
// known of the token after it.
func policyPart(samples []Sample, reference [][]float32, weights []float64, V int) model.Part {
	sequences := make([][]int, len(samples))
	for i, s := range samples {
		sequences[i] = s.Tokens
	}
	b := model.Pack(sequences...)
	part := model.Part{Batch: b, Targets: b.Next(V), Roll: make([]float32, 4*b.N())}
	for i, s := range samples {
		for t, advantage := range s.Advantage {
			row := part.Roll[4*(b.Starts[i]+s.PromptLength+t-1):]
			row[0], row[1] = s.Old[t], reference[i][t]
			row[2], row[3] = float32(advantage), float32(weights[i])
		}
	}
	return part
}
