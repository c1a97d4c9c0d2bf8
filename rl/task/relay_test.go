package task

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The levels have the items, stars and marks that their documentation gives, and no two choices of a problem end alike.
func TestRelayProblems(t *testing.T) {
	task := openTask(t, "relay", "guided", "0-5")
	const count = 3000
	levels, guided, marks, zero := map[int]int{}, 0, map[int]int{}, 0
	for seed := range uint64(count) {
		drawn := task.Problem(seed)
		p, err := readRelay(drawn.Prompt)
		if err != nil {
			t.Fatal(err)
		}
		items := relayItems
		if drawn.Difficulty == 0 {
			items = 4
		}
		if p.items() != items || p.stars != []int{0, 13, 11, 9, 7, 3}[drawn.Difficulty] || len(p.offered) != 8 || len(drawn.Prompt) > 49 {
			t.Fatalf("seed %d: %+v from %+v", seed, drawn, p)
		}
		ends := map[int]bool{}
		for chosen := range 10 {
			ends[p.value(items, chosen)] = true
		}
		if drawn.Difficulty > 0 && len(ends) != 10 {
			t.Fatalf("seed %d: ten choices end in %d ways", seed, len(ends))
		}
		levels[drawn.Difficulty]++
		marks[slices.Index(p.offered, p.marked)]++
		if p.guided {
			guided++
		}
		if p.start == 0 {
			zero++
		}
	}
	for level := range 6 {
		checkRate(t, "level "+strconv.Itoa(level), levels[level], count, 1.0/6)
	}
	for place := range 8 {
		checkRate(t, "mark at place "+strconv.Itoa(place), marks[place], count, 1.0/8)
	}
	checkRate(t, "!", guided, count, 0.2)
	checkRate(t, "start 0", zero, count, 0.1)
	for seed := range uint64(200) {
		if p, _ := readRelay(openTask(t, "relay", "", "").Problem(seed).Prompt); p.guided || p.stars == 0 {
			t.Fatalf("the usual problems have %+v", p)
		}
	}
}

// Half of the mixed problems have no pivot, and the other levels are as frequent as each other.
func TestRelayMixed(t *testing.T) {
	task, levels := openTask(t, "relay", "mixed", ""), [6]int{}
	const count = 3000
	for seed := range uint64(count) {
		p := task.Problem(seed)
		levels[p.Difficulty]++
		if _, known := Pivot(task, p, task.Judge(p, task.Demonstrate(p, seed))); known != (p.Difficulty > 0) {
			t.Fatalf("seed %d of level %d: a pivot is known: %v", seed, p.Difficulty, known)
		}
	}
	for level, share := range [6]float64{.5, .1, .1, .1, .1, .1} {
		checkRate(t, "level "+strconv.Itoa(level), levels[level], count, share)
	}
}

// The teacher errs as often as its configuration says. The lines are read again here, from their text.
func TestRelayTeacher(t *testing.T) {
	task := openTask(t, "relay", "guided", "")
	lines, slips, chosen, right, follows, obeyed, idle, first, idleFirst, solved, free := 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	words, places := map[string]int{}, map[int]int{}
	for seed := range uint64(3000) {
		drawn := task.Problem(seed)
		p, _ := readRelay(drawn.Prompt)
		response := task.Demonstrate(drawn, seed)
		if len(drawn.Prompt)+len(response) > 241 { // with the 192 tokens of a response, the context holds it
			t.Fatalf("seed %d: %d tokens", seed, len(response))
		}
		think, _, _ := strings.Cut(Text(task, response), "</think>")
		started, after := false, false
		for k, line := range strings.Split(strings.TrimSpace(think), "\n") {
			f := strings.Fields(line)
			if f[0] == "hum" {
				words[f[1]]++
				if !started {
					idleFirst++
				} else if after {
					idle++
				}
				after = false
				continue
			}
			if !started {
				started = true
				first++
			}
			lines, after = lines+1, true
			if f[0] == "try" {
				places[k]++
				hit := f[1] == strconv.Itoa(p.marked)
				if p.guided {
					follows++
					if hit {
						obeyed++
					}
				} else if chosen++; hit {
					right++
				}
				continue
			}
			if f[1] != "*" {
				slips += btoi(f[4] != strconv.Itoa((int(f[1][0]-'0')+int(f[2][0]-'0'))%10))
				free++
			}
		}
		trace := task.Judge(drawn, response)
		if step, ok := Pivot(task, drawn, trace); !ok || Text(task, trace.Tokens[trace.Steps[step].Start:trace.Steps[step].Start+1]) != "try" {
			t.Fatalf("seed %d: pivot %d, %v", seed, step, ok)
		}
		solved += btoi(trace.Correct && !p.guided)
	}
	checkRate(t, "slip", slips, free, 0.02)
	checkRate(t, "right choice", right, chosen, 0.1+0.9/8)
	checkRate(t, "idle line", idle, lines, 0.25)
	for word, n := range words {
		checkRate(t, word, n, idle+idleFirst, 1.0/8)
	}
	if mean := float64(idleFirst) / float64(first); mean < 3.7 || mean > 4.8 { // 4, and a quarter of the lines idle
		t.Errorf("%.2f idle lines come first", mean)
	}
	if obeyed != follows || follows == 0 {
		t.Errorf("%d of %d guided choices are right", obeyed, follows)
	}
	if rate := float64(solved) / float64(chosen); rate < 0.15 || rate > 0.21 {
		t.Errorf("%.3f of the responses without ! are right", rate)
	}
	if len(places) < 20 {
		t.Errorf("the pivot has only %d different places", len(places))
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A trace has every label; what is not of the grammar, or of an item that the program lacks, is malformed.
func TestRelayLabels(t *testing.T) {
	task := openTask(t, "relay", "", "")
	for _, c := range []struct {
		problem string
		lines   []string // a line and its label
	}{
		{"2 # 1 9 ; 2 ; a 5 b * c * d * ?", []string{
			"hum w0", "redundant",
			"b * 7 = 8", "essential", // by what it states, wherever it stands
			"try 9", "wrong", "try 1", "correcting", "try 1", "redundant",
			"a 5 2 = 6", "wrong", "a 6 2 = 7", "wrong", "a * 2 = 7", "wrong", "a 5 2 = 7", "correcting", "a 5 2 = 7", "redundant",
			"c * 9 = 9", "wrong", // a wrong value before the item
			"d * 9 = 0", "essential", "e * 9 = 0", "malformed", "try", "malformed", "hum 3", "malformed", "a 5 2 =", "malformed", "try 1 1", "malformed",
		}},
		{"2 # 1 ; 2 ; a 5 ?", []string{"try 2", "redundant", "a 5 2 = 7", "essential"}},
	} {
		p, err := task.Parse(c.problem)
		if err != nil {
			t.Fatal(err)
		}
		var text string
		for i := 0; i < len(c.lines); i += 2 {
			text += c.lines[i] + "\n"
		}
		trace := task.Judge(p, readTokens(t, task, text+"</think> # "+p.Gold+" <eos>"))
		if !trace.Correct || !trace.WellFormed || len(trace.Steps) != len(c.lines)/2 {
			t.Fatalf("%+v", trace)
		}
		for i, step := range trace.Steps {
			if want := c.lines[2*i+1]; step.Label.String() != want {
				t.Errorf("%q is %v, want %s", c.lines[2*i], step.Label, want)
			}
		}
	}
}

// The answer part is one digit after #.
func TestRelayAnswers(t *testing.T) {
	task := openTask(t, "relay", "", "")
	p, err := task.Parse("2 # 1 9 ; 2 ; a 5 b * c * d * ?")
	if err != nil || p.Gold != "0" {
		t.Fatalf("gold %q, %v", p.Gold, err)
	}
	for answer, want := range map[string][2]bool{
		"</think> # 0 <eos>": {true, true}, "</think> # 1 <eos>": {true, false}, "</think> 0 <eos>": {}, "</think> # 0": {}, "# 0 <eos>": {},
		"</think> </think> # 0 <eos>": {}, "</think> # a <eos>": {}, "</think> # 0 0 <eos>": {},
	} {
		if trace := task.Judge(p, readTokens(t, task, answer)); trace.WellFormed != want[0] || trace.Correct != want[1] {
			t.Errorf("%q: well-formed %v, correct %v", answer, trace.WellFormed, trace.Correct)
		}
	}
}

// The pivot is the first choice before the first star; a trace without one has none, and neither has another task.
func TestPivot(t *testing.T) {
	relay, chain := openTask(t, "relay", "", ""), openTask(t, "chain", "", "")
	for _, c := range []struct {
		problem, think string
		step           int
		ok             bool
	}{
		{"2 # 1 ; 2 ; a 5 b * c * d * ?", "hum w0\na 5 2 = 7\ntry 2\nhum w1\ntry 1\nb * 7 = 8\n", 2, true},
		{"2 # 1 ; 2 ; a 5 b * c * d * ?", "a 5 2 = 7\nb * 7 = 8\ntry 1\n", 0, false},
		{"2 # 1 ; 2 ; a 5 b * c * d * ?", "a 5 2 = 7\n", 0, false},
		{"2 # 1 ; 2 ; a 5 ?", "try 1\na 5 2 = 7\n", 0, false},
	} {
		p, err := relay.Parse(c.problem)
		if err != nil {
			t.Fatal(err)
		}
		if step, ok := Pivot(relay, p, relay.Judge(p, readTokens(t, relay, c.think))); step != c.step || ok != c.ok {
			t.Errorf("%q: pivot %d, %v", c.think, step, ok)
		}
	}
	p := chain.Problem(1)
	if _, ok := Pivot(chain, p, chain.Judge(p, chain.Demonstrate(p, 1))); ok {
		t.Error("task chain knows a pivot")
	}
}

func TestRelayParse(t *testing.T) {
	task := openTask(t, "relay", "", "")
	for text, want := range map[string]string{
		"a 5 ?":                           "begins with the digits",
		"2 3 ; 2 ; a 5 ?":                 "marks the right one",
		"# 2 ; 2 ; a 5 ?":                 "two or more",
		"# 2 # 3 ; 2 ; a 5 ?":             "two digits on offer are marked",
		"# 2 3 2 ; 2 ; a 5 ?":             "on offer twice",
		"# 2 3 ; a 5 ?":                   "start value",
		"# 2 3 ; 1 ; b 5 ?":               "labelled a, b, c",
		"# 2 3 ; 1 ; a 5 a 5 ?":           "labelled a, b, c",
		"# 2 3 ; 1 ; a * b * c * d 5 ?":   "no digit follows",
		"# 2 3 ; 1 ; a + ?":               "must add a digit",
		"# 2 3 ; 1 ; ?":                   "must end with",
		"# 2 3 ; 1 ; a 5":                 "must end with",
		"# 2 3 ; 1 ; a * b * ?":           "not 2",
		"# 2 3 ; 1 ; a * b * c * d * ? 1": "labelled a, b, c",
		"# 2 x ; 1 ; a 5 ?":               "not a token",
	} {
		if _, err := task.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if p, err := task.Parse("<bos> ! ; 2 # 1 ; 2 ; a 5 b * c * d * ? <think>"); err != nil || p.Difficulty != 5 || p.Gold != "0" || p.MinimumThink != 27 {
		t.Errorf("%+v, %v", p, err)
	}
}
