package examine

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/model"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// picked is a correct trace of five steps of two tokens after a prompt of three.
func picked() Examined {
	e := Examined{FCI: []float64{0, 0.1, 0.5, 0.2, 0}}
	e.PromptLength, e.Correct = 3, true
	entropy := []float32{9, 9, 9, 1, 1, 0, 0, 0, 0, 2, 4, 0, 1, 9}
	for k := range 5 {
		e.Steps = append(e.Steps, task.Step{Start: 3 + 2*k, End: 5 + 2*k})
	}
	e.Entropy = entropy
	for t := range entropy {
		e.Tokens = append(e.Tokens, t)
	}
	return e
}

func TestPickCandidates(t *testing.T) {
	e := picked()
	for pick, want := range map[score.StepChoice][]int{
		score.ChooseFCI:     {2},
		score.ChooseOther:   {0, 1, 3, 4},
		score.ChooseEntropy: {3},
		score.ChooseRandom:  {0, 1, 2, 3, 4},
	} {
		if got := candidates(pick, e); !slices.Equal(got, want) {
			t.Errorf("%s picks from %v, want %v", pick, got, want)
		}
	}
	// Where most scores are 0 the top is what is above it.
	e.FCI = []float64{0, 0, 0, 0.1, 0}
	if got := candidates(score.ChooseFCI, e); !slices.Equal(got, []int{3}) {
		t.Errorf("fci picks from %v, want step 3", got)
	}
	clear(e.Entropy)
	if got := candidates(score.ChooseEntropy, e); len(got) != 5 {
		t.Errorf("without any entropy, entropy picks from %v", got)
	}
}

// Any score of the table chooses steps, but for what Examine does not compute.
func TestParseChoice(t *testing.T) {
	for _, s := range score.Scores {
		choice, err := score.ParseChoice(s.Name)
		if s.Name == score.Received.Name {
			if err == nil {
				t.Errorf("%s was accepted", s.Name)
			}
			continue
		}
		if err != nil || string(choice) != s.Name {
			t.Errorf("%s: %q, %v", s.Name, choice, err)
		}
	}
	if _, err := score.ParseChoice("width"); err == nil || !strings.Contains(err.Error(), "focus") {
		t.Errorf("an unknown rule: %v", err)
	}
	if got := candidates(score.StepChoice(score.Position.Name), picked()); !slices.Equal(got, []int{0}) {
		t.Errorf("position chooses from %v, want the first step", got)
	}
	if got := candidates(score.StepChoice(score.Focus.Name), picked()); got != nil {
		t.Errorf("focus without an answer chooses from %v", got)
	}
}

func TestCutAttempts(t *testing.T) {
	wrong, short, blind := picked(), picked(), picked()
	wrong.Correct = false
	short.Steps, short.FCI = short.Steps[:1], []float64{0.3}
	blind.FCI = make([]float64, 5)
	e := []Examined{wrong, picked(), short, blind}
	cuts := cutAttempts(make([]Attempt, len(e)), e, []score.StepChoice{score.ChooseFCI, score.ChooseEntropy}, 1)
	if len(cuts) != 2 || cuts[0].id != 1 || cuts[1].id != 1 || cuts[0].group != 0 || cuts[1].group != 1 {
		t.Fatalf("cuts are %+v, want two of attempt 1", cuts)
	}
	got := cuts[0].requests(20, 0)
	want := []model.Request{
		{Tokens: []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, Max: 11, ID: 1},
		{Tokens: []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, Max: 11, ID: 1, Hide: model.Hide{Start: 7, End: 9}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("requests are %+v, want %+v", got, want)
	}
}
