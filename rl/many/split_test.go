package many_test

import (
	"math"
	"reflect"
	"testing"

	"attnlab/rl/many"
	"attnlab/rl/rltest/near"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

func TestPassCurve(t *testing.T) {
	curve := many.PassCurve([]int{0, 3, 6}, 6)
	var ks []int
	for _, p := range curve {
		ks = append(ks, p.K)
	}
	if !reflect.DeepEqual(ks, []int{1, 2, 4, 6}) {
		t.Fatalf("k is %v", ks)
	}
	// C(3,2)/C(6,2) = 1/5 of the pairs of the second problem are wrong, and none of its choices of four.
	near.Want(t, "pass@k", []float64{curve[0].Value, curve[1].Value, curve[2].Value, curve[3].Value}, []float64{0.5, (0 + 0.8 + 1) / 3, 2. / 3, 2. / 3}, 1e-12)
	if want := stat.MeanInterval([]float64{0, 0.8, 1}); math.Abs(curve[1].Low-want.Low) > 1e-12 || math.Abs(curve[1].High-want.High) > 1e-12 {
		t.Errorf("pass@2 lies in %v, want %v", curve[1].Interval, want)
	}
	if one := many.PassCurve([]int{3}, 6); one[1].Interval != stat.PassInterval(6, 3, 2) {
		t.Errorf("of one problem: %+v", one)
	}
	if one := many.PassCurve([]int{1}, 1); len(one) != 1 || one[0].K != 1 {
		t.Errorf("of one response: %+v", one)
	}
}

// pivot is a task whose answer is right where it is the gold one.
type pivot struct{ task.Task }

func (pivot) Vocabulary() []string { return task.CommonTokens }

func (pivot) Judge(p task.Problem, response []int) task.Trace {
	t, framed := task.Cut(p.Prompt, response)
	t.Correct = framed && task.CommonTokens[t.Tokens[t.AnswerStart]] == p.Gold
	return t
}

func TestFirstSplit(t *testing.T) {
	p := task.Problem{Prompt: []int{task.Bos}, Gold: "+"}
	of := func(response ...int) task.Trace { return pivot{}.Judge(p, response) }
	one := of(task.Plus, task.Newline, task.Minus, task.Newline, task.EndThink, task.Plus, task.Eos)
	other := of(task.Plus, task.Newline, task.Hash, task.Newline, task.EndThink, task.Minus, task.Eos)
	short := of(task.Plus, task.Newline, task.EndThink, task.Plus, task.Eos)
	got := many.FirstSplit(pivot{}, []task.Trace{other, one, short, one})
	want := many.Split{Token: 2, Step: 1, Options: []many.Option{{Text: "-", Right: 2, N: 2, First: 1}, {Text: "#", N: 1, First: 0}, {Text: "", Right: 1, N: 1, First: 2}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	wrong := of(task.Plus, task.Newline, task.EndThink, task.Minus, task.Eos)
	if got := many.FirstSplit(pivot{}, []task.Trace{short, wrong}); got.Step != -1 || got.Token != 3 || got.Options != nil {
		t.Errorf("the same steps and another answer: %+v", got)
	}
	if got := many.FirstSplit(pivot{}, []task.Trace{one, one}); got.Step != -1 || got.Token != len(one.Response()) {
		t.Errorf("the same response twice: %+v", got)
	}
}
