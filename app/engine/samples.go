package engine

import (
	"context"
	"slices"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl"
	"attnlab/rl/many"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// planSampleMany samples many responses to the problem, a batch at a time, and publishes after each. The first response is that of
// [session.Generate], and all are those of "attnlab passk --problems 1".
func (e *Engine) planSampleMany(c session.SampleMany) func(context.Context) (string, error) {
	var traces []task.Trace
	return func(ctx context.Context) (string, error) {
		r, err := e.problem()
		if err != nil {
			return "", err
		}
		if err := checkCount("samples", c.Samples, session.MaxResponses); err != nil {
			return "", err
		}
		if err := checkSampling(c.Sampling); err != nil {
			return "", err
		}
		method, err := rl.MethodOf(c.Method)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(many.Rewarding(), func(m rl.Method) bool { return m.Name == method.Name }) {
			method = rl.GRPO
		}
		publish := func() error {
			view, err := r.samples(c, method, traces)
			if err == nil {
				view.Number = e.next()
				e.publish(view)
			}
			return err
		}
		if err := publish(); err != nil {
			return "", err
		}
		for len(traces) < c.Samples {
			e.busy("sampling many responses", len(traces), c.Samples)
			var requests []model.Request
			for i := len(traces); i < min(len(traces)+max(1, e.rig.slots), c.Samples); i++ {
				requests = append(requests, model.Request{Tokens: r.Prompt, Max: e.rig.model.MaxContext - len(r.Prompt), ID: uint32(i)})
			}
			rollouts, err := e.rig.decoder.Generate(ctx, requests, key(c.Sampling), nil)
			if err != nil {
				return "", err
			}
			for _, rollout := range rollouts {
				traces = append(traces, r.task.Judge(r.Problem, rollout.Tokens))
			}
			if err := publish(); err != nil {
				return "", err
			}
		}
		if c.Sampling.Temperature == 0 && c.Samples > 1 {
			return "Greedy responses are all the same; choose a temperature above 0 for different ones.", nil
		}
		return "", nil
	}
}

// samples are the responses so far as pages show them.
func (r *reasoning) samples(c session.SampleMany, method rl.Method, traces []task.Trace) (session.Samples, error) {
	view := session.Samples{Of: c.Samples, Sampling: c.Sampling, Judged: r.Gold != "", Method: method.Name, Responses: []session.Response{}, Pass: []session.PassPoint{}}
	var rewards []float64
	if len(traces) > 1 {
		var err error
		if rewards, err = many.Rewards(method, r.task, traces); err != nil {
			return view, err
		}
		split := many.FirstSplit(r.task, traces)
		view.Split = &session.Split{Token: split.Token, Step: split.Step, Options: []session.SplitOption{}}
		for _, o := range split.Options {
			view.Split.Options = append(view.Split.Options, session.SplitOption{Text: o.Text, N: o.N, Right: o.Right, First: o.First})
		}
	}
	right := 0
	for i, t := range traces {
		one := session.Response{Text: task.Text(r.task, t.Response()), Tokens: len(t.Response()), Steps: []session.ResponseStep{}, Think: t.ThinkTokens(), Answer: t.Answer, Right: t.Correct, WellFormed: t.WellFormed}
		if rewards != nil && view.Judged {
			one.Reward = stat.Finite(rewards[i])
		}
		for _, s := range t.Steps {
			one.Steps = append(one.Steps, session.ResponseStep{Label: s.Label.String(), Start: s.Start - t.PromptLength, End: s.End - t.PromptLength})
		}
		if t.Correct {
			right++
		}
		view.Responses = append(view.Responses, one)
	}
	if view.Judged && len(traces) > 0 {
		for _, p := range many.PassCurve([]int{right}, len(traces)) {
			view.Pass = append(view.Pass, session.PassPoint{K: p.K, Value: p.Value, Interval: p.Interval})
		}
	}
	return view, nil
}
