package session

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"attnlab/rl/score"
)

// toyRecording is a trace of 1 layer of 2 heads: a prompt of 2 tokens, steps of 1, 2 and 1, an answer of 1.
func toyRecording() Recording {
	t := Trace{Task: "text", Tokens: []int{5, 6, 7, 8, 9, 5, 6}, Text: []string{"a", "b", "c", "d", "e", "a", "b"}, PromptLength: 2,
		Think: [2]int{2, 6}, Answer: [2]int{6, 7}, Complete: true, Layers: 1, Heads: 2, Delta: 1,
		Steps:    []StepView{{Start: 2, End: 3}, {Start: 3, End: 5}, {Start: 5, End: 6}},
		Top:      [][]Choice{{}, {{6, "b", .51234567}, {7, "c", .2}, {8, "d", .1}, {9, "e", .05}}, {}, {}, {}, {}, {}},
		LogProbs: make([]float32, 7), Entropy: make([]float32, 7), FCI: make([]float64, 3),
		Recorded: &Recorded{Name: "toy", Model: "Toy", Revision: "1", Licence: "none", Command: "attnlab record", Adapter: "CPU"}}
	loss := []float64{1, 2, 3}
	r := Recording{Trace: t, Losses: AnswerLosses{Values: []*float64{&loss[0], &loss[1], &loss[2]}}}
	spans := t.ranges()
	for head := range 2 {
		for j := range spans {
			total := 0.0
			for k := range j + 1 {
				total += math.Pow(float64(k+1), float64(head)) // of each range, before it is a share
			}
			for k := range spans {
				v := float32(0)
				if k <= j {
					v = float32(math.Pow(float64(k+1), float64(head)) / total / float64(spans[k][1]-spans[k][0]))
				}
				r.Heads = append(r.Heads, v)
			}
		}
	}
	return r
}

// What is written is read again: attention to half of 1/65535 of a row, scores of heads from it, three choices a place.
func TestRecordingRoundTrip(t *testing.T) {
	want := toyRecording()
	data, err := WriteRecording(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecording(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Heads) != len(want.Heads) {
		t.Fatalf("%d densities, want %d", len(got.Heads), len(want.Heads))
	}
	for i := range want.Heads {
		if math.Abs(float64(got.Heads[i]-want.Heads[i])) > 2./wholeShare {
			t.Errorf("density %d is %g, want %g", i, got.Heads[i], want.Heads[i])
		}
	}
	if r := got.Trace.Recorded; r == nil || *r != *want.Trace.Recorded {
		t.Errorf("it is from %+v", r)
	}
	if top := got.Trace.Top[1]; len(top) != 3 || top[0].Prob != .5123 {
		t.Errorf("the choices are %+v", top)
	}
	if len(got.Trace.FCIHeads) != 6 || len(got.Trace.Focus) != 6 || len(got.Trace.Attention) != 25 || *got.Losses.Values[2] != 3 || len(got.Trace.All) != 0 {
		t.Errorf("%d FCI, %d focus, %d of attention, %d losses", len(got.Trace.FCIHeads), len(got.Trace.Focus), len(got.Trace.Attention), len(got.Losses.Values))
	}
	h := got.InHead(Selection{Layer: 0, Head: 1})
	if len(h.Attention) != 25 || h.Attention[6] != got.Heads[25+6] || len(got.InHead(NoSelection).Attention) != 0 {
		t.Errorf("head 1 is %v", h)
	}
	if want.Trace.Top[1][0].Prob != .51234567 {
		t.Error("writing changes the trace")
	}
}

// A trace whose attention does not sum to 1 is not written, and a damaged file is refused in a sentence.
func TestRecordingIsRefused(t *testing.T) {
	for name, change := range map[string]func(r *Recording){
		"without where it is from":  func(r *Recording) { r.Trace.Recorded = nil },
		"tokens outside the ranges": func(r *Recording) { r.Trace.Steps[1].End = 4 },
		"tokens after the answer":   func(r *Recording) { r.Trace.Tokens = append(r.Trace.Tokens, 1) },
		"rows that do not sum to 1": func(r *Recording) { r.Heads[0] *= .9 },
	} {
		r := toyRecording()
		change(&r)
		if _, err := WriteRecording(r); err == nil {
			t.Errorf("it is written %s", name)
		}
	}
	data, err := WriteRecording(toyRecording())
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	damage := func(key string, value any) []byte {
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		file[key] = value
		other, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	for name, other := range map[string][]byte{
		"half a file": data[:len(data)/2], "nothing": nil, "a list": []byte("[]"), "no shares": damage("shares", ""), "zero shares": damage("shares", strings.Repeat("A", 160)),
		"one loss": damage("answer_losses", []float64{1}), "another trace": damage("trace", map[string]any{"tokens": []int{1}}),
	} {
		if _, err := ReadRecording(other); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// Nothing that is read makes a screen fail.
func FuzzReadRecording(f *testing.F) {
	data, err := WriteRecording(toyRecording())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(strings.Replace(string(data), `"start":3`, `"start":2`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadRecording(data)
		if err != nil {
			return
		}
		if err := r.Trace.Check(); err != nil {
			t.Errorf("a trace is read that cannot be shown: %v", err)
		}
		if n := r.Trace.Ranges(); len(r.Heads) != r.Trace.Layers*r.Trace.Heads*n*n {
			t.Errorf("%d densities for %d heads and %d ranges", len(r.Heads), r.Trace.Layers*r.Trace.Heads, n)
		}
	})
}

// The numbers of every shipped recorded trace agree with each other.
func TestShippedRecordings(t *testing.T) {
	for _, name := range Recordings {
		data, err := os.ReadFile("../../web/recorded/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 200_000 {
			t.Errorf("%s has %d bytes", name, len(data))
		}
		r, err := ReadRecording(data)
		if err != nil {
			t.Fatal(err)
		}
		x := &r.Trace
		if from := x.Recorded; from.Name != name || from.Model == "" || from.Licence == "" || from.Revision == "" || !strings.HasPrefix(from.Command, "attnlab record ") || strings.Contains(from.Command, " /") {
			t.Errorf("%s is from %+v", name, from)
		}
		spans := x.ranges()
		in := r.Input()
		for i := range x.Layers * x.Heads * len(spans) {
			sum := 0.0
			for k, v := range r.Heads[i*len(spans) : (i+1)*len(spans)] {
				sum += float64(v) * float64(spans[k][1]-spans[k][0])
			}
			if math.Abs(sum-1) > 1e-5 {
				t.Fatalf("%s: row %d sums to %g", name, i, sum)
			}
		}
		if len(x.StepScores) != len(score.Scores) {
			t.Fatalf("%s has %d scores of %d; record it again", name, len(x.StepScores), len(score.Scores))
		}
		for i, s := range score.Scores {
			got := s.Of(in).Steps
			for k, want := range x.StepScores[i].Values {
				has := math.NaN()
				if want != nil {
					has = *want
				}
				if d := math.Abs(got[k] - has); d > 1e-4*max(1, math.Abs(has)) || math.IsNaN(got[k]) != math.IsNaN(has) {
					t.Errorf("%s: %s of step %d is %g, from the recorded attention %g", name, s.Name, k+1, has, got[k])
				}
			}
		}
		for k, want := range x.FCI {
			top := 0.0
			for i := range x.Layers * x.Heads {
				top = max(top, x.FCIHeads[i*len(x.Steps)+k])
			}
			if math.Abs(top-want) > 1e-4 {
				t.Errorf("%s: FCI of step %d is %g, of its best head %g", name, k+1, want, top)
			}
		}
		for i, p := range x.LogProbs {
			if p > 0 || x.Entropy[i] < 0 {
				t.Errorf("%s: token %d has log-probability %g and entropy %g", name, i, p, x.Entropy[i])
			}
			for _, c := range x.Top[i] {
				if c.Token == x.Tokens[i] && math.Abs(math.Exp(float64(p))-float64(c.Prob)) > 1e-4 {
					t.Errorf("%s: token %d has log-probability %g and probability %g", name, i, p, c.Prob)
				}
			}
		}
	}
}
