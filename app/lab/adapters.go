package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	freetext "attnlab/rl/task/text"
)

// usualRank is the rank of adapters over a model whose weights are not trained, where the plan names none.
const usualRank = 8

// TrainsText reports whether the plan trains the current model, which writes free text.
func (s *State) TrainsText() bool {
	m := s.Capabilities.Model
	return m.Adapters != nil && s.Plan.Method != runs.Pretrain && (s.Plan.Model == "" || s.Plan.Model == m.Name)
}

// Ranks are the ranks of adapters that the plan can have; 0 trains the weights.
func (s *State) Ranks() []int {
	ranks := []int{0, 4, 8, 12, 16, 20, 24, 28, 32}
	if s.Capabilities.Model.Frozen {
		return ranks[1:]
	}
	return ranks
}

// Rank is the rank of adapters by the plan, 0 where it trains the weights.
func (s *State) Rank() int {
	rank := parse(s.Plan.HyperValues()[hyper.LoRA.Name], 0, strconv.Atoi)
	if rank == 0 && s.TrainsText() && s.Capabilities.Model.Frozen {
		return usualRank
	}
	return rank
}

// AdaptsAll reports whether all matrices of the layers get adapters by the plan.
func (s *State) AdaptsAll() bool { return s.Plan.HyperValues()[hyper.LoRAOn.Name] == "all" }

// AdapterNeeds is what the adapters of the plan take on the device beside the current model, in bytes: the model once more, keys and values
// of a sequence, and a training step. ok is false where the plan trains the weights, or the rank is none.
func (s *State) AdapterNeeds() (weights, cache, step int64, ok bool) {
	p := s.Capabilities.Model.Adapters
	if !s.TrainsText() || s.Rank() == 0 {
		return 0, 0, 0, false
	}
	steps := p.Attention
	if s.AdaptsAll() {
		steps = p.All
	}
	if i := s.Rank()/4 - 1; s.Rank()%4 == 0 && i < len(steps) {
		return p.Weights, p.Cache, steps[i], true
	}
	return 0, 0, 0, false
}

// trainWording is how a run over a model of free text puts its problems: as the Trace page does. Prompts that were typed are no problems to
// train on.
func (s *State) trainWording() *session.Wording {
	v := s.View
	v.Text = ""
	w := v.put()
	return &w
}

// TrainsOwn reports whether a run over a model of free text is trained on the visitor's own problems.
func (s *State) TrainsOwn() bool { return s.trainWording().Task == freetext.Problems.Name }

// ProblemsToTrainOn says in a sentence what the problems of such a run are.
func (s *State) ProblemsToTrainOn() string {
	w := s.trainWording()
	if w.Task == freetext.Problems.Name {
		n := s.OwnProblems()
		return fmt.Sprintf("Trained on your %s: eight tenths; a tenth is kept for measurements while it trains, a tenth for those before and after.", explain.Plural(n, "problem"))
	}
	return fmt.Sprintf("Trained on few-shot chain with %s. The Trace page chooses examples, markers, or problems of your own.", explain.Plural(w.Shots, "example"))
}

// textSettings adds to the settings of a run what is of models of free text.
func (s *State) textSettings(r *session.RunSettings) {
	if !s.TrainsText() {
		return
	}
	r.Wording = s.trainWording()
	if r.Wording.Task == freetext.Problems.Name {
		r.Difficulty = ""
	}
	if rank := s.Rank(); rank > 0 {
		if r.Hyper == nil {
			r.Hyper = hyper.Values{}
		}
		r.Hyper[hyper.LoRA.Name] = hyper.Number(float64(rank))
	}
}

// focusHeads reads heads such as "16.2, 20.9" as a run has them, "16.2,20.9". It returns a sentence where they are none.
func focusHeads(text string) (heads, wrong string) {
	var all []string
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		layer, head, ok := explain.ParseHead(one)
		if !ok {
			return "", fmt.Sprintf("%.20q is no head. Write layer.head, such as 16.2, with commas between.", one)
		}
		name := fmt.Sprintf("%d.%d", layer, head)
		if slices.Contains(all, name) {
			return "", fmt.Sprintf("Head %s is named twice.", name)
		}
		all = append(all, name)
	}
	return strings.Join(all, ","), ""
}

// TrainedAdapters reports whether a run trains adapters, so that these can be exported.
func TrainedAdapters(r session.RunSettings) bool {
	v, ok := r.Hyper[hyper.LoRA.Name]
	return ok && v != hyper.Number(0)
}

// FocusText is the text of the field for heads: as it was typed, while it says what the plan has.
func (s *State) FocusText() string {
	if r, bad := s.Refused["focus"]; bad {
		return r.Text
	}
	if heads, _ := focusHeads(s.Controls.Focus); heads == s.Plan.Focus {
		return s.Controls.Focus
	}
	return strings.ReplaceAll(s.Plan.Focus, ",", ", ")
}
