package score

import (
	"slices"
	"testing"
)

// TestBranchRulesAreComplete checks that every rule can be named, shown and scored.
func TestBranchRulesAreComplete(t *testing.T) {
	for i, r := range BranchRules {
		if slices.Index(BranchNames(), r.Name) != i {
			t.Errorf("two rules are named %q", r.Name)
		}
		if _, err := Find(r.Score.Name); err != nil || r.Title == "" || r.Phrase == "" {
			t.Errorf("rule %q lacks a title, a phrase or a score: %+v", r.Name, r)
		}
		if got := FindBranch(r.Name); got.Title != r.Title {
			t.Errorf("rule %q is found as %q", r.Name, got.Title)
		}
	}
	if got := FindBranch("newer"); got.Phrase != "newer" || got.Score.Label() != "score" {
		t.Errorf("an unknown rule is shown as %+v", got)
	}
	if got := EntropyBranch.Score.Label(); got != "−log p, nats" {
		t.Errorf("its score is labelled %q", got)
	}
}

// TestStepChoicesHaveTitles checks that no rule is shown by its name alone, scores outside AttnRL's analysis included.
func TestStepChoicesHaveTitles(t *testing.T) {
	for choice, want := range map[StepChoice]string{
		ChooseFCI: "FCI, top 20 %", ChooseOther: "the other 80 %", ChooseEntropy: "entropy, top 20 %", ChooseRandom: "random", ChooseOne: "the chosen step",
		StepChoice(Receiver.Name): Receiver.Title + ", top 20 %", "newer": "newer",
	} {
		if got := choice.Title(); got != want {
			t.Errorf("%s is shown as %q, want %q", choice, got, want)
		}
	}
	for _, name := range StepChoiceNames() {
		if _, err := ParseChoice(name); err != nil {
			t.Error(err)
		}
	}
}
