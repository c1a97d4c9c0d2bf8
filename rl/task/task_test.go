package task

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// openTask makes a task or ends the test.
func openTask(t testing.TB, name, teacher, difficulty string) Task {
	t.Helper()
	task, err := New(name, teacher, difficulty)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// readTokens reads task text or ends the test.
func readTokens(t testing.TB, task Task, text string) []int {
	t.Helper()
	tokens, err := Tokens(task, text)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// checkRate fails unless hits of tries lie within four standard errors of probability p.
func checkRate(t *testing.T, name string, hits, tries int, p float64) {
	t.Helper()
	if tries < 100 {
		t.Fatalf("%s: only %d tries", name, tries)
	}
	rate, bound := float64(hits)/float64(tries), 4*math.Sqrt(p*(1-p)/float64(tries))
	if math.Abs(rate-p) > bound {
		t.Errorf("%s: rate %.4f of %d, want %.4f ± %.4f", name, rate, tries, p, bound)
	}
}

// everyTask is every task with every teacher.
func everyTask(t testing.TB) []Task {
	return []Task{
		openTask(t, "chain", "plain", ""), openTask(t, "chain", "verdict", ""), openTask(t, "chain", "recompute", "2-8"),
		openTask(t, "countdown", "", ""), openTask(t, "countdown", "", "2-5"),
		openTask(t, "relay", "free", ""), openTask(t, "relay", "guided", "0-5"),
	}
}

func TestVocabulary(t *testing.T) {
	for name, size := range map[string]int{"chain": 58, "countdown": 60, "relay": 50} {
		task := openTask(t, name, "", "")
		vocabulary := task.Vocabulary()
		if len(vocabulary) != size || task.Name() != name {
			t.Errorf("%s: %d tokens, want %d", task.Name(), len(vocabulary), size)
		}
		if !slices.Equal(vocabulary[:3], []string{"<pad>", "<bos>", "<eos>"}) {
			t.Errorf("%s: first tokens are %q", name, vocabulary[:3])
		}
		for id, token := range map[int]string{Newline: "\n", Think: "<think>", EndThink: "</think>"} {
			if vocabulary[id] != token {
				t.Errorf("%s: token %d is %q, want %q", name, id, vocabulary[id], token)
			}
		}
		sorted := slices.Sorted(slices.Values(vocabulary))
		if len(slices.Compact(sorted)) != size {
			t.Errorf("%s: a token occurs twice", name)
		}
		vocabulary[0] = "spoilt"
		if task.Vocabulary()[0] != "<pad>" {
			t.Errorf("%s: the caller can change the vocabulary", name)
		}
	}
}

func TestVocabularyConstants(t *testing.T) {
	for token, id := range map[string]int{"wait": chainWait, "so": chainSo, "ok": chainOk, "0": chainDigit, "a": chainName, "p": chainRef - 1, "&a": chainRef, "&p": chainSize - 1} {
		if chainVocabulary[id] != token {
			t.Errorf("chain token %d is %q, want %q", id, chainVocabulary[id], token)
		}
	}
	for token, id := range map[string]int{"back": countdownBack, "0": countdownValue, "45": countdownSize - 1} {
		if countdownVocabulary[id] != token {
			t.Errorf("countdown token %d is %q, want %q", id, countdownVocabulary[id], token)
		}
	}
	for token, id := range map[string]int{"try": relayTry, "hum": relayHum, "!": relayGuide, "0": relayDigit, "a": relayLabel, "p": relayWord - 1, "w0": relayWord, "w7": relaySize - 1} {
		if relayVocabulary[id] != token {
			t.Errorf("relay token %d is %q, want %q", id, relayVocabulary[id], token)
		}
	}
}

func TestTextRoundTrip(t *testing.T) {
	for _, task := range everyTask(t) {
		for seed := range uint64(50) {
			p := task.Problem(seed)
			tokens := append(slices.Clone(p.Prompt), task.Demonstrate(p, seed)...)
			if got := readTokens(t, task, Text(task, tokens)); !slices.Equal(got, tokens) {
				t.Fatalf("%s: %q became %q", task.Name(), Text(task, tokens), Text(task, got))
			}
		}
	}
	task := openTask(t, "chain", "", "")
	for _, tokens := range [][]int{nil, {Newline}, {Newline, Newline, chainSo}, {chainSo, Newline}} {
		if got := readTokens(t, task, Text(task, tokens)); !slices.Equal(got, tokens) {
			t.Errorf("%v became %v", tokens, got)
		}
	}
	if got, want := Text(task, []int{chainSo, Newline, chainWait, 99, -1}), "so\nwait <?99> <?-1>"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if got := readTokens(t, task, "  so \t a\r\n wait"); !slices.Equal(got, []int{chainSo, chainName, Newline, chainWait}) {
		t.Errorf("loose spacing was read as %v", got)
	}
	_, err := Tokens(task, "so a\nwhat")
	if err == nil || !strings.Contains(err.Error(), `"what" at position 3`) {
		t.Errorf("unknown token: %v", err)
	}
}

func TestParseDifficulty(t *testing.T) {
	for text, want := range map[string]Range{"2-5": {2, 5}, "4": {4, 4}, " 3 - 8 ": {3, 8}} {
		got, err := ParseDifficulty(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if again, err := ParseDifficulty(got.String()); err != nil || again != got {
			t.Errorf("%v does not survive its own text: %v, %v", got, again, err)
		}
	}
	for _, text := range []string{"", "5-2", "x", "2-", "-3", "2-5-7", "2.5"} {
		if got, err := ParseDifficulty(text); err == nil {
			t.Errorf("%q was accepted as %v", text, got)
		}
	}
}

func TestNewTaskRefuses(t *testing.T) {
	for _, args := range [][3]string{
		{"sudoku", "", ""}, {"chain", "kind", ""}, {"chain", "", "1-5"}, {"chain", "", "2-9"}, {"chain", "", "five"},
		{"countdown", "verdict", ""}, {"countdown", "", "3-6"}, {"countdown", "", "1"},
		{"relay", "verdict", ""}, {"relay", "", "5-6"},
	} {
		if task, err := New(args[0], args[1], args[2]); err == nil || task != nil {
			t.Errorf("%q made %v, error %v", args, task, err)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*ChainConfig){
		"one given":         func(c *ChainConfig) { c.Givens = 1 },
		"too many names":    func(c *ChainConfig) { c.Givens = 12 },
		"distractors":       func(c *ChainConfig) { c.Distractors = Range{2, 1} },
		"negative weight":   func(c *ChainConfig) { c.Plus = -1 },
		"no weight":         func(c *ChainConfig) { c.Plus, c.Minus, c.Times = 0, 0, 0 },
		"weight not finite": func(c *ChainConfig) { c.Times = math.Inf(1) },
		"probability":       func(c *ChainConfig) { c.Teacher.Slip = 1.5 },
		"not a number":      func(c *ChainConfig) { c.DistractorChain = math.NaN() },
		"tail":              func(c *ChainConfig) { c.Teacher.TailItems = Range{} },
		"context":           func(c *ChainConfig) { c.Context = 64 },
	} {
		config := Verdict()
		spoil(&config)
		if _, err := NewChain(config); err == nil {
			t.Errorf("chain accepted: %s", name)
		}
	}
	for name, spoil := range map[string]func(*CountdownConfig){
		"no attempt":  func(c *CountdownConfig) { c.Attempts = 0 },
		"probability": func(c *CountdownConfig) { c.Insight = -0.1 },
		"context":     func(c *CountdownConfig) { c.Context = 20 },
	} {
		config := DefaultCountdown()
		spoil(&config)
		if _, err := NewCountdown(config); err == nil {
			t.Errorf("countdown accepted: %s", name)
		}
	}
	for name, spoil := range map[string]func(*RelayConfig){
		"level":       func(c *RelayConfig) { c.Difficulty = Range{1, 6} },
		"idle lines":  func(c *RelayConfig) { c.IdleFirst = Range{3, 2} },
		"probability": func(c *RelayConfig) { c.Follow = 1.1 },
		"mix":         func(c *RelayConfig) { c.Plain = -0.1 },
		"context":     func(c *RelayConfig) { c.Context = 128 },
	} {
		config := DefaultRelay()
		spoil(&config)
		if _, err := NewRelay(config); err == nil {
			t.Errorf("relay accepted: %s", name)
		}
	}
}

// A problem is its prompt: the text of a drawn one reads back as the same problem, and so does its JSON.
func TestProblemsAreTheirPrompts(t *testing.T) {
	for _, task := range everyTask(t) {
		distinct := map[string]bool{}
		const count = 100
		for seed := range uint64(count) {
			p := task.Problem(seed)
			if !reflect.DeepEqual(p, task.Problem(seed)) || !slices.Equal(task.Demonstrate(p, 7), task.Demonstrate(p, 7)) {
				t.Fatalf("%s: seed %d gives two different results", task.Name(), seed)
			}
			text := Text(task, p.Prompt)
			distinct[text] = true
			if got, err := task.Parse(text); err != nil || !reflect.DeepEqual(got, p) {
				t.Fatalf("%s: %q was read as %+v, %v; want %+v", task.Name(), text, got, err, p)
			}
			data, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var got Problem
			if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, p) {
				t.Fatalf("%s: JSON %s was read as %+v, %v", task.Name(), data, got, err)
			}
		}
		if len(distinct) < count*4/5 {
			t.Errorf("%s: only %d different problems of %d", task.Name(), len(distinct), count)
		}
	}
}

func TestDemonstrationsAreWellFormed(t *testing.T) {
	for _, task := range everyTask(t) {
		dropped, correct := 0, 0
		const count = 400
		for seed := range uint64(count) {
			p := task.Problem(seed)
			response := task.Demonstrate(p, seed)
			if response == nil {
				dropped++
				continue
			}
			trace := task.Judge(p, response)
			if !trace.WellFormed || trace.Count(Malformed) > 0 || !slices.Equal(trace.Response(), response) {
				t.Fatalf("%s: %+v\n%s", task.Name(), trace, Text(task, trace.Tokens))
			}
			if trace.Correct {
				correct++
			}
			if len(trace.Tokens) > 256 {
				t.Fatalf("%s: %d tokens", task.Name(), len(trace.Tokens))
			}
		}
		if dropped > count/20 {
			t.Errorf("%s: %d of %d demonstrations did not fit the context", task.Name(), dropped, count)
		}
		least := count * 7 / 10
		if task.Name() == "relay" { // one choice of eight, mostly taken blindly
			least = count / 10
		}
		if correct < least || correct == count {
			t.Errorf("%s: %d of %d demonstrations are correct", task.Name(), correct, count)
		}
	}
}

// checkTrace fails unless the parts of a trace fit together.
func checkTrace(t *testing.T, trace Trace) {
	t.Helper()
	at := trace.ThinkStart
	for _, step := range trace.Steps {
		if step.Start != at || step.End <= step.Start || step.Label > Malformed {
			t.Fatalf("step %+v at position %d", step, at)
		}
		at = step.End
	}
	whole := trace.ThinkStart == trace.PromptLength && at == trace.ThinkEnd && trace.ThinkEnd <= trace.AnswerStart &&
		trace.AnswerStart <= trace.AnswerEnd && trace.AnswerEnd == len(trace.Tokens)
	if !whole || trace.Correct && !trace.WellFormed || trace.WellFormed != (trace.Answer != "") {
		t.Fatalf("the parts do not fit: %+v", trace)
	}
}

// FuzzJudge gives every task any response at all, with ids outside the vocabulary too.
func FuzzJudge(f *testing.F) {
	tasks := everyTask(f)
	for which, task := range tasks {
		p := task.Problem(1)
		var data []byte
		for _, token := range task.Demonstrate(p, 1) {
			data = append(data, byte(token))
		}
		f.Add(uint8(which), uint64(1), data)
		f.Add(uint8(which), uint64(1), append(data, data...))
		f.Add(uint8(which), uint64(2), data[:len(data)/2])
	}
	f.Add(uint8(0), uint64(3), []byte{EndThink, Hash, chainDigit, Eos})
	f.Add(uint8(4), uint64(3), []byte{EndThink, 255, Eos, 200})
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, data []byte) {
		task := tasks[int(which)%len(tasks)]
		response := make([]int, len(data))
		for i, b := range data {
			response[i] = int(int8(b))
		}
		before := slices.Clone(response)
		p := task.Problem(seed)
		trace := task.Judge(p, response)
		checkTrace(t, trace)
		if !slices.Equal(response, before) {
			t.Fatal("the response was changed")
		}
		if again := task.Judge(p, trace.Response()); !reflect.DeepEqual(again, trace) {
			t.Fatalf("judged again: %+v, before: %+v", again, trace)
		}
	})
}

// FuzzParse types anything at all; what is accepted must be a problem that the teacher can work on and the judge can judge.
func FuzzParse(f *testing.F) {
	tasks := []Task{openTask(f, "chain", "", ""), openTask(f, "countdown", "", ""), openTask(f, "relay", "", "")}
	for which, task := range tasks {
		f.Add(uint8(which), Text(task, task.Problem(1).Prompt))
	}
	for _, text := range []string{"", "?", "k 8 ; o 4 ; b &k * &o ; ? b", "k 8 ; b &k + &k ? b", "3 7 5 ? 26", "9 9 ? 81", "1 1 1 1 1 ? 45", "; 2 3 # 1 9 ; 2 ; a 5 b * c * d * ?", "! 2 # 1 ; 2 ; a 5 ?", "<bos> <think>"} {
		f.Add(uint8(0), text)
		f.Add(uint8(1), text)
		f.Add(uint8(2), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		task := tasks[int(which)%len(tasks)]
		p, err := task.Parse(text)
		if err != nil {
			if message := err.Error(); !strings.HasPrefix(message, "task: ") || len(message) > 300 {
				t.Fatalf("error %q", message)
			}
			return
		}
		again, err := task.Parse(Text(task, p.Prompt))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%q became %+v and then %+v, %v", text, p, again, err)
		}
		if response := task.Demonstrate(p, 1); response != nil {
			trace := task.Judge(p, response)
			checkTrace(t, trace)
			if !trace.WellFormed {
				t.Fatalf("%q: demonstration %q", text, Text(task, response))
			}
		}
	})
}

func TestJudgeRefusesForeignProblems(t *testing.T) {
	chain, countdown, relay := openTask(t, "chain", "", ""), openTask(t, "countdown", "", ""), openTask(t, "relay", "", "")
	for _, pair := range [][2]Task{{chain, countdown}, {countdown, chain}, {relay, chain}, {chain, relay}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s judged a problem of %s", pair[0].Name(), pair[1].Name())
				}
			}()
			pair[0].Judge(pair[1].Problem(1), nil)
		}()
	}
}

func TestLabelText(t *testing.T) {
	for _, label := range Labels() {
		text, err := label.MarshalText()
		var got Label
		if err != nil || got.UnmarshalText(text) != nil || got != label || string(text) != label.String() {
			t.Errorf("label %v became %q and %v", label, text, got)
		}
	}
	var label Label
	if label.UnmarshalText([]byte("Essential")) == nil {
		t.Error("a capital letter was accepted")
	}
	if got := Label(9).String(); got != "label(9)" {
		t.Errorf("label 9 is %q", got)
	}
}
