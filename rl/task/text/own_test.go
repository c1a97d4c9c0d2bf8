package text

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestReadProblems(t *testing.T) {
	got, err := ReadProblems(strings.NewReader("\ufeff" + `{"prompt": " What is 2 + 3? ", "answer": 5}

{"prompt":"p","answer":"so 4\n#### 1,250","id":7,"difficulty":3,"source":{"any":["thing"]}}
{"PROMPT":"q","answer":" Paris ","id":"q7"}`))
	want := []OwnProblem{{"line 1", "What is 2 + 3?", "5", 0}, {"7", "p", "1,250", 3}, {"q7", "q", "Paris", 0}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadProblemsRefuses(t *testing.T) {
	good := `{"prompt":"p","answer":"1","id":"a"}` + "\n"
	for _, c := range []struct{ text, want string }{
		{"", "no problems"},
		{"\n\n", "no problems"},
		{good + "nonsense", "line 2: it is not a JSON object"},
		{good + `{"prompt":`, "line 2: it is not JSON"},
		{`[1]`, "line 1: it is not a JSON object"},
		{`{"prompt":"p"}`, `line 1: it has no "answer"`},
		{`{"prompt":"p","answer":""}`, `line 1: it has no "answer"`},
		{`{"prompt":"p","answer":null}`, `line 1: it has no "answer"`},
		{`{"answer":"1"}`, `line 1: it has no "prompt"`},
		{`{"prompt":"  ","answer":"1"}`, `line 1: it has no "prompt"`},
		{`{"prompt":3,"answer":"1"}`, "line 1: prompt is a number"},
		{`{"prompt":"p","answer":["1"]}`, `line 1: its "answer" is neither`},
		{`{"prompt":"p","answer":true}`, `line 1: its "answer" is neither`},
		{`{"prompt":"p","answer":"1","difficulty":"hard"}`, "line 1: difficulty is a string"},
		{`{"prompt":"p","answer":"1","difficulty":1.5}`, "line 1: difficulty is a number 1.5"},
		{`{"prompt":"p","answer":"1","difficulty":-1}`, "line 1: its difficulty is -1"},
		{good + good, `line 2: the id "a" is that of line 1`},
		{"{\"prompt\":\"\xff\",\"answer\":\"1\"}", "line 1: it is not UTF-8"},
		{good + `{"prompt":"` + strings.Repeat("x", maxLine) + `"}`, "line 2: it is longer than"},
	} {
		if _, err := ReadProblems(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %q", c.text, err, c.want)
		}
	}
	// Each bad line has its sentence, and no more than ten of them.
	_, err := ReadProblems(strings.NewReader(strings.Repeat("bad\n", 1000)))
	if n := strings.Count(fmt.Sprint(err), "line "); n != maxFaults {
		t.Errorf("%d sentences: %v", n, err)
	}
	if _, err := ReadProblems(broken{}); err == nil || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("a reader that fails: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fmt.Errorf("the disk is on fire") }

func FuzzReadProblems(f *testing.F) {
	f.Add(`{"prompt":"p","answer":1}` + "\n" + `{"prompt":"q","answer":"x","id":3,"difficulty":2}`)
	f.Add("{}\n[\n\"\xff")
	f.Fuzz(func(t *testing.T, text string) {
		problems, err := ReadProblems(strings.NewReader(text))
		if (err == nil) == (len(problems) == 0) {
			t.Fatalf("%d problems and the error %v", len(problems), err)
		}
		seen := map[string]bool{}
		for _, p := range problems {
			if p.Prompt == "" || p.Answer == "" || p.ID == "" || seen[p.ID] || p.Difficulty < 0 {
				t.Fatalf("%+v", p)
			}
			seen[p.ID] = true
		}
	})
}
