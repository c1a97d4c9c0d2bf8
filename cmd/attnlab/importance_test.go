package main

import (
	"math"
	"strings"
	"testing"

	"attnlab/rl/stat"
)

// The document has what it promises, its counts agree, and the parrot, which always answers 9, finds no step important.
func TestImportance(t *testing.T) {
	var v map[string]any
	document(t, &v, "", "importance", "--model", parrot, "--problems", "8", "--samples", "6")
	has(t, v, "steps.step", "steps.label", "steps.text", "steps.fci", "steps.focus", "steps.position", "steps.importance", "steps.low", "steps.high", "steps.standard_error",
		"steps.samples", "steps.differs", "steps.resampled.low", "steps.forced.value", "spearman.fci", "spearman.focus", "spearman.position", "spearman.shuffled", "spearman.repeat",
		"ranking.by", "ranking.rho.low", "ranking.over_position.high", "labels.label", "labels.importance", "max_length", "storage")
	var d importanceDocument
	document(t, &d, "", "importance", "--model", parrot, "--problems", "8", "--samples", "6")
	if len(d.Steps) == 0 || d.Sampled != 8 || d.Success != "right" {
		t.Fatalf("%+v", d)
	}
	for _, s := range d.Steps {
		if s.Samples != 6 || s.Differs > 6 || s.Kept < 6 || s.Kept-6 != s.Samples-s.Differs || s.Position != -float64(s.Step+1) || s.Resampled.Value != 0 {
			t.Errorf("step %+v", s)
		}
		if math.IsNaN(float64(s.Importance)) != (s.Differs == 0) || s.Low > s.Importance || s.Importance > s.High {
			t.Errorf("importance %v [%v, %v] of step %d, where %d differ", s.Importance, s.Low, s.High, s.Step, s.Differs)
		}
	}
	var again importanceDocument
	document(t, &again, "", "importance", "--model", parrot, "--problems", "8", "--samples", "6")
	for k := range d.Steps {
		if d.Steps[k].Differs != again.Steps[k].Differs {
			t.Fatalf("the same seed gives %+v, then %+v", d.Steps[k], again.Steps[k])
		}
	}
}

// A prompt without a known answer is measured by agreement with the answer of its own response; steps are those of the trace with that seed.
func TestImportanceText(t *testing.T) {
	on := []string{"--model", rambler(), "--task", "text", "--prompt", "a = ?", "--step-rule", "line", "--seed", "2"}
	var trace traceDocument
	document(t, &trace, "", append([]string{"trace"}, on...)...)
	var d importanceDocument
	document(t, &d, "", append([]string{"importance", "--samples", "12", "--max-length", "300"}, on...)...)
	if d.Success != "same-answer" || len(d.Steps) != len(trace.Steps) || d.Problems != 1 {
		t.Fatalf("%d steps, the trace has %d: %+v", len(d.Steps), len(trace.Steps), d)
	}
	agree := 0.0
	for k, s := range d.Steps {
		if s.Text != trace.Steps[k].Text {
			t.Errorf("step %d is %q, in the trace %q", k, s.Text, trace.Steps[k].Text)
		}
		if in := (stat.Interval{Low: float64(s.Resampled.Low), High: float64(s.Resampled.High)}); !(in.Low < in.High) {
			t.Errorf("step %d: %+v", k, s)
		}
		agree += float64(s.KeptRate)
	}
	if agree == 0 {
		t.Error("no continuation gives the answer of the response")
	}
	_, text, _ := call("", append([]string{"importance", "--samples", "12", "--max-length", "300", "--backend", "host"}, on...)...)
	if !strings.Contains(text, "importance ranked by") || !strings.Contains(text, "successful where they give the answer of the response") {
		t.Errorf("importance prints\n%s", text)
	}
}
