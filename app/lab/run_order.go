package lab

import (
	"cmp"
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// RunOrders are the orders of the list of runs.
var RunOrders = []string{"method", "newest", "accuracy", "length"}

// inOrder sorts runs for the list of the Compare page. "newest" is the order of the engine.
func inOrder(list []session.KeptRun, order string) []session.KeptRun {
	list = slices.Clone(list)
	by := func(key func(r session.KeptRun) float64) {
		last := func(r session.KeptRun) float64 { // a run without a value is last
			if v := key(r); !math.IsNaN(v) {
				return v
			}
			return math.Inf(1)
		}
		slices.SortStableFunc(list, func(a, b session.KeptRun) int { return cmp.Compare(last(a), last(b)) })
	}
	switch order {
	case "accuracy":
		by(func(r session.KeptRun) float64 { return -float64(RecentOf(r.Metrics, "accuracy").Mean) })
	case "length":
		by(func(r session.KeptRun) float64 { return float64(RecentOf(r.Metrics, "think_tokens").Mean) })
	case "newest":
	default:
		return session.InSeries(list)
	}
	return list
}

// MethodsOf are the methods among runs, in alphabetical order.
func MethodsOf(list []session.KeptRun) (methods []string) {
	for _, r := range list {
		if m := r.Settings.Method; m != "" && m != runs.Pretrain && !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	slices.Sort(methods)
	return methods
}
