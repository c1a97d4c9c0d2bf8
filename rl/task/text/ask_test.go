package text

import (
	"testing"

	"attnlab/rl/task"
)

// The question for the answer closes an open think part and begins a new line; what follows it is read as the answer.
func TestAskAnswer(t *testing.T) {
	tk := makeTask(t, Problems.Name, nil)
	ids := func(text string) []int { ids, _ := tk.Tokens(text); return ids }
	p := tk.Item(0)
	for text, want := range map[string]string{
		"":                      "Answer:",
		"b = 3 .":               "\nAnswer:",
		"b = 3\n":               "Answer:",
		"<think>b = 3":          "\n</think>\n\nAnswer:",
		"<think>b</think>a = 5": "\nAnswer:",
	} {
		response := ids(text)
		ask, err := tk.AskAnswer(p, response)
		if err != nil || tk.Text(ask) != want {
			t.Errorf("after %q it asks %q, error %v; want %q", text, tk.Text(ask), err, want)
		}
		response = append(append(append(response, ask...), ids(" 5")...), tk.Stops()[0])
		if trace := tk.Judge(p, response); !trace.Correct || trace.Answer != "5" {
			t.Errorf("after %q the answer is read as %q", text, trace.Answer)
		}
	}
}

// Steps of free text are the same but for case, white space and punctuation around them.
func TestSameStepOfText(t *testing.T) {
	tk := makeTask(t, FreeText.Name, nil)
	ids := func(text string) []int { ids, _ := tk.Tokens(text); return ids }
	for _, c := range []struct {
		a, b string
		same bool
	}{{"B is 3.", "b  is 3\n", true}, {"b  = 3", "b = 3", true}, {"b = 3", "b = 4", false}, {"b = 3", "b = -3", false}} {
		if got := task.SameStep(tk, ids(c.a), ids(c.b)); got != c.same {
			t.Errorf("%q and %q: same is %v", c.a, c.b, got)
		}
	}
}
