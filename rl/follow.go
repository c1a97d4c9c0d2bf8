package rl

import (
	"context"
	"fmt"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// Follow has a run answer its followed problem where that is due by its settings, and returns f with the answer; f is nil before the
// first. It returns f itself where nothing is due.
func (r *Run) Follow(ctx context.Context, s runs.Settings, f *runs.Followed) (*runs.Followed, error) {
	step := r.Steps()
	if !s.FollowDue(f, step, r.Generated) {
		return f, nil
	}
	problem := task.Problems(r.Task, task.EvalStream, 1, 1)[0]
	next := runs.Followed{Prompt: problem.Prompt}
	var first []int
	if f != nil {
		var err error
		if problem, err = task.ProblemOf(r.Task, f.Prompt); err != nil {
			return f, err
		}
		next = *f
		first = f.Answers[0].Response
	}
	a, err := answer(ctx, r.Decoder, r.Scorer, r.MaxLength, problem, first)
	if err != nil {
		return f, err
	}
	if a.Step, a.Tokens = step, r.Generated; step == 0 {
		a.Base = a.LogProbs
	} else if r.Adapters() != nil { // the base is at hand: [FillBase] need not open it
		if err := r.WithBase(func(_ *model.Decoder, s *model.Scorer) error {
			base, err := s.LogProbs(problem.Prompt, a.Response)
			if err == nil {
				a.Base = base[0]
			}
			return err
		}); err != nil {
			return f, err
		}
	}
	next.Add(a)
	return &next, nil
}

// answer is a model's likeliest response to a problem, with the log-probabilities of its tokens and of those of first, another
// response to the same problem; without first, that is the response itself. It takes no random numbers and counts no tokens, so a run
// continues as it would without. longest bounds the response, in tokens; the context may allow fewer.
func answer(ctx context.Context, d *model.Decoder, s *model.Scorer, longest int, problem task.Problem, first []int) (a runs.Answer, err error) {
	request := model.Request{Tokens: problem.Prompt, Max: min(longest, d.MaxContext-len(problem.Prompt))}
	rollouts, err := d.Generate(ctx, []model.Request{request}, model.Sampling{}, nil)
	if err != nil {
		return a, err
	}
	a.Response = rollouts[0].Tokens
	if first == nil {
		first = a.Response
	}
	both, err := s.LogProbs(problem.Prompt, a.Response, first)
	if err != nil {
		return a, err
	}
	a.LogProbs, a.OnFirst = both[0], both[1]
	return a, nil
}

// FillBase computes what is missing of the log-probabilities under base, the model that the run began from. The model is on the
// device only meanwhile.
func FillBase(d *gpu.Device, base *hf.Checkpoint, f *runs.Followed) error {
	var missing []int
	var responses [][]int
	for i, a := range f.Answers {
		if a.Base == nil {
			missing, responses = append(missing, i), append(responses, a.Response)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	m, err := model.New(d, base.Config, base.Weights)
	if err != nil {
		return err
	}
	defer m.Release()
	scorer, err := model.NewScorer(m, base.Config.MaxContext)
	if err != nil {
		return err
	}
	defer scorer.Release()
	scores, err := scorer.LogProbs(f.Prompt, responses...)
	if err != nil {
		return err
	}
	for j, i := range missing {
		f.Answers[i].Base = scores[j]
	}
	return nil
}

// CompareEnds has a base and the model after some steps of training answer a problem: the two ends of a run, where only these are
// left, or where the problem is another than the run was followed on. longest bounds a response, in tokens.
func CompareEnds(ctx context.Context, d *gpu.Device, base, trained *hf.Checkpoint, step, longest int, problem task.Problem) (*runs.Followed, error) {
	f := &runs.Followed{Prompt: problem.Prompt}
	for i, c := range []*hf.Checkpoint{base, trained} {
		a, err := answerOnce(ctx, d, c, longest, problem, f)
		if err != nil {
			return nil, err
		}
		if a.Step = i * step; i == 0 {
			a.Base = a.LogProbs
		}
		f.Add(a)
	}
	return f, FillBase(d, base, f)
}

// answerOnce puts a model on the device for one answer.
func answerOnce(ctx context.Context, d *gpu.Device, c *hf.Checkpoint, longest int, problem task.Problem, f *runs.Followed) (a runs.Answer, err error) {
	if len(problem.Prompt) >= c.Config.MaxContext {
		return a, fmt.Errorf("the problem has %d tokens and the model's context %d; type a shorter one", len(problem.Prompt), c.Config.MaxContext)
	}
	m, err := model.New(d, c.Config, c.Weights)
	if err != nil {
		return a, err
	}
	defer m.Release()
	scorer, err := model.NewScorer(m, c.Config.MaxContext)
	if err != nil {
		return a, err
	}
	defer scorer.Release()
	decoder, err := model.NewDecoder(m, model.DecoderSize{Slots: 1, Rows: c.Config.MaxContext, Chunk: 16})
	if err != nil {
		return a, err
	}
	defer decoder.Release()
	var first []int
	if len(f.Answers) > 0 {
		first = f.Answers[0].Response
	}
	return answer(ctx, decoder, scorer, longest, problem, first)
}
