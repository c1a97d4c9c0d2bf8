package rl_test

import (
	"fmt"
	"log"

	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// The credit of one group under several rules, without a model: what "attnlab credit" prints. GRPO divides by the standard
// deviation, Dr. GRPO does not, and ATTNPO's reward lets a long right response lose a share.
func ExampleCreditGroup() {
	group := rl.GroupInput{PromptLength: 12, Step: 1, Responses: []rl.Rated{
		{Length: 4, Correct: true}, {Length: 6, Correct: true}, {Length: 5},
	}}
	for _, method := range []rl.Method{rl.GRPO, rl.DrGRPO, rl.ATTNPO} {
		out, err := rl.CreditGroup(method, group, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-6s rewards %.3f advantages %.3f\n", method.Name, out.Rewards, out.Advantages)
	}
	// Output:
	// grpo   rewards [1.000 1.000 0.000] advantages [0.707 0.707 -1.414]
	// drgrpo rewards [1.000 1.000 0.000] advantages [0.333 0.333 -0.667]
	// attnpo rewards [0.946 0.854 0.000] advantages [0.519 0.381 -0.900]
}

// ATTNPO scales the advantage of each step by how much the answer attends to it. Here all four responses are right, so the group's
// accuracy is 1 and a step below the baseline score keeps S/S_base of a positive advantage.
func ExampleCreditGroup_steps() {
	group := rl.GroupInput{PromptLength: 20, Step: 1}
	for _, length := range []int{80, 90, 100, 130} {
		group.Responses = append(group.Responses, rl.Rated{Length: length, Correct: true, AnswerTokens: 10,
			Focus: []float64{0.20, 0.05}, StepRanges: []task.Span{{Start: 0, End: 40}, {Start: 40, End: 70}}})
	}
	out, err := rl.CreditGroup(rl.ATTNPO, group, nil)
	if err != nil {
		log.Fatal(err)
	}
	for i := range group.Responses {
		fmt.Printf("advantage %6.3f, baseline %.3f: scales %.2f\n", out.Advantages[i], out.BaselineScore[i], out.StepScale[i])
	}
	// Output:
	// advantage  0.062, baseline 0.100: scales [1.00 0.50]
	// advantage  0.032, baseline 0.091: scales [1.00 0.55]
	// advantage -0.003, baseline 0.083: scales [0.00 1.00]
	// advantage -0.092, baseline 0.067: scales [0.00 1.00]
}

// The worked example of TreeRL's credit: response A (right) is cut once, and two new tails are sampled there, one wrong and one
// right; response B (wrong) is not branched. Every node gets (V − V(root) + V − V(parent)) / √leaves.
func ExampleTree_Credit() {
	right, wrong := 1.0, 0.0
	tree := rl.Tree{Nodes: []rl.Node{
		{ID: 0, Parent: -1},
		{ID: 1, Parent: 0, Start: 0, End: 10},                  // A up to the cut
		{ID: 2, Parent: 1, Start: 10, End: 40, Reward: &right}, // A from there
		{ID: 3, Parent: 1, Start: 10, End: 35, Reward: &wrong},
		{ID: 4, Parent: 1, Start: 10, End: 40, Reward: &right},
		{ID: 5, Parent: 0, Start: 0, End: 50, Reward: &wrong}, // B
	}}
	if err := tree.Credit(false); err != nil {
		log.Fatal(err)
	}
	for _, n := range tree.Nodes {
		fmt.Printf("node %d of %2d, tokens %2d to %2d: value %.3f, advantage %8.5f, trained %v\n",
			n.ID, n.Parent, n.Start, n.End, n.Value, n.Advantage, n.Trained)
	}
	// Output:
	// node 0 of -1, tokens  0 to  0: value 0.500, advantage  0.00000, trained false
	// node 1 of  0, tokens  0 to 10: value 0.667, advantage  0.19245, trained true
	// node 2 of  1, tokens 10 to 40: value 1.000, advantage  0.83333, trained true
	// node 3 of  1, tokens 10 to 35: value 0.000, advantage -1.16667, trained true
	// node 4 of  1, tokens 10 to 40: value 1.000, advantage  0.83333, trained true
	// node 5 of  0, tokens  0 to 50: value 0.000, advantage  0.00000, trained false
}

// A method brings its rows of the table of hyper-parameters. A value out of range is refused with the range named, and one that
// contradicts another with both numbers.
func ExampleMethod() {
	m := rl.DAPO
	values := m.Params.Lab()
	fmt.Println(m.Title, values.Int("group"), m.Params.Paper().Int("group"))
	fmt.Println(m.Params.Set(values, "group", "1"))
	if err := m.Params.Set(values, "overlong-buffer", "192"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Check(values, hyper.Limits{Context: 256}))
	// Output:
	// DAPO 8 16
	// hyper: group is 1; give a value from 2 to 64
	// hyper: overlong-buffer is 192 and max-length is 192 tokens: every response would be punished; give a buffer below max-length, or 0
}
