package runs

import (
	"reflect"
	"strings"
	"testing"
)

func answers(steps ...int) (f Followed) {
	f.Prompt = []int{1, 2}
	for _, s := range steps {
		f.Answers = append(f.Answers, Answer{Step: s, Response: []int{3, s}, LogProbs: []float32{-0.5, -1}, OnFirst: []float32{-2, -3}})
	}
	return f
}

func TestFollowedStaysSmall(t *testing.T) {
	var f Followed
	for step := range 200 {
		f.Add(Answer{Step: step})
	}
	if n := len(f.Answers); n > mostAnswers || n < mostAnswers/3 || f.Answers[0].Step != 0 || f.Answers[n-1].Step != 199 {
		t.Errorf("%d answers, from step %d to %d", n, f.Answers[0].Step, f.Answers[n-1].Step)
	}
	for i := 1; i < len(f.Answers); i++ {
		if f.Answers[i].Step <= f.Answers[i-1].Step {
			t.Errorf("step %d follows step %d", f.Answers[i].Step, f.Answers[i-1].Step)
		}
	}
}

// A run answers before its first step, about ten times on its way, at its end, and never twice at a step; also by a budget of tokens,
// and where its end is put off.
func TestFollowDue(t *testing.T) {
	at := func(s Settings, f *Followed, to int, tokens int64) (*Followed, []int) {
		var steps []int
		from := 0
		if f != nil {
			from = f.Answers[len(f.Answers)-1].Step
		}
		for step := from; step <= to; step++ {
			for range 2 {
				if s.FollowDue(f, step, int64(step)*tokens) {
					if f == nil {
						f = &Followed{}
					}
					f.Add(Answer{Step: step, Tokens: int64(step) * tokens})
					steps = append(steps, step)
				}
			}
		}
		return f, steps
	}
	for _, c := range []struct {
		s      Settings
		to     int
		tokens int64
		want   []int
	}{
		{Settings{Steps: 4}, 4, 100, []int{0, 1, 2, 3, 4}},
		{Settings{Steps: 40}, 40, 100, []int{0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40}},
		{Settings{Budget: 3000}, 30, 100, []int{0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30}},
	} {
		if _, got := at(c.s, nil, c.to, c.tokens); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v answers at %v, want %v", c.s, got, c.want)
		}
	}
	f, _ := at(Settings{Steps: 40}, nil, 40, 100)
	if _, got := at(Settings{Steps: 80}, f, 80, 100); !reflect.DeepEqual(got, []int{48, 56, 64, 72, 80}) {
		t.Errorf("a run that goes on answers at %v", got)
	}
	if (Settings{Steps: 4}).FollowDue(nil, 2, 100) {
		t.Error("a run that began without is followed")
	}
}

func TestFollowedUpTo(t *testing.T) {
	f := answers(0, 4, 8)
	if got := f.UpTo(7); len(got.Answers) != 2 || len(f.Answers) != 3 {
		t.Errorf("up to step 7: %+v", got)
	}
	later := answers(4)
	if later.UpTo(3) != nil || (*Followed)(nil).UpTo(3) != nil {
		t.Error("without answers something is left")
	}
}

// What a run is followed on is saved with it, as a file of its own, and reads back as it was. A bad file is refused by name.
func TestFollowedRoundTrip(t *testing.T) {
	f := answers(0, 4)
	f.Answers[1].Base = []float32{-1, -2}
	r := Run{Settings: Settings{Method: "grpo"}, Followed: &f}
	files, err := r.Files()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(files)
	if err != nil || !reflect.DeepEqual(back.Followed, &f) {
		t.Fatalf("%+v reads back as %+v (error %v)", f, back.Followed, err)
	}
	if !known(FollowedFile) || Light(FollowedFile) {
		t.Error("the file is not of a run, or is taken for settings")
	}
	for text, want := range map[string]string{
		`{`:                           "cannot be read",
		`{"prompt":[1],"answers":[]}`: "no answer",
		`{"prompt":[1],"answers":[{"step":0,"response":[1],"logprobs":[],"on_first":[0]}]}`:                                                          "wrong number",
		`{"prompt":[1],"answers":[{"step":3,"response":[1],"logprobs":[0],"on_first":[0]},{"step":3,"response":[1],"logprobs":[0],"on_first":[0]}]}`: "after one of step 3",
	} {
		files[FollowedFile] = []byte(text)
		if _, err := Read(files); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), FollowedFile) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
