package engine

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
)

// seeded is an edit of a step whose rest is sampled by the seed of the response.
func (s *screen) seeded(k int, text string) session.Edit {
	return session.Edit{At: s.trace.Steps[k].Start, Text: text, Seed: s.trace.Sampling.Seed}
}

// with is the command that makes one more edit.
func (s *screen) with(e session.Edit) session.EditResponse {
	return session.EditResponse{Edits: append(slices.Clip(s.trace.Edits), e)}
}

// With its own tokens and its own seed an edit writes the response that was there; and undoing an edit brings back what it dropped.
func TestEditWithItsOwnTokens(t *testing.T) {
	s := severalLines(t)
	whole := s.trace
	for k, step := range whole.Steps {
		s.must(s.with(s.seeded(k, step.Text)))
		if got := s.trace; !slices.Equal(got.Tokens, whole.Tokens) || !reflect.DeepEqual(got.LogProbs, whole.LogProbs) || len(got.Edits) != 1 {
			t.Fatalf("step %d as it was: %q, want %q", k+1, got.Text, whole.Text)
		}
		e := s.trace.Edits[0]
		if e.At != step.Start || !slices.Equal(e.Tokens, whole.Tokens[step.Start:step.End]) || !slices.Equal(e.Was, whole.Tokens[step.Start:]) || e.Text != step.Text+"\n" {
			t.Errorf("the edit of step %d is %+v", k+1, e)
		}
		if b := s.trace.Before; !slices.Equal(b.Tokens, whole.Tokens) || !reflect.DeepEqual(b.Steps, whole.Steps) || b.Correct != whole.Correct || b.Answer != whole.Answer || !b.Complete {
			t.Errorf("before it there was %+v", b)
		}
		s.must(session.EditResponse{})
		if len(s.trace.Edits) != 0 || s.trace.Before != nil || !slices.Equal(s.trace.Tokens, whole.Tokens) {
			t.Fatalf("without the edit there is %q", s.trace.Text)
		}
	}
}

// A step with another number leads to another answer: the last step that states the right answer decides it.
func TestEditANumberChangesTheAnswer(t *testing.T) {
	s := start(t, able(t), openHost)
	last := -1
	for seed := uint64(1); last < 0 && seed <= 20; seed++ {
		s.must(session.NewProblem{Seed: seed, Difficulty: "2"})
		s.must(session.Generate{Unit: "all"}) // greedy
		for k, step := range s.trace.Steps {
			if s.trace.Correct && strings.HasSuffix(step.Text, " "+s.trace.Gold) && step.Label == "essential" {
				last = k
			}
		}
	}
	whole := s.trace
	if last < 0 {
		t.Fatal("no response is right")
	}
	other := map[bool]string{true: "3", false: "4"}[whole.Gold != "3"]
	text := strings.TrimSuffix(whole.Steps[last].Text, whole.Gold) + other
	s.must(s.with(s.seeded(last, text)))
	if got := s.trace; got.Found != other || got.Correct || !got.Complete || got.Steps[last].Text != text || !got.Before.Correct || got.Before.Found != whole.Gold {
		t.Errorf("%q in place of %q: the answer is %q, before %+v", text, whole.Steps[last].Text, got.Found, got.Before)
	}
	if !s.trace.Forced(whole.Steps[last].Start) || s.trace.Forced(whole.Steps[last].Start-1) || s.trace.Forced(s.trace.Edits[0].End()) {
		t.Error("the tokens that were written are not those marked")
	}
	if got := s.trace.Unedited(); !slices.Equal(got, whole.Tokens) {
		t.Errorf("without edits the tokens are %v", got)
	}
}

// Edits add up, are undone one by one, survive a file, and end with the response.
func TestEditsAddUp(t *testing.T) {
	s := severalLines(t)
	whole := s.trace
	first := session.Edit{At: whole.Steps[1].Start, Tokens: whole.Tokens[whole.Steps[2].Start:whole.Steps[2].End], Seed: 8}
	s.must(s.with(first))
	once := s.trace
	second := session.Edit{At: once.Steps[0].End, Seed: 9} // sampled again from there
	s.must(s.with(second))
	twice := s.trace
	if len(twice.Edits) != 2 || !slices.Equal(twice.Before.Tokens, once.Tokens) || !slices.Equal(twice.Tokens[:second.At], once.Tokens[:second.At]) {
		t.Fatalf("after two edits: %+v", twice.Edits)
	}

	link, err := session.ParseEdits(session.EditsText(twice.Edits))
	if err != nil {
		t.Fatal(err)
	}
	s.must(session.Generate{Unit: "all", Restart: true, Sampling: sampling})
	if len(s.trace.Edits) != 0 {
		t.Fatalf("a new response has the edits %+v", s.trace.Edits)
	}
	s.must(session.EditResponse{Edits: link})
	if !slices.Equal(s.trace.Tokens, twice.Tokens) || !reflect.DeepEqual(s.trace.Edits, twice.Edits) {
		t.Errorf("the edits of the link give %q, want %q", s.trace.Text, twice.Text)
	}

	shown := twice.Show()
	s.must(session.NewProblem{Seed: 8, Difficulty: "4"})
	if s.trace.Edits != nil {
		t.Error("another problem has the edits")
	}
	s.must(shown)
	if !reflect.DeepEqual(s.trace.Edits, twice.Edits) || !slices.Equal(s.trace.Before.Tokens, once.Tokens) {
		t.Errorf("the file has the edits %+v", s.trace.Edits)
	}
	s.must(session.EditResponse{Edits: s.trace.Edits[:1]})
	if !slices.Equal(s.trace.Tokens, once.Tokens) || !slices.Equal(s.trace.Before.Tokens, whole.Tokens) {
		t.Errorf("with one edit undone there is %q, want %q", s.trace.Text, once.Text)
	}
	shown.Edits = slices.Clone(shown.Edits)
	shown.Edits[0].At++
	s.refused(shown, "does not fit")
}

// What cannot be written is refused in a sentence, and the response stays.
func TestEditRefuses(t *testing.T) {
	s := severalLines(t)
	n := len(s.trace.Tokens)
	long := strings.Repeat("k 8 ", 400)
	for _, c := range []struct {
		edit session.Edit
		want string
	}{
		{s.seeded(0, "k eight"), `"eight" at position 1 is not a token`},
		{s.seeded(0, long), "context holds"},
		{session.Edit{At: n + 4}, "not one of the response"},
		{session.Edit{At: 1}, "not one of the response"},
		{session.Edit{At: n, Text: "k 8"}, "has ended"},
		{session.Edit{At: n - 2, Tokens: []int{99999}}, "99999 is not a token"},
	} {
		s.refused(s.with(c.edit), c.want)
	}
	s.refused(session.EditResponse{Edits: make([]session.Edit, session.MaxEdits+1)}, "undo some")
	s.must(session.NewProblem{Seed: 8, Difficulty: "4"})
	s.refused(s.with(session.Edit{At: s.trace.PromptLength}), "generate one first")
}
