package task_test

import (
	"fmt"
	"log"
	"strings"

	"attnlab/rl/task"
)

// One problem of task chain, and how the verdict teacher answers it: a slip corrected at once, then a tail of needless checks.
func ExampleChain() {
	chain, err := task.NewChain(task.Verdict())
	if err != nil {
		log.Fatal(err)
	}
	problem := chain.Problem(0)
	response := chain.Demonstrate(problem, 0)
	fmt.Println(task.Text(chain, problem.Prompt))
	fmt.Println(task.Text(chain, response))
	// Output:
	// <bos> o 2 ; c 3 ; h 0 ; p &c - &h ; i &h + &o ; n &h - &p ; e &n - &c ; j &e - &h ; ? j <think>
	// p &c 3 - &h 0 = p 3
	// n &h 0 - &p 3 = n 7
	// e &n 7 - &c 3 = e 1
	// wait e &n 7 - &c 3 = e 4
	// so e 4
	// j &e 4 - &h 0 = j 4
	// wait n &h 0 - &p 3 ok
	// so p 3
	// wait p &c 3 - &h 0 ok
	// wait e &n 7 - &c 3 ok
	// </think> p 3 n 7 e 4 j 4 # 4 <eos>
}

// A typed problem, and a response that tries, errs, corrects itself and succeeds.
func ExampleCountdown() {
	countdown, err := task.NewCountdown(task.DefaultCountdown())
	if err != nil {
		log.Fatal(err)
	}
	problem, err := countdown.Parse("3 7 5 ? 26")
	if err != nil {
		log.Fatal(err)
	}
	response, err := task.Tokens(countdown, `3 + 7 = 10
back
3 * 7 = 24
3 * 7 = 21
21 + 5 = 26
</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>`)
	if err != nil {
		log.Fatal(err)
	}
	trace := countdown.Judge(problem, response)
	for _, step := range trace.Steps {
		fmt.Printf("%-10v %s", step.Label, task.Text(countdown, trace.Tokens[step.Start:step.End]))
	}
	fmt.Println("correct:", trace.Correct)
	// Output:
	// redundant  3 + 7 = 10
	// redundant  back
	// wrong      3 * 7 = 24
	// correcting 3 * 7 = 21
	// essential  21 + 5 = 26
	// correct: true
}

// A typed problem whose trace slips once, chooses rightly and so ends with a wrong digit. The pivot is known.
func ExampleRelay() {
	relay, err := task.NewRelay(task.DefaultRelay())
	if err != nil {
		log.Fatal(err)
	}
	problem, err := relay.Parse("; 2 3 # 1 9 ; 2 ; a 5 b * c * d * ?")
	if err != nil {
		log.Fatal(err)
	}
	response, err := task.Tokens(relay, `hum w5
a 5 2 = 8
try 1
b * 8 = 9
a 5 2 = 7
c * 8 = 9
d * 9 = 0
</think> # 1 <eos>`)
	if err != nil {
		log.Fatal(err)
	}
	trace := relay.Judge(problem, response)
	for _, step := range trace.Steps {
		fmt.Printf("%-10v %s", step.Label, task.Text(relay, trace.Tokens[step.Start:step.End]))
	}
	pivot, _ := task.Pivot(relay, problem, trace)
	fmt.Println("gold:", problem.Gold, "correct:", trace.Correct, "pivot: step", pivot+1)
	// Output:
	// redundant  hum w5
	// wrong      a 5 2 = 8
	// essential  try 1
	// wrong      b * 8 = 9
	// correcting a 5 2 = 7
	// essential  c * 8 = 9
	// essential  d * 9 = 0
	// gold: 0 correct: false pivot: step 3
}

// Problems are drawn from named streams: the same stream, seed and index give the same problem on every machine. Every task writes problems
// and responses as text and reads them back.
func ExampleProblems() {
	chain, err := task.New("chain", "verdict", "2")
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range task.Problems(chain, task.TrainStream, 1, 2) {
		fmt.Println(p.Difficulty, p.Gold, task.Text(chain, p.Prompt))
	}
	problem, err := chain.Parse("k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("gold:", problem.Gold)
	_, err = chain.Parse("k 8 ; ? j")
	_, reason, _ := strings.Cut(err.Error(), ": ")
	fmt.Println(reason)
	// Output:
	// 2 0 <bos> j 6 ; g 2 ; e 9 ; k &g + &j ; m &g - &j ; a &m - &j ; ? a <think>
	// 2 4 <bos> p 6 ; j 3 ; a 4 ; f &p + &j ; i &p * &f ; n &j - &f ; ? n <think>
	// gold: 6
	// the question must ask for a computed variable, and j is not one
}
