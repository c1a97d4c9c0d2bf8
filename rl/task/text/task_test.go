package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnlab/model/hf/tokenizer"
	"attnlab/rl/task"
)

// bytewise is a tokenizer with a token for each byte and some markers.
type bytewise struct{ markers []string }

func (b bytewise) Len() int { return 256 + len(b.markers) }

func (b bytewise) Token(id int) string {
	if id < 256 {
		return string([]byte{byte(id)})
	}
	return b.markers[id-256]
}

func (b bytewise) ID(token string) (int, bool) {
	if i := slices.Index(b.markers, token); i >= 0 {
		return 256 + i, true
	}
	if len(token) == 1 {
		return int(token[0]), true
	}
	return 0, false
}

func (b bytewise) Start() []int { return nil }

func (b bytewise) Encode(text string) (ids []int, err error) {
next:
	for text != "" {
		for i, m := range b.markers {
			if rest, ok := strings.CutPrefix(text, m); ok {
				ids, text = append(ids, 256+i), rest
				continue next
			}
		}
		ids, text = append(ids, int(text[0])), text[1:]
	}
	return ids, nil
}

func (b bytewise) Piece(_, id int) string { return b.Token(id) }

func (b bytewise) Special(id int) bool { return id >= 256 }

func (b bytewise) Decode(ids []int) string { panic("not used") }

var chatML = bytewise{[]string{"<|im_start|>", "<|im_end|>", thinkStart, thinkEnd}}

const imEnd = 257

func makeTask(t *testing.T, name string, change func(*Options)) *Task {
	t.Helper()
	o := Options{Tokenizer: chatML, Stop: []int{imEnd}, Shots: 2, Problems: []OwnProblem{{"a", "What is 2 + 3?", "5", 1}, {"b", "Capital of France?", "Paris", 2}}}
	if change != nil {
		change(&o)
	}
	made, err := New(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// judged writes a trace: its steps with the initial of their label, then the answer part.
func judged(made *Task, p task.Problem, response string) (string, task.Trace) {
	ids, _ := made.Tokens(response)
	trace := made.Judge(p, ids)
	var b strings.Builder
	for _, s := range trace.Steps {
		b.WriteString(s.Label.String()[:1] + ":" + made.Text(trace.Tokens[s.Start:s.End]) + "|")
	}
	b.WriteString(made.Text(trace.Tokens[trace.AnswerStart:trace.AnswerEnd]))
	return b.String(), trace
}

func TestJudgeText(t *testing.T) {
	made := makeTask(t, Problems.Name, nil)
	p := made.Item(0)
	for _, c := range []struct {
		response, want string
		well, correct  bool
	}{
		{"2 + 3 = 5. Good.\nAnswer: 5<|im_end|>", "u:2 + 3 = 5. |u:Good.\n|Answer: 5<|im_end|>", true, true},
		{"2 + 3 = 6. 2 + 3 = 6. So\n#### 6<|im_end|>junk", "w:2 + 3 = 6. |w:2 + 3 = 6. |u:So\n|#### 6<|im_end|>", true, false},
		{"2 + 3 = 5. Again, 2+3=5. It is 5<|im_end|>", "u:2 + 3 = 5. |r:Again, 2+3=5. |It is 5<|im_end|>", true, true},
		{"Answer: 5", "Answer: 5", false, false}, // no end
		{"Five<|im_end|>", "Five<|im_end|>", true, false},
		{"<|im_end|>", "", false, false},
		{"", "", false, false},
		{"<think>\nOne. Two.\n</think>\n\nIt is 5.<|im_end|>", "u:\nOne. |u:Two.\n|\n\nIt is 5.<|im_end|>", true, true},
		{"<think>One. Answer: 5", "u:One. |u:Answer: 5|", false, false}, // still thinking
		{"One.</think>5<|im_end|>", "u:One.|5<|im_end|>", true, true},
		{"</think>5<|im_end|>", "5<|im_end|>", true, true},
		{`So \boxed{5}. Done. Bye<|im_end|>`, `So \boxed{5}. Done. Bye<|im_end|>`, true, true},
	} {
		got, trace := judged(made, p, c.response)
		if got != c.want || trace.WellFormed != c.well || trace.Correct != c.correct {
			t.Errorf("%q\n got %q %v %v\nwant %q %v %v", c.response, got, trace.WellFormed, trace.Correct, c.want, c.well, c.correct)
		}
		if len(trace.Steps) > 0 && (trace.Steps[0].Start != trace.ThinkStart || trace.Steps[len(trace.Steps)-1].End != trace.ThinkEnd) {
			t.Errorf("%q: the steps %v do not cover the think part %d to %d", c.response, trace.Steps, trace.ThinkStart, trace.ThinkEnd)
		}
	}
	if got, _ := judged(made.WithRule(Line), p, "One. Two.\nThree.\nAnswer: 5<|im_end|>"); got != "u:One. Two.\n|u:Three.\n|Answer: 5<|im_end|>" {
		t.Errorf("by line: %q", got)
	}
}

func TestJudgeChain(t *testing.T) {
	made := makeTask(t, FewShotChain.Name, nil)
	p, err := made.Parse("m = 2 ; c = b - 1 ; b = k + 3 ; k = 4 ; c = ?")
	if err != nil || p.Gold != "6" || p.Difficulty != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, c := range []struct {
		response, want string
		correct        bool
	}{
		{"k = 4\nb = 4 + 3 = 7\nc = 7 - 1 = 6\nAnswer: 6<|im_end|>", "e:k = 4\n|e:b = 4 + 3 = 7\n|e:c = 7 - 1 = 6\n|Answer: 6<|im_end|>", true},
		{"m = 2\nk = 4\nk = 4\nz = 3\nhello\nb = 4 + 3 = 8\nb = 7\nc = 6\nAnswer: 6<|im_end|>",
			"r:m = 2\n|e:k = 4\n|r:k = 4\n|m:z = 3\n|m:hello\n|w:b = 4 + 3 = 8\n|c:b = 7\n|e:c = 6\n|Answer: 6<|im_end|>", true},
		{"k = 4. b = 5 + 3 = 7. b = 4 + 3 = 7. Answer: 7<|im_end|>", "e:k = 4. |w:b = 5 + 3 = 7. |c:b = 4 + 3 = 7. |Answer: 7<|im_end|>", false},
		{"b = k + 3\nk = 4, b = 7\n1 + 1 = 3\n1 + 1 = 2\nAnswer: 6<|im_end|>", "m:b = k + 3\n|e:k = 4, b = 7\n|w:1 + 1 = 3\n|m:1 + 1 = 2\n|Answer: 6<|im_end|>", true},
	} {
		got, trace := judged(made, p, c.response)
		if got != c.want || trace.Correct != c.correct {
			t.Errorf("%q\n got %q %v\nwant %q %v", c.response, got, trace.Correct, c.want, c.correct)
		}
	}
	_, trace := judged(made, p, "k = 4\nc = 6\nc = 5\nAnswer: 6<|im_end|>")
	if got := made.Concludes(p, trace); !slices.Equal(got, []bool{false, true, false}) {
		t.Errorf("concludes %v", got)
	}
}

// Thousands of problems: the solution is right, all its steps are needed, and prompt and text are read back.
func TestChainProblems(t *testing.T) {
	made := makeTask(t, FewShotChain.Name, func(o *Options) { o.Difficulty = task.Range{Min: 1, Max: 8} })
	prompts := map[string]bool{}
	for _, p := range task.Problems(made, task.EvalStream, 1, 300) {
		response := made.Demonstrate(p, 0)
		trace := made.Judge(p, response)
		if !trace.Correct || trace.Answer != p.Gold || trace.Count(task.Essential) != p.Difficulty+1 || len(trace.Steps) != p.Difficulty+1 || trace.ThinkTokens() != p.MinimumThink {
			t.Fatalf("%q: %q is %+v", made.Content(p), made.Text(response), trace)
		}
		if c := made.Concludes(p, trace); slices.Index(c, true) != len(c)-1 {
			t.Fatalf("%q concludes %v", made.Text(response), c)
		}
		for _, text := range []string{made.Content(p), made.Text(p.Prompt)} {
			if again, err := made.Parse(text); err != nil || again.Gold != p.Gold || !slices.Equal(again.Prompt, p.Prompt) {
				t.Fatalf("%q is read as %+v, %v", text, again, err)
			}
		}
		prompts[made.Content(p)] = true
	}
	plain := makeTask(t, FewShotChain.Name, func(o *Options) { o.Chat = Plain.Name })
	p := task.Draw(plain, task.EvalStream, 1, 1)
	if again, err := plain.Parse(plain.Text(p.Prompt)); err != nil || again.Gold != p.Gold || !slices.Equal(again.Prompt, p.Prompt) {
		t.Errorf("without markers %q is read as %+v, %v", plain.Text(p.Prompt), again, err)
	}
	if _, err := plain.Parse("Solve this: k = 4 ; b = k + 3 ; b = ?"); err == nil {
		t.Error("a problem inside other text is read")
	}
	if len(prompts) < 295 {
		t.Errorf("only %d different problems of 300", len(prompts))
	}
	for _, p := range task.Problems(made, task.TrainStream, 1, 300) {
		if prompts[made.Content(p)] {
			t.Fatalf("%q is in training and in evaluation", made.Content(p))
		}
	}
}

// A prompt from a file is judged however its problem is spaced.
func TestChainSpacing(t *testing.T) {
	made := makeTask(t, FewShotChain.Name, nil)
	for _, text := range []string{"k = 4;b = k + 3;b = ?", "k  =  4 ; b = k + 3 ; b = ?", "k = 4 ;\n b = k + 3 ; b = ?"} {
		p, err := made.Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if p.Prompt, err = made.Tokens(text); err != nil {
			t.Fatal(err)
		}
		if got, trace := judged(made, p, "k = 4\nb = 4 + 3 = 7\nAnswer: 7<|im_end|>"); got != "e:k = 4\n|e:b = 4 + 3 = 7\n|Answer: 7<|im_end|>" || !trace.Correct {
			t.Errorf("%q: judged %q", text, got)
		}
	}
}

// A task that is made has room for all its problems and words for all its solutions.
func TestChainFits(t *testing.T) {
	uneven := bytewise{append(slices.Clone(chatML.markers), "b = ", "k = ", "; k ", "; e ", " 4 ", "7 ;")}
	made := 0
	for context := 1; made < 3; context++ { // the first three contexts that are long enough
		fits, err := New(FewShotChain.Name, Options{Tokenizer: uneven, Stop: []int{imEnd}, Context: context})
		if err != nil {
			continue
		}
		made++
		for _, p := range task.Problems(fits, task.EvalStream, 1, 100) {
			if len(p.Prompt) >= context {
				t.Fatalf("a prompt of %d tokens in a context of %d", len(p.Prompt), context)
			}
		}
	}
	vocabulary := []string{"<pad>", "<bos>", "<eos>", "\n", ";", "?", "=", "+", "-", "Answer:"}
	for n := range mostValue {
		vocabulary = append(vocabulary, strconv.Itoa(n))
	}
	words, err := tokenizer.NewWords(append(vocabulary, strings.Split(chainNames, "")...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(FewShotChain.Name, Options{Tokenizer: words, Stop: []int{2}}); err == nil || !strings.Contains(err.Error(), "a chain cannot be written in the model's tokens") {
		t.Errorf("without the number 15: %v", err)
	}
}

func TestParseChainRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "must end with a question",
		"k = 4":                         "must end with a question",
		"b = ?":                         "not defined",
		"k = 4 ; b = ?":                 "b, which is not defined",
		"b = k + 3 ; b = ?":             "b uses k",
		"b = c + 1 ; c = b + 1 ; b = ?": "defined by itself",
		"k = 4 ; k = 5 ; k = ?":         "k is defined twice",
		"k = 4 * 3 ; k = ?":             "definition 1",
		"k = -4 ; k = ?":                "definition 1",
		"k = 4 ; K = ?":                 "must end with a question",
		strings.Repeat("k = 4 ;", 40):   "more than",
	} {
		if _, err := ParseChain(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPrompts(t *testing.T) {
	for name, c := range map[string]struct {
		markers []string
		want    string
	}{
		"chatml":   {chatML.markers, "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"},
		"llama3":   {[]string{"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}, "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
		"deepseek": {[]string{"<｜User｜>", "<｜Assistant｜>"}, "S<｜User｜>Q<｜Assistant｜><think>\n"},
		"plain":    {[]string{"<eos>"}, "S\n\nQ\n"},
	} {
		made := makeTask(t, FreeText.Name, func(o *Options) { o.Tokenizer, o.Stop, o.System = bytewise{c.markers}, []int{256}, "S" })
		p, err := made.Parse("Q")
		if err != nil || made.Chat().Name != name || made.Text(p.Prompt) != c.want {
			t.Errorf("%s: chat %s, %q, %v", name, made.Chat().Name, made.Text(p.Prompt), err)
		}
		// A whole prompt is edited and taken as it is.
		if again, err := made.Parse(made.Text(p.Prompt) + "Well,"); name != "plain" && (err != nil || made.Text(again.Prompt) != c.want+"Well,") {
			t.Errorf("%s: edited %q, %v", name, made.Text(again.Prompt), err)
		}
	}
	made := makeTask(t, FewShotChain.Name, nil)
	if text := made.Text(task.Draw(made, task.EvalStream, 1, 1).Prompt); strings.Count(text, "Answer: ") != 2 || strings.Count(text, "<|im_start|>") != 6 {
		t.Errorf("two examples: %q", text)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*Options)
	}{
		{"sudoku", "choose one of few-shot-chain, problems, text", nil},
		{FreeText.Name, "no tokenizer", func(o *Options) { o.Tokenizer = nil }},
		{FreeText.Name, "eos_token_id", func(o *Options) { o.Stop = nil }},
		{FreeText.Name, "step rule", func(o *Options) { o.Rule = "word" }},
		{FreeText.Name, "there is no chat", func(o *Options) { o.Chat = "vicuna" }},
		{FewShotChain.Name, "difficulty 0-9", func(o *Options) { o.Difficulty = task.Range{Min: 0, Max: 9} }},
		{FewShotChain.Name, "100 examples", func(o *Options) { o.Shots = 100 }},
		{FewShotChain.Name, "context holds 50", func(o *Options) { o.Context = 50 }},
		{Problems.Name, "needs a file", func(o *Options) { o.Problems = nil }},
	} {
		o := Options{Tokenizer: chatML, Stop: []int{imEnd}}
		if c.change != nil {
			c.change(&o)
		}
		if _, err := New(c.name, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for _, made := range []*Task{makeTask(t, FreeText.Name, nil), makeTask(t, FewShotChain.Name, nil)} {
		if _, err := made.Parse(" \n"); err == nil {
			t.Errorf("%s takes an empty prompt", made.Name())
		}
	}
}

// A divided list is drawn from as endless problems are: what is measured on is never trained on. A list without one of the parts is refused.
func TestDivided(t *testing.T) {
	var list []OwnProblem
	for i := range 120 {
		list = append(list, OwnProblem{Prompt: fmt.Sprintf("What is %d + %d?", i/10, i%10), Answer: fmt.Sprint(i/10 + i%10)})
	}
	o := Options{Tokenizer: chatML, Stop: []int{imEnd}, Problems: list, Divide: true}
	made, err := New(Problems.Name, o)
	if err != nil {
		t.Fatal(err)
	}
	trained := map[string]bool{}
	for _, p := range task.Problems(made, task.RolloutStream, 1, 400) {
		trained[made.Text(p.Prompt)] = true
	}
	for _, stream := range []string{task.EvalStream, task.ProbeStream} {
		for _, p := range task.Problems(made, stream, 1, 100) {
			if trained[made.Text(p.Prompt)] || p.Gold == "" {
				t.Fatalf("%s has %q", stream, made.Text(p.Prompt))
			}
		}
	}
	if _, wording := made.Wording(); task.Count(made) != 0 || len(trained) < 50 || !strings.Contains(wording, "problems ") {
		t.Errorf("%d problems are trained on, put as %s", len(trained), wording)
	}
	o.Problems = list[:2]
	if _, err := New(Problems.Name, o); err == nil || !strings.Contains(err.Error(), "give some fifty problems") {
		t.Errorf("two problems: %v", err)
	}
}

// Problems of a list come in its order, in every stream.
func TestListed(t *testing.T) {
	made := makeTask(t, Problems.Name, nil)
	var gold []string
	for _, p := range task.Problems(made, task.ProbeStream, 3, 3) {
		gold = append(gold, p.Gold)
	}
	if !slices.Equal(gold, []string{"5", "Paris", "5"}) || task.Count(made) != 2 || task.Count(makeTask(t, FewShotChain.Name, nil)) != 0 {
		t.Errorf("%v", gold)
	}
	if p, err := made.Parse("Capital of France?"); err != nil || p.Gold != "Paris" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := made.Parse(made.Text(made.Item(1).Prompt)); err != nil || p.Gold != "Paris" {
		t.Errorf("with its markers: %+v, %v", p, err)
	}
	if p, err := made.Parse("Something else?"); err != nil || p.Gold != "" {
		t.Errorf("%+v, %v", p, err)
	}
	if made.Demonstrate(made.Item(0), 1) != nil {
		t.Error("own problems have a teacher")
	}
}

// Padding of the vocabulary has no text, and half a character is shown as one that is broken.
func TestVocabulary(t *testing.T) {
	made := makeTask(t, FreeText.Name, func(o *Options) { o.Vocabulary = 300 })
	v := made.Vocabulary()
	if len(v) != 300 || v['a'] != "a" || v[0xe3] != "\ufffd" || v[256] != "<|im_start|>" || v[299] != "" {
		t.Errorf("%d tokens: %q", len(v), v[250:])
	}
	if text := made.Text([]int{'a', 299, 0xe3}); text != "a<?299>\ufffd" {
		t.Errorf("%q", text)
	}
	var _ task.Written = made
	if !task.Ends(made, imEnd) || task.Ends(made, task.Eos) || task.End(made) != imEnd {
		t.Error("the end")
	}
}

// A prompt asks a chain where its last question does: alone, after examples, or with the response begun.
func TestIsChain(t *testing.T) {
	examples := "a = 2 ; a = ?\na = 2\nAnswer: 2\n\n"
	for prompt, want := range map[string]bool{
		"k = 4 ; k = ?": true, "k = 4 ; b = k + 3 ; b = ?\n": true, examples + "k = 4 ; k = ?\n": true, examples + "k = 4 ; k = ?\nk = 4\n": true,
		"": false, "Why?": false, examples + "Why?\n": false, "k = 4 ; b = z + 1 ; b = ?": false,
	} {
		if got := IsChain(prompt); got != want {
			t.Errorf("%q: %v", prompt, got)
		}
	}
}

// A line that a problem writes is read as the same problem.
func TestOwnProblemLine(t *testing.T) {
	for _, want := range []OwnProblem{{ID: "line 1", Prompt: "a\n\"b\" <c>", Answer: "5 & 6"}, {ID: "line 1", Prompt: "x", Answer: "y", Difficulty: 3}} {
		got, err := ReadProblems(strings.NewReader(want.Line()))
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s is read as %+v, %v", want.Line(), got, err)
		}
	}
}
