package engine

import (
	"context"
	"errors"
	"fmt"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// followTimes is about how often a run of reinforcement learning answers its followed problem.
const followTimes = 10

// follow has the policy answer the run's followed problem where it is due: before the first step, every tenth part of the run, and
// after the last step. A run that began without is not followed.
func (e *Engine) follow(ctx context.Context, t *training) error {
	r, ok := t.learner.(reinforcement)
	if !ok {
		return nil
	}
	step, every := r.Steps(), max(1, (t.view().Steps+followTimes-1)/followTimes)
	f := t.run.Followed
	switch {
	case f == nil && step > 0, step%every != 0 && !t.done():
		return nil
	case f == nil:
		problem := task.Problems(r.Task, task.EvalStream, 1, 1)[0]
		f = &runs.Followed{Prompt: problem.Prompt}
	case f.Answers[len(f.Answers)-1].Step >= step:
		return nil
	}
	problem, err := followedProblem(r.Task, f)
	if err != nil {
		return err
	}
	var first []int
	if len(f.Answers) > 0 {
		first = f.Answers[0].Response
	}
	a, err := r.Answer(patient{ctx}, step, problem, first)
	if err != nil {
		return err
	}
	if step == 0 {
		a.Base = a.LogProbs
	}
	f.Add(a)
	t.run.Followed = f
	if t.start != nil { // the base is in memory
		if err := e.fillBase(ctx, t); err != nil {
			return err
		}
	}
	e.showFollowed(t)
	return nil
}

// followedProblem reads the problem that a run is followed on.
func followedProblem(kind task.Task, f *runs.Followed) (task.Problem, error) {
	p, err := kind.Parse(task.Text(kind, f.Prompt))
	if err != nil {
		return p, fmt.Errorf("the problem of %s cannot be read: %w", runs.FollowedFile, err)
	}
	return p, nil
}

// fillBase computes what is missing of the log-probabilities under the model that the run began from. That model is on the device only
// meanwhile.
func (e *Engine) fillBase(ctx context.Context, t *training) error {
	f := t.run.Followed
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
	base := t.start
	if base == nil {
		name := t.run.Settings.BaseName()
		var err error
		if base, err = e.modelNamed(ctx, name); err != nil {
			return fmt.Errorf("the comparison needs the model that the run began from: %w", err)
		}
		if err := sameModel("base", name, base, t.run.Settings.Base); err != nil {
			return err
		}
	}
	m, err := model.New(e.rig.device, base.Config, base.Weights)
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

// followRun shows how a saved run answered.
func (e *Engine) followRun(ctx context.Context, id string) error {
	t, err := e.runNamed(id)
	if err != nil {
		return err
	}
	if t.run.Followed == nil && e.library.Store != nil { // the list of runs does not load it
		files, err := e.library.Store.Load(ctx, id, runs.FollowedFile)
		if err != nil {
			return err
		}
		if data := files[runs.FollowedFile]; data != nil {
			if t.run.Followed, err = runs.ReadFollowed(data); err != nil {
				return err
			}
		}
	}
	if t.run.Followed == nil {
		return errors.New("this run has no answers to compare; runs record them from their first step on")
	}
	if e.rig.device == nil {
		return errors.New("no device is open yet; open a backend first")
	}
	if err := e.fillBase(ctx, t); err != nil {
		return err
	}
	e.showFollowed(t)
	return nil
}

// showFollowed publishes the answers of a run, or that it has none.
func (e *Engine) showFollowed(t *training) {
	view, err := followedView(t)
	if err != nil { // of a file: the run itself is fine
		e.fail("FollowRun", err)
	}
	view.Number, view.ID = e.next(), t.info.ID
	e.publish(view)
}

// followedView is the answers of a run as screens draw them.
func followedView(t *training) (session.Followed, error) {
	view, f := session.Followed{Answers: []session.FollowedAnswer{}}, t.run.Followed
	if f == nil {
		return view, nil
	}
	kind, err := task.New(t.run.Settings.Task, t.run.Settings.Teacher, t.run.Settings.Difficulty)
	if err != nil {
		return view, err
	}
	vocabulary := kind.Vocabulary()
	for _, a := range f.Answers {
		for _, token := range a.Response {
			if token < 0 || token >= len(vocabulary) {
				return view, fmt.Errorf("%s has the token %d, and the task's are 0 to %d", runs.FollowedFile, token, len(vocabulary)-1)
			}
		}
	}
	problem, err := followedProblem(kind, f)
	if err != nil {
		return view, err
	}
	view.Problem, view.Gold = task.Text(kind, f.Prompt), problem.Gold
	for _, a := range f.Answers {
		judged := kind.Judge(problem, a.Response)
		one := session.FollowedAnswer{Step: a.Step, Text: words(a.Response, vocabulary), Correct: judged.Correct,
			Change: change(a.LogProbs, a.Base), OnFirst: change(a.OnFirst, f.Answers[0].LogProbs)}
		one.Steps = steps(kind, judged, true)
		for k := range one.Steps {
			one.Steps[k].Start -= judged.PromptLength
			one.Steps[k].End -= judged.PromptLength
		}
		view.Answers = append(view.Answers, one)
	}
	return view, nil
}

// change is a less b, nil without b.
func change(a, b []float32) session.Scores {
	if b == nil {
		return nil
	}
	d := make(session.Scores, len(a))
	for i := range d {
		d[i] = float64(a[i]) - float64(b[i])
	}
	return d
}
