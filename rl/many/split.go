// Package many looks at many responses to one problem: how likely one of k is right, where they first part, and what a method would reward them with.
package many

import (
	"cmp"
	"slices"
	"strings"

	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Pass is how likely at least one of K responses to a problem is right, with its 95 % interval.
type Pass struct {
	K     int
	Value float64
	stat.Interval
}

// PassCurve estimates it for the powers of two up to n, and for n, from n responses to each of some problems, right[p] of them right:
// the mean of [stat.PassAtK] over problems, with [stat.MeanInterval]. Of one problem the interval is [stat.PassInterval]'s.
func PassCurve(right []int, n int) (curve []Pass) {
	for k := 1; k <= n; k = min(2*k, max(n, k+1)) {
		var each []float64
		for _, c := range right {
			each = append(each, stat.PassAtK(n, c, k))
		}
		p := Pass{K: k, Value: stat.Mean(each), Interval: stat.MeanInterval(each)}
		if len(right) == 1 {
			p.Interval = stat.PassInterval(n, right[0], k)
		}
		curve = append(curve, p)
	}
	return curve
}

// Split is where responses to one problem first part.
type Split struct {
	Token   int      // of the response: before it all responses have the same tokens
	Step    int      // the first step that is not the same in all, as [task.SameStep] compares them; -1 where all steps are the same
	Options []Option // what the responses write there, the most frequent first
}

// Option is one way to go on.
type Option struct {
	Text  string // of the step; empty where the response has ended its thinking
	Right int    // responses that are right
	N     int    // responses that go this way
	First int    // the first of them
}

// FirstSplit finds it. It panics without responses.
func FirstSplit(kind task.Task, traces []task.Trace) Split {
	s := Split{Token: len(traces[0].Response()), Step: -1}
	most := 0
	for _, t := range traces {
		s.Token = min(s.Token, common(traces[0].Response(), t.Response()))
		most = max(most, len(t.Steps))
	}
	step := func(t task.Trace, k int) []int {
		if k >= len(t.Steps) {
			return nil
		}
		return t.Tokens[t.Steps[k].Start:t.Steps[k].End]
	}
	for k := range most {
		var options []Option
		for i, t := range traces {
			at := slices.IndexFunc(options, func(o Option) bool { return task.SameStep(kind, step(traces[o.First], k), step(t, k)) })
			if at < 0 {
				at = len(options)
				options = append(options, Option{Text: strings.TrimSpace(task.Text(kind, step(t, k))), First: i})
			}
			options[at].N++
			if t.Correct {
				options[at].Right++
			}
		}
		if len(options) > 1 {
			slices.SortStableFunc(options, func(a, b Option) int { return cmp.Compare(b.N, a.N) })
			s.Step, s.Options = k, options
			break
		}
	}
	return s
}

// common is how many tokens two responses begin with alike.
func common(a, b []int) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
