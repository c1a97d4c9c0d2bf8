package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// follow has the policy answer the run's followed problem where that is due, see [runs.Settings.FollowDue].
func (e *Engine) follow(ctx context.Context, t *training) error {
	r, ok := t.learner.(reinforcement)
	if !ok {
		return nil
	}
	f, err := r.Follow(patient{ctx}, t.run.Settings, t.run.Followed)
	if err != nil || f == t.run.Followed {
		return err
	}
	t.run.Followed = f
	if t.start != nil { // the base is in memory
		if err := rl.FillBase(e.rig.device, t.start, f); err != nil {
			return err
		}
	}
	if t != e.second { // the page follows the active run, unless it is asked
		e.showFollowed(t)
	}
	return nil
}

// beganFrom is the model that a run began from.
func (e *Engine) beganFrom(ctx context.Context, t *training) (*hf.Checkpoint, error) {
	if t.start != nil {
		return t.start, nil
	}
	name := t.run.Settings.BaseName()
	base, err := e.modelNamed(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("the comparison needs the model that the run began from: %w", err)
	}
	return base, sameModel("base", name, base, t.run.Settings.Base)
}

// followRun shows how a run answered its followed problem. Where that was not recorded, or for a problem that was typed, the run's two
// ends answer: the model that it began from and the trained one.
func (e *Engine) followRun(ctx context.Context, c session.FollowRun) error {
	t, err := e.runNamed(c.ID)
	if err != nil {
		return err
	}
	if e.rig.device == nil {
		return errors.New("no device is open yet; open a backend first")
	}
	if c.Text != "" {
		f, err := e.compareEnds(ctx, t, c.Text)
		if err != nil {
			return err
		}
		return e.publishFollowed(t, f, true)
	}
	if t.run.Followed == nil {
		if err := e.loadFollowed(ctx, t); err != nil {
			return err
		}
	}
	if t.run.Followed == nil {
		if t.run.Followed, err = e.compareEnds(ctx, t, ""); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(t.run.Followed.Answers, func(a runs.Answer) bool { return a.Base == nil }) {
		base, err := e.beganFrom(ctx, t)
		if err != nil {
			return err
		}
		if err := rl.FillBase(e.rig.device, base, t.run.Followed); err != nil {
			return err
		}
	}
	e.showFollowed(t)
	return nil
}

// loadFollowed reads what a run recorded, which the list of runs does not load. A run without leaves it nil.
func (e *Engine) loadFollowed(ctx context.Context, t *training) (err error) {
	var data []byte
	switch {
	case t.info.From == "shipped" && e.library.RunFile != nil:
		data, err = e.library.RunFile(ctx, strings.TrimPrefix(t.info.ID, shippedID), runs.FollowedFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	case t.info.From != "shipped" && e.library.Store != nil:
		var files map[string][]byte
		files, err = e.library.Store.Load(ctx, t.info.ID, runs.FollowedFile)
		data = files[runs.FollowedFile]
	}
	if err != nil || data == nil {
		return err
	}
	t.run.Followed, err = runs.ReadFollowed(data)
	return err
}

// compareEnds has the two ends of a run answer a problem, that of all runs of the task where text is empty.
func (e *Engine) compareEnds(ctx context.Context, t *training, text string) (*runs.Followed, error) {
	s := t.run.Settings
	switch {
	case !t.info.HasModel():
		return nil, fmt.Errorf("the run %s has only its metrics here, so it cannot answer; choose a run that was trained or imported here with its model", t.info.Name)
	case s.Method == runs.Pretrain:
		return nil, errors.New("a pretrained model has no base to compare it with; choose a run of reinforcement learning")
	case t.step() == 0:
		return nil, errors.New("the run has taken no step yet; there is nothing to compare")
	}
	if t.ofFrozen() {
		return nil, errors.New("a run over a model that lies on the device to run forward answers the problem that it follows, and no other")
	}
	kind, err := t.kind()
	if err != nil {
		return nil, err
	}
	problem := task.Problems(kind, task.EvalStream, 1, 1)[0]
	if text != "" {
		if problem, err = kind.Parse(text); err != nil {
			return nil, err
		}
	}
	if err := e.fetchState(ctx, t); err != nil {
		return nil, err
	}
	base, err := e.beganFrom(ctx, t)
	if err != nil {
		return nil, err
	}
	longest := base.Config.MaxContext
	if h, err := valuesOf(s); err == nil && h.Has("max-length") {
		longest = examine.Cap(h.Int("max-length"), longest)
	}
	e.busy("comparing base and trained", 0, 0)
	return rl.CompareEnds(ctx, e.rig.device, base, t.state, t.state.Train.Schedule, longest, problem)
}

// showFollowed publishes the answers of a run, or that it has none.
func (e *Engine) showFollowed(t *training) {
	if err := e.publishFollowed(t, t.run.Followed, false); err != nil { // of a file: the run itself is fine
		e.fail("FollowRun", err)
	}
}

// publishFollowed publishes answers, or none where they cannot be shown.
func (e *Engine) publishFollowed(t *training, f *runs.Followed, typed bool) error {
	view, err := followedView(t, f)
	view.Number, view.ID, view.Typed = e.next(), t.info.ID, typed
	e.publish(view)
	return err
}

// followedView is answers of a run as screens draw them.
func followedView(t *training, f *runs.Followed) (session.Followed, error) {
	view := session.Followed{Answers: []session.FollowedAnswer{}}
	if f == nil {
		return view, nil
	}
	kind, err := t.kind()
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
	problem, err := task.ProblemOf(kind, f.Prompt)
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
