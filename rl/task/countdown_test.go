package task

import (
	"slices"
	"strings"
	"testing"
)

// slowFewestMoves is the definition: the shortest of all games.
func slowFewestMoves(hand []int, target int) int {
	if slices.Contains(hand, target) {
		return 0
	}
	fewest := -1
	if len(hand) < 2 {
		return fewest
	}
	for _, move := range countdownMoves(hand) {
		if rest := slowFewestMoves(move.play(hand), target); rest >= 0 && (fewest < 0 || rest+1 < fewest) {
			fewest = rest + 1
		}
	}
	return fewest
}

func TestFewestMoves(t *testing.T) {
	random := NewRandom(1, 1)
	unreachable := 0
	for range 150 {
		hand := make([]int, 2+random.IntN(3))
		for i := range hand {
			hand[i] = random.IntN(16)
		}
		before, target := slices.Clone(hand), random.IntN(countdownLargest+1)
		want := slowFewestMoves(hand, target)
		if want < 0 {
			unreachable++
		}
		for limit := range 4 {
			expected := want
			if want > limit {
				expected = -1
			}
			if got := fewestMoves(hand, target, limit); got != expected {
				t.Fatalf("%v to %d in %d: %d moves, want %d", hand, target, limit, got, expected)
			}
		}
		if !slices.Equal(hand, before) {
			t.Fatalf("the hand %v became %v", before, hand)
		}
	}
	if unreachable == 0 || unreachable == 150 {
		t.Fatalf("%d targets out of reach: the test is one-sided", unreachable)
	}
}

func TestCountdownProblems(t *testing.T) {
	task := openTask(t, "countdown", "", "")
	difficulties, ones, numbers, moves := map[int]int{}, 0, 0, map[int]int{}
	const count = 2000
	for seed := range uint64(count) {
		p := task.Problem(seed)
		problem, err := readCountdown(p.Prompt)
		if err != nil {
			t.Fatal(err)
		}
		if problem.target < countdownTarget || p.MinimumThink != 6*fewestMoves(problem.numbers, problem.target, 3) || p.MinimumThink < 6 {
			t.Fatalf("seed %d: %+v from %+v", seed, p, problem)
		}
		difficulties[p.Difficulty]++
		moves[p.MinimumThink/6]++
		for range problem.numbers {
			numbers++
		}
		for _, number := range problem.numbers {
			if number == 1 {
				ones++
			}
		}
	}
	checkRate(t, "3 numbers", difficulties[3], count, 0.5)
	if difficulties[3]+difficulties[4] != count {
		t.Errorf("difficulties %v", difficulties)
	}
	for shortest := 1; shortest <= 3; shortest++ {
		if moves[shortest] < count/100 {
			t.Errorf("only %d of %d problems need %d moves", moves[shortest], count, shortest)
		}
	}
	if rate := float64(ones) / float64(numbers); rate < 0.05 || rate > 0.12 { // targets from 10 up make small numbers rarer than 1/9
		t.Errorf("%.3f of the numbers are 1", rate)
	}
}

// observeCountdown replays the moves of a teacher that never repeats: the slips, the corrections, the hopeless positions left at
// once, and the insight where it differs from luck.
func observeCountdown(t *testing.T, problem countdownProblem, lines [][]int, attempts int, count func(name string, hit bool)) {
	hand, attempt := problem.numbers, 1
	for i := 0; i < len(lines); i++ {
		if lines[i][0] == countdownBack {
			if len(hand) > 1 && fewestMoves(hand, problem.target, 5) >= 0 {
				t.Fatal("a teacher gave up within reach of the target")
			}
			hand = problem.numbers
			attempt++
			continue
		}
		move, ok := readCountdownMove(lines[i])
		if !ok {
			t.Fatalf("line %v", lines[i])
		}
		count("slip", !move.sound())
		if !move.sound() && attempt < attempts {
			next := countdownMove{}
			if i+1 < len(lines) {
				next, _ = readCountdownMove(lines[i+1])
			}
			corrected := next.left == move.left && next.operator == move.operator && next.right == move.right && next.sound()
			count("correct", corrected)
		}
		if i+1 < len(lines) && !move.sound() {
			if next, ok := readCountdownMove(lines[i+1]); ok && next.sound() && next.left == move.left && next.right == move.right && next.operator == move.operator {
				i++
				move = next
			}
		}
		hand = move.play(hand)
		if attempt < attempts && len(hand) > 1 && fewestMoves(hand, problem.target, 5) < 0 {
			count("notice", i+1 < len(lines) && lines[i+1][0] == countdownBack)
		}
	}
}

func TestCountdownTeacherRates(t *testing.T) {
	config := DefaultCountdown()
	config.Repeat = 0
	config.Attempts = 50 // no last attempt, with its different rules
	config.Context = 10000
	countdown, err := NewCountdown(config)
	if err != nil {
		t.Fatal(err)
	}
	hits, tries := map[string]int{}, map[string]int{}
	for seed := range uint64(1500) {
		p := countdown.Problem(seed)
		trace := countdown.Judge(p, countdown.Demonstrate(p, seed))
		var lines [][]int
		for _, step := range trace.Steps {
			lines = append(lines, trace.Tokens[step.Start:step.End])
		}
		observeCountdown(t, countdown.mustRead(p), lines, config.Attempts, func(name string, hit bool) {
			tries[name]++
			if hit {
				hits[name]++
			}
		})
	}
	checkRate(t, "slip", hits["slip"], tries["slip"], 0.05)
	checkRate(t, "correct", hits["correct"], tries["correct"], 0.70)
	checkRate(t, "notice", hits["notice"], tries["notice"], 0.50)
}

// Without slips and with full insight the teacher writes the shortest trace, and Repeat doubles it.
func TestCountdownInsight(t *testing.T) {
	config := DefaultCountdown()
	config.Insight, config.Slip, config.Repeat = 1, 0, 0.2
	countdown, err := NewCountdown(config)
	if err != nil {
		t.Fatal(err)
	}
	repeats := 0
	const count = 1000
	for seed := range uint64(count) {
		p := countdown.Problem(seed)
		trace := countdown.Judge(p, countdown.Demonstrate(p, seed))
		if !trace.Correct || trace.Count(Essential)*6 != p.MinimumThink {
			t.Fatalf("%s", Text(countdown, trace.Tokens))
		}
		switch trace.ThinkTokens() {
		case p.MinimumThink:
		case 2*p.MinimumThink + 2:
			repeats++
		default:
			t.Fatalf("%d think tokens, minimum %d", trace.ThinkTokens(), p.MinimumThink)
		}
	}
	checkRate(t, "repeat", repeats, count, 0.2)
}

// Without insight, all attempts but the last are luck; still every demonstration ends, and within the number of attempts.
func TestCountdownAttempts(t *testing.T) {
	config := DefaultCountdown()
	config.Insight, config.Slip, config.Repeat, config.Attempts = 0, 0.5, 0, 3
	countdown, err := NewCountdown(config)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for seed := range uint64(300) {
		p := countdown.Problem(seed)
		response := countdown.Demonstrate(p, seed)
		backs := 0
		for _, token := range response {
			if token == countdownBack {
				backs++
			}
		}
		most = max(most, backs)
		if backs > 2 || backs == 2 && !countdown.Judge(p, response).Correct {
			t.Fatalf("%d times back: %s", backs, Text(countdown, response))
		}
	}
	if most != 2 {
		t.Errorf("at most %d times back", most)
	}
}

func TestCountdownLabels(t *testing.T) {
	task := openTask(t, "countdown", "", "")
	p, err := task.Parse("3 7 5 1 ? 26")
	if err != nil {
		t.Fatal(err)
	}
	if p.Difficulty != 4 || p.MinimumThink != 12 || p.Gold != "26" {
		t.Fatalf("problem %+v", p)
	}
	for _, test := range []struct {
		think string
		want  []Label
	}{
		{"3 * 7 = 21\n21 + 5 = 26\n", []Label{Essential, Essential}}, // an abandoned attempt, and the solution found again
		{"3 + 7 = 10\nback\n3 * 7 = 21\n21 + 5 = 26\nback\n3 * 7 = 21\n21 + 5 = 26\n",
			[]Label{Redundant, Redundant, Essential, Essential, Redundant, Redundant, Redundant}},
		// the 5 is made of the given 5, so its move is on the path
		{"3 * 7 = 21\n1 * 5 = 5\n21 + 5 = 26\n", []Label{Essential, Essential, Essential}},
		// the target is missed, and passed
		{"5 - 1 = 4\n3 * 7 = 21\n4 + 21 = 25\n", []Label{Redundant, Redundant, Redundant}},
		{"3 * 7 = 21\n5 + 21 = 26\n26 - 1 = 25\n", []Label{Essential, Essential, Redundant}}, // wrong and corrected
		{"3 * 7 = 24\n3 * 7 = 21\n21 + 5 = 26\n", []Label{Wrong, Correcting, Essential}},
		{"3 * 7 = 21\n21 + 5 = 27\n21 + 5 = 28\n21 + 5 = 26\n", []Label{Essential, Wrong, Wrong, Correcting}},                   // corrected, but in an abandoned attempt
		{"3 * 7 = 24\n3 * 7 = 21\nback\n7 * 3 = 21\n5 + 21 = 26\n", []Label{Wrong, Redundant, Redundant, Essential, Essential}}, // an inherited error is an error, even where it hits the target
		{"3 * 7 = 24\n24 + 1 = 25\n", []Label{Wrong, Wrong}},
		{"3 * 7 = 25\n25 + 1 = 26\n", []Label{Wrong, Wrong}}, // numbers not on hand: used before, never given, the same one twice, lost by going back
		{"3 * 7 = 21\n3 + 5 = 8\n", []Label{Redundant, Wrong}},
		{"9 + 5 = 14\n", []Label{Wrong}},
		{"5 + 5 = 10\n", []Label{Wrong}},
		{"3 * 7 = 21\nback\n21 + 5 = 26\n", []Label{Redundant, Redundant, Wrong}}, // a negative result has no token, so whatever is written is wrong
		{"3 - 7 = 4\n", []Label{Wrong}},
		{"\nback back\n3 * 7\n3 * 7 = 21 21\n= 3 * 7 = 21\n3 ; 7 = 21\n", []Label{Malformed, Malformed, Malformed, Malformed, Malformed, Malformed}},
		{"3 * 7 = 21\n21 + 5 = 26", []Label{Redundant, Malformed}},
		{"back", []Label{Malformed}},
	} {
		trace := task.Judge(p, readTokens(t, task, test.think+" </think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>"))
		var got []Label
		for _, step := range trace.Steps {
			got = append(got, step.Label)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("labels %v, want %v of\n%s", got, test.want, test.think)
		}
		if !trace.Correct {
			t.Errorf("labels must not change the verdict:\n%s", test.think)
		}
		checkTrace(t, trace)
	}
}

// Where values are equal, a given number is taken before a result, and a sound result before a wrong one.
func TestCountdownPrefersSoundNumbers(t *testing.T) {
	task := openTask(t, "countdown", "", "")
	p, err := task.Parse("2 3 6 4 ? 24")
	if err != nil {
		t.Fatal(err)
	}
	trace := task.Judge(p, readTokens(t, task, "2 + 3 = 6\n6 * 4 = 24\n</think> # 0 <eos>"))
	if trace.Steps[0].Label != Wrong || trace.Steps[1].Label != Essential {
		t.Errorf("steps %v", trace.Steps)
	}
	trace = task.Judge(p, readTokens(t, task, "2 * 3 = 6\n6 * 4 = 24\n</think> # 0 <eos>")) // the first move is beside the path
	if trace.Steps[0].Label != Redundant || trace.Steps[1].Label != Essential {
		t.Errorf("steps %v", trace.Steps)
	}
	p, err = task.Parse("2 3 1 6 4 ? 28")
	if err != nil {
		t.Fatal(err)
	}
	trace = task.Judge(p, readTokens(t, task, "2 + 3 = 7\n1 + 6 = 7\n7 * 4 = 28\n</think> # 0 <eos>"))
	if trace.Steps[0].Label != Wrong || trace.Steps[1].Label != Essential || trace.Steps[2].Label != Essential {
		t.Errorf("steps %v", trace.Steps)
	}
}

func TestCountdownVerdict(t *testing.T) {
	task := openTask(t, "countdown", "", "")
	p, err := task.Parse("3 7 5 5 ? 26")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		response            string
		wellFormed, correct bool
		answer              string
	}{
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>", true, true, "26"},
		{"</think> 5 - 5 = 0 ; 3 * 7 = 21 ; 21 + 0 = 21 ; # 21 <eos>", true, false, "21"},
		{"back\n</think> 5 + 5 = 10 ; 7 * 3 = 21 ; # 26 <eos>", true, false, "26"}, // target not on hand
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 25 <eos>", true, false, "25"},      // another value
		{"</think> 3 * 7 = 20 ; 20 + 5 = 25 ; # 26 <eos>", true, false, "26"},      // wrong arithmetic
		{"</think> 3 * 7 = 26 ; # 26 <eos>", true, false, "26"},
		{"</think> 3 * 7 = 21 ; 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>", true, false, "26"},  // numbers used twice
		{"</think> 5 * 5 = 25 ; 5 + 21 = 26 ; # 26 <eos>", true, false, "26"},               // and not on hand
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; 26 - 5 = 21 ; # 26 <eos>", true, false, "26"}, // target used up
		{"</think> # 26 <eos>", true, false, "26"},                                          // nothing shown
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 # 26 <eos>", false, false, ""},                  // semicolon missing
		{"</think> 3 * 7 = 21 21 + 5 = 26 ; # 26 <eos>", false, false, ""},
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26", false, false, ""}, // no end
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; 26 <eos>", false, false, ""},
		{"</think> 3 = 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>", false, false, ""},
		{"</think> </think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>", false, false, ""},
		{"3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>", false, false, ""},
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos> <pad> back", true, true, "26"}, // nothing counts after <eos>
		{"</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 </think> <eos>", false, false, ""},
		{"", false, false, ""},
	} {
		trace := task.Judge(p, readTokens(t, task, test.response))
		if trace.WellFormed != test.wellFormed || trace.Correct != test.correct || trace.Answer != test.answer {
			t.Errorf("%q: well-formed %v, correct %v, answer %q", test.response, trace.WellFormed, trace.Correct, trace.Answer)
		}
		checkTrace(t, trace)
	}
}

func TestCountdownParse(t *testing.T) {
	task := openTask(t, "countdown", "", "")
	for _, text := range []string{"3 7 5 ? 26", "<bos> 3 7 5\n? 26 <think>\n"} {
		p, err := task.Parse(text)
		if err != nil || p.MinimumThink != 12 || Text(task, p.Prompt) != "<bos> 3 7 5 ? 26 <think>" {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	for text, complaint := range map[string]string{
		"":                 "gives 2 to 5 numbers",
		"3 ? 9":            "gives 2 to 5 numbers",
		"1 2 3 4 5 6 ? 21": "gives 2 to 5 numbers",
		"3 10 ? 13":        "between 1 and 9, and 10 does not",
		"0 4 ? 13":         "between 1 and 9, and 0 does not",
		"3 7":              "must end with a target",
		"3 7 ? ?":          "must end with a target",
		"3 7 ? 21 22":      "must end with a target",
		"3 7 + 21":         "must end with a target",
		"3 7 ? 7":          "is one of the given numbers",
		"3 7 ? 22":         "no expression of these numbers reaches 22",
		"3 7 ? 99":         `"99" at position 3`,
	} {
		if _, err := task.Parse(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: error %v, want %q", text, err, complaint)
		}
	}
}
