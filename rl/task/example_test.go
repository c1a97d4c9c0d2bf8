package task_test

import (
	"fmt"
	"log"

	"attnlab/rl/task"
)

// One problem of task chain, and how the verdict teacher answers it: a slip mended at once, then a tail of needless checks.
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

// A problem that somebody typed, and a response that tries, errs, mends and arrives.
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
