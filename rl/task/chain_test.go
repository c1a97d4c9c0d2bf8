package task

import (
	"slices"
	"strings"
	"testing"
)

// Of every drawn problem: the longest path of computed variables to the question has exactly L steps, and distractors, which
// nothing needed uses, fill the rest.
func TestChainProblems(t *testing.T) {
	difficulties := map[int]int{}
	operators := map[int]int{}
	definitions, distractors, firstPlace, distractorCount := 0, 0, 0, 0
	const count = 3000
	chain, err := NewChain(Plain())
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(count) {
		p := chain.Problem(seed)
		problem, err := readChain(p.Prompt) // refuses a use before the definition
		if err != nil {
			t.Fatal(err)
		}
		difficulties[p.Difficulty]++

		depth := map[int]int{}
		givens, needed := 0, 0
		for i, d := range problem.definitions {
			if d.given {
				givens++
				if i >= 3 {
					t.Fatalf("seed %d: given number %d stands at place %d", seed, givens, i)
				}
				continue
			}
			if d.left == d.right {
				t.Fatalf("seed %d: both operands are the same", seed)
			}
			operators[d.operator]++
			definitions++
			depth[d.name] = 1 + max(depth[d.left], depth[d.right])
			if problem.needed[d.name] {
				needed++
				for _, operand := range []int{d.left, d.right} {
					if depth[operand] > 0 && !problem.needed[operand] {
						t.Fatalf("seed %d: a needed variable uses a distractor", seed)
					}
				}
			} else {
				distractorCount++
			}
		}
		if givens != 3 || needed != p.Difficulty || depth[problem.question] != p.Difficulty || p.MinimumThink != 10*p.Difficulty {
			t.Fatalf("seed %d: %d givens, %d needed, path of %d steps, difficulty %d", seed, givens, needed, depth[problem.question], p.Difficulty)
		}
		extra := len(problem.definitions) - 3 - needed
		if extra < 1 || extra > 2 {
			t.Fatalf("seed %d: %d distractors", seed, extra)
		}
		distractors += extra - 1
		if problem.definitions[0].name < 4 {
			firstPlace++
		}
	}
	for level := 2; level <= 5; level++ {
		checkRate(t, "difficulty", difficulties[level], count, 0.25)
	}
	checkRate(t, "second distractor", distractors, count, 0.5)
	checkRate(t, "first name is one of a..d", firstPlace, count, 0.25)
	checkRate(t, "+", operators[Plus], definitions, 0.4)
	checkRate(t, "-", operators[Minus], definitions, 0.4)
	checkRate(t, "*", operators[times], definitions, 0.2)
}

// chainRates counts what a teacher did, read from its text alone.
type chainRates struct{ hits, tries map[string]int }

func (r chainRates) count(name string, hit bool) {
	r.tries[name]++
	if hit {
		r.hits[name]++
	}
}

// observe replays one demonstration without a tail.
func (r chainRates) observe(problem *chainProblem, lines [][]int) {
	believed := problem.value
	isComputed := map[int]bool{}
	for i := 0; i < len(lines); {
		name, value, _ := readChainLine(lines[i])
		isComputed[name] = true
		believed[lines[i][1]-chainRef], believed[lines[i][4]-chainRef] = lines[i][2]-chainDigit, lines[i][5]-chainDigit
		right := modulo10(calculate(lines[i][2]-chainDigit, lines[i][3], lines[i][5]-chainDigit))
		i++
		r.count("slip", value != right)
		check := i < len(lines) && lines[i][0] == chainWait
		if value == right {
			r.count("check right", check)
		} else {
			r.count("check wrong", check)
			if check {
				_, found, _ := readChainLine(lines[i])
				r.count("approve", found < 0 || found == value)
			}
		}
		if check {
			i++
		}
		restated := i < len(lines) && lines[i][0] == chainSo
		r.count("restate", restated)
		if restated {
			i++
		}
	}
	for _, d := range problem.definitions {
		switch {
		case d.given:
		case problem.needed[d.name] && d.name != problem.question:
			r.count("skip", !isComputed[d.name])
		case problem.needed[d.name]:
			r.count("skip the last", !isComputed[d.name])
		case strayOperand(problem, d, isComputed):
			r.count("distractor of an unknown one", isComputed[d.name])
		default:
			r.count("distractor", isComputed[d.name])
		}
	}
}

// strayOperand reports whether a distractor uses one that was not computed.
func strayOperand(problem *chainProblem, d chainDefinition, isComputed map[int]bool) bool {
	return slices.ContainsFunc(problem.definitions, func(other chainDefinition) bool {
		return (other.name == d.left || other.name == d.right) && !other.given && !problem.needed[other.name] && !isComputed[other.name]
	})
}

// chainLines cuts the think part of a response into lines.
func chainLines(c *Chain, p Problem, response []int) [][]int {
	trace := c.Judge(p, response)
	var lines [][]int
	for _, step := range trace.Steps {
		lines = append(lines, trace.Tokens[step.Start:step.End])
	}
	return lines
}

func TestChainTeacherRates(t *testing.T) {
	for _, teacher := range []string{"plain", "verdict", "recompute"} {
		config := openTask(t, "chain", teacher, "").(*Chain).config
		config.Teacher.Tail = 0
		chain, err := NewChain(config)
		if err != nil {
			t.Fatal(err)
		}
		rates := chainRates{map[string]int{}, map[string]int{}}
		for seed := range uint64(2000) {
			p := chain.Problem(seed)
			rates.observe(chain.mustRead(p), chainLines(chain, p, chain.Demonstrate(p, seed)))
		}
		slip := map[string]float64{"plain": 0.09, "verdict": 0.06, "recompute": 0.06}[teacher]
		for name, p := range map[string]float64{
			"slip": slip, "check right": 0.30, "check wrong": 0.55, "approve": 0.10, "restate": 0.12, "skip": 0.05, "skip the last": 0, "distractor": 0.60,
		} {
			checkRate(t, teacher+": "+name, rates.hits[name], rates.tries[name], p)
		}
		if rates.hits["distractor of an unknown one"] > 0 {
			t.Errorf("%s computed a distractor from one that it never computed", teacher)
		}
	}
}

// With everything else off, what follows the computed lines is the tail.
func TestChainTail(t *testing.T) {
	for teacher, want := range map[string]struct {
		tail, restate, final float64
		most                 int
		recompute            bool
	}{
		"plain":     {tail: 0.40, restate: 0, final: 0, most: 3},
		"verdict":   {tail: 0.80, restate: 0.30, final: 0.40, most: 4},
		"recompute": {tail: 0.80, restate: 0.30, final: 0.40, most: 4, recompute: true},
	} {
		config := openTask(t, "chain", teacher, "").(*Chain).config
		config.Teacher.CheckRight, config.Teacher.CheckWrong, config.Teacher.Restate, config.Teacher.Slip = 0, 0, 0, 0
		config.Teacher.Distractor, config.Teacher.Skip = 0, 0
		chain, err := NewChain(config)
		if err != nil {
			t.Fatal(err)
		}
		tails, items, restatements, finals, verdicts, long := 0, 0, 0, 0, 0, 0
		const count = 2000
		for seed := range uint64(count) {
			p := chain.Problem(seed)
			problem := chain.mustRead(p)
			tail := chainLines(chain, p, chain.Demonstrate(p, seed))[p.Difficulty:]
			if len(tail) > want.most {
				t.Fatalf("%s: %d items", teacher, len(tail))
			}
			if len(tail) > 0 {
				tails++
			}
			if len(tail) == want.most {
				long++
			}
			for _, line := range tail {
				items++
				name, _, _ := readChainLine(line)
				if name == problem.question {
					finals++
				}
				switch {
				case line[0] == chainSo:
					restatements++
				case line[len(line)-2] == chainOk:
					verdicts++
				}
			}
		}
		checkRate(t, teacher+": tail", tails, count, want.tail)
		checkRate(t, teacher+": longest tail", long, tails, 1/float64(want.most))
		checkRate(t, teacher+": restatements", restatements, items, want.restate)
		checkRate(t, teacher+": final line", finals, items, want.final)
		if checks := items - restatements; !want.recompute && verdicts != checks || want.recompute && verdicts != 0 {
			t.Errorf("%s: %d of %d checks end in a verdict", teacher, verdicts, checks)
		}
	}
}

// A teacher that always slips, never checks at once and always looks back at an earlier line corrects 70 % of what it looks at, and
// then writes everything downstream again, so that each line agrees with the ones above it.
func TestChainTailCorrects(t *testing.T) {
	config := Plain()
	config.Difficulty = Range{3, 3}
	config.Teacher = ChainTeacher{Slip: 1, Tail: 1, TailItems: Range{1, 1}, TailCorrect: 0.7}
	chain, err := NewChain(config)
	if err != nil {
		t.Fatal(err)
	}
	corrected, agreed := 0, 0
	for seed := range uint64(1000) {
		p := chain.Problem(seed)
		problem := chain.mustRead(p)
		tail := chainLines(chain, p, chain.Demonstrate(p, seed))[3:]
		if tail[0][len(tail[0])-2] == chainOk {
			agreed++
			if len(tail) != 1 {
				t.Fatalf("seed %d: lines after an agreeing check", seed)
			}
			continue
		}
		corrected++
		changed := map[int]bool{}
		first, value, _ := readChainLine(tail[0])
		changed[first] = true
		last := map[int]int{first: value}
		next := 1
		for _, d := range problem.definitions {
			if d.given || !problem.needed[d.name] || !changed[d.left] && !changed[d.right] {
				continue
			}
			name, value, ok := readChainLine(tail[next])
			if !ok || name != d.name {
				t.Fatalf("seed %d: %s is not computed again", seed, chainVocabulary[chainName+d.name])
			}
			for place, operand := range map[int]int{2: d.left, 5: d.right} {
				if seen, ok := last[operand]; ok && tail[next][place] != chainDigit+seen {
					t.Fatalf("seed %d: a line uses an old value", seed)
				}
			}
			changed[name], last[name] = true, value
			next++
		}
		if next != len(tail) {
			t.Fatalf("seed %d: %d lines of the tail, want %d", seed, len(tail), next)
		}
	}
	checkRate(t, "corrected", corrected, corrected+agreed, 0.70)
}

// The problem of the hand-labelled traces: b = 8*0 = 0, j = 0+4 = 4 are needed, m = 8-4 = 4 is a distractor.
const chainExample = "<bos> k 8 ; o 4 ; f 0 ; b &k * &f ; m &k - &o ; j &b + &o ; ? j <think>"

func TestChainLabels(t *testing.T) {
	chain := openTask(t, "chain", "", "")
	p, err := chain.Parse(chainExample)
	if err != nil {
		t.Fatal(err)
	}
	if p.Difficulty != 2 || p.MinimumThink != 20 || p.Gold != "4" {
		t.Fatalf("problem %+v", p)
	}
	const b, j = "b &k 8 * &f 0 = b 0\n", "j &b 0 + &o 4 = j 4\n"
	for _, test := range []struct {
		think string
		want  []Label
	}{
		{b + j, []Label{Essential, Essential}},
		{b + b + "so b 0\n" + "wait b &k 8 * &f 0 ok\n" + "wait " + b, []Label{Essential, Redundant, Redundant, Redundant, Redundant}},
		{"m &k 8 - &o 4 = m 4\n", []Label{Redundant}},
		{"m &k 8 - &o 4 = m 5\n", []Label{Wrong}},
		// the first statement counts, in any form
		{"so b 0\n" + b, []Label{Essential, Redundant}},
		// corrected at once
		{"b &k 8 * &f 0 = b 3\n" + "wait " + b + b, []Label{Wrong, Correcting, Redundant}},
		// falsely approved
		{"b &k 8 * &f 0 = b 3\n" + "wait b &k 8 * &f 0 ok\n" + "so b 3\n", []Label{Wrong, Redundant, Wrong}},
		// inherited, then corrected downstream
		{"b &k 8 * &f 0 = b 3\n" + "j &b 3 + &o 4 = j 7\n" + "wait " + b + j, []Label{Wrong, Wrong, Correcting, Correcting}},
		// forgotten and found again
		{b + "so b 1\n" + "so b 0\n", []Label{Essential, Wrong, Correcting}},
		{"b &k 8 * &f 0 = b 1\n" + "b &k 8 * &f 0 = b 2\n" + b, []Label{Wrong, Wrong, Correcting}},
		// labels look at stated values only
		{"b &o 4 - &o 4 = b 0\n", []Label{Essential}},
		// a given
		{"k &f 0 + &k 8 = k 8\n", []Label{Redundant}},
		{"\n" + "so b\n" + "so c 1\n" + "so b 0 0\n" + "wait so b 0\n", []Label{Malformed, Malformed, Malformed, Malformed, Malformed}},
		{"b &k 8 * &f 0 = j 0\n" + "b &k 8 * &f 0 ok\n" + "wait wait " + b, []Label{Malformed, Malformed, Malformed}},
		// no line end before </think>
		{"k 8 ;\n" + "<think>\n" + b + "b &k 8 * &f 0 = b 0", []Label{Malformed, Malformed, Essential, Malformed}},
		{"b k 8 * f 0 = b 0\n" + "&b &k 8 * &f 0 = b 0\n" + "b &k 8 = &f 0 = b 0\n" + "wait\n", []Label{Malformed, Malformed, Malformed, Malformed}},
	} {
		trace := chain.Judge(p, readTokens(t, chain, test.think+" </think> b 0 j 4 # 4 <eos>"))
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

func TestChainVerdict(t *testing.T) {
	chain := openTask(t, "chain", "", "")
	p, err := chain.Parse(chainExample)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		response            string
		wellFormed, correct bool
		answer              string
	}{
		{"</think> b 0 j 4 # 4 <eos>", true, true, "4"},
		{"so b 0\n</think> b 0 j 4 # 4 <eos>", true, true, "4"},
		{"</think> b 0 j 4 # 5 <eos>", true, false, "5"},
		{"</think> b 9 p 4 # 4 <eos>", true, true, "4"}, // the verifier looks at the digit after # only
		{"</think> # 4 <eos>", true, true, "4"},
		{"</think> b 0 j 4 # 4 <eos> so", true, true, "4"}, // nothing counts after <eos>
		{"</think> b 0 j 4 # 4", false, false, ""},
		{"</think> b 0 j # 4 <eos>", false, false, ""},
		{"</think> b 0 j 4 4 <eos>", false, false, ""},
		{"</think> b 0 &j 4 # 4 <eos>", false, false, ""},
		{"</think> b 0\nj 4 # 4 <eos>", false, false, ""},
		{"</think> b 0 # 4 # 4 <eos>", false, false, ""},
		{"</think> </think> b 0 # 4 <eos>", false, false, ""},
		{"</think> b 0 # 4 </think> <eos>", false, false, ""},
		{"<eos> </think> # 4 <eos>", false, false, ""},
		{"# 4 <eos>", false, false, ""},
		{"</think> # <eos>", false, false, ""},
		{"<eos>", false, false, ""},
		{"", false, false, ""},
	} {
		trace := chain.Judge(p, readTokens(t, chain, test.response))
		if trace.WellFormed != test.wellFormed || trace.Correct != test.correct || trace.Answer != test.answer {
			t.Errorf("%q: well-formed %v, correct %v, answer %q", test.response, trace.WellFormed, trace.Correct, trace.Answer)
		}
		checkTrace(t, trace)
	}
}

func TestTracePositions(t *testing.T) {
	chain := openTask(t, "chain", "", "")
	p, err := chain.Parse(chainExample)
	if err != nil {
		t.Fatal(err)
	}
	start := len(p.Prompt)
	trace := chain.Judge(p, readTokens(t, chain, "so b 0\nso j 4\n</think> j 4 # 4 <eos> <pad> <pad>"))
	if !slices.Equal(trace.Steps, []Step{{start, start + 4, Essential}, {start + 4, start + 8, Essential}}) {
		t.Errorf("steps %v", trace.Steps)
	}
	if trace.ThinkStart != start || trace.ThinkEnd != start+8 || trace.AnswerStart != start+9 || trace.AnswerEnd != start+14 {
		t.Errorf("parts %+v", trace)
	}
	if trace.Count(Essential) != 2 || trace.Count(Wrong) != 0 || trace.ThinkTokens() != 8 {
		t.Errorf("counts %+v", trace)
	}
	open := chain.Judge(p, readTokens(t, chain, "so b 0\nso j <eos>")) // thinking that never ends
	if !slices.Equal(open.Steps, []Step{{start, start + 4, Essential}, {start + 4, start + 6, Malformed}}) || open.AnswerStart != open.AnswerEnd {
		t.Errorf("without </think>: %+v", open)
	}
}

// What cannot fit the context is refused where it is typed, and dropped where the teacher was too chatty.
func TestChainContext(t *testing.T) {
	config := Verdict()
	config.Difficulty = Range{2, 2}
	config.Context = 80
	chain, err := NewChain(config)
	if err != nil {
		t.Fatal(err)
	}
	dropped := 0
	const count = 200
	for seed := range uint64(count) {
		p := chain.Problem(seed)
		response := chain.Demonstrate(p, seed)
		if response == nil {
			dropped++
		} else if length := len(p.Prompt) + len(response); length > 80 {
			t.Fatalf("%d tokens", length)
		}
	}
	if dropped < count/10 || dropped > count*9/10 {
		t.Errorf("%d of %d dropped", dropped, count)
	}
	if _, err := chain.Parse("a 1 ; b &a + &a ; c &b + &b ; d &c + &c ; e &d + &d ; f &e + &e ; ? f"); err == nil || !strings.Contains(err.Error(), "context holds 80") {
		t.Errorf("a problem over the context: %v", err)
	}
}

func TestChainParse(t *testing.T) {
	chain := openTask(t, "chain", "", "")
	want, err := chain.Parse(chainExample)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"k 8 ; o 4 ; f 0 ; b &k * &f ; m &k - &o ; j &b + &o ; ? j",
		"k 8 ;\no 4 ;\nf 0 ;\nb &k * &f ;\nm &k - &o ;\nj &b + &o\n? j\n",
	} {
		if got, err := chain.Parse(text); err != nil || !slices.Equal(got.Prompt, want.Prompt) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for text, complaint := range map[string]string{
		"":                                 "must end with a question",
		"k 8 ; b &k * &k ;":                "must end with a question",
		"k 8 ; ? k":                        "must ask for a computed variable",
		"k 8 ; ? b":                        "must ask for a computed variable",
		"k 8 ; k 9 ; b &k + &k ; ? b":      "k is defined twice",
		"b &k + &f ; k 8 ; f 1 ; ? b":      "b uses &k before it is defined",
		"b &b + &b ; ? b":                  "b uses &b before it is defined",
		"k 8 ; b &k / &k ; ? b":            `"/" at position 5`,
		"k 8 ; b &k ; ? b":                 "definition 2 is neither",
		"k 8 b &k + &k ; ? b":              "definition 1 must end with a semicolon",
		"k 8 ; b &k + &k ; ? b ? b":        "must end with a question",
		"k 8 ; b k + k ; ? b":              "definition 2 is neither",
		"<bos> <bos> k 8 ; b &k + &k ; ?b": `"?b" at position`,
	} {
		_, err := chain.Parse(text)
		if err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: error %v, want %q", text, err, complaint)
		}
	}
}
