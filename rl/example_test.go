package rl_test

import (
	"fmt"
	"log"

	"attnlab/rl"
	"attnlab/rl/hyper"
)

// A group's advantages sum to 0. GRPO divides by the standard deviation, so that one right response of four is worth more
// than one of two; Dr. GRPO does not divide.
func ExampleGroupAdvantages() {
	rewards := []float64{1, 0, 0, 0}
	fmt.Printf("GRPO     %.3f\n", rl.GroupAdvantages(rewards, rl.PopulationStd))
	fmt.Printf("Dr. GRPO %.3f\n", rl.GroupAdvantages(rewards, rl.NoStd))
	fmt.Printf("equal    %.3f\n", rl.GroupAdvantages([]float64{1, 1, 1, 1}, rl.PopulationStd))
	// Output:
	// GRPO     [1.732 -0.577 -0.577 -0.577]
	// Dr. GRPO [0.750 -0.250 -0.250 -0.250]
	// equal    [0.000 0.000 0.000 0.000]
}

// TLMRE's reward lets a long right response lose up to α; the leave-one-out advantages then favour short ones. A wrong response
// has reward 0 whatever its length.
func ExampleRLOO() {
	rewards := rl.ShortCorrectReward([]bool{true, true, true, false}, []int{100, 200, 300, 50}, 0.2)
	fmt.Printf("rewards    %.4f\n", rewards)
	fmt.Printf("advantages %.4f\n", rl.RLOO(rewards))
	// Output:
	// rewards    [0.9546 0.9000 0.8454 0.0000]
	// advantages [0.3728 0.3000 0.2272 -0.9000]
}

// The worked example of TreeRL's credit: response A (right) is cut once, and two new tails are sampled there, one wrong and one right; response
// B (wrong) is not branched. Every node gets (V − V(root) + V − V(parent)) / √leaves.
func ExampleTree_Credit() {
	tree := rl.NewTree()
	tree.Grow(40, 1, []rl.Branch{{At: 10, Length: 25, Reward: 0}, {At: 10, Length: 30, Reward: 1}}) // A
	tree.Grow(50, 0, nil)                                                                           // B
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

// ATTNPO scales the advantage of each step by how much the answer attends to it. Here all four responses are right, so the group's accuracy is 1
// and a step below the baseline score keeps S/S_base of a positive advantage.
func ExampleATTNPO_StepScales() {
	rule := rl.NewATTNPO(hyper.Paper("attnpo"))
	group := []rl.FocusSample{
		{Correct: true, Length: 80, Answer: 10, Focus: []float64{0.20, 0.05}},
		{Correct: true, Length: 90, Answer: 10, Focus: []float64{0.20, 0.05}},
		{Correct: true, Length: 100, Answer: 10, Focus: []float64{0.20, 0.05}},
		{Correct: true, Length: 130, Answer: 10, Focus: []float64{0.20, 0.05}},
	}
	advantages := []float64{0.3, 0.1, -0.1, -0.3}
	scales, base := rule.StepScales(group, advantages, 20, 1)
	for i := range group {
		fmt.Printf("advantage %4.1f, baseline %.3f: scales %.2f\n", advantages[i], base[i], scales[i])
	}
	// Output:
	// advantage  0.3, baseline 0.100: scales [1.00 0.50]
	// advantage  0.1, baseline 0.091: scales [1.00 0.55]
	// advantage -0.1, baseline 0.083: scales [0.00 1.00]
	// advantage -0.3, baseline 0.067: scales [0.00 1.00]
}

// The credit of one group under another rule, without a model: what "attnlab credit" prints.
func ExampleCreditGroup() {
	group := rl.GroupInput{PromptLength: 12, Step: 1, Responses: []rl.Rated{
		{Length: 4, Correct: true}, {Length: 6, Correct: true}, {Length: 5},
	}}
	for _, method := range []string{"grpo", "tlmre"} {
		out, err := rl.CreditGroup(method, group, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-5s rewards %.3f advantages %.3f\n", method, out.Rewards, out.Advantages)
	}
	// Output:
	// grpo  rewards [1.000 1.000 0.000] advantages [0.707 0.707 -1.414]
	// tlmre rewards [0.946 0.854 0.000] advantages [0.519 0.381 -0.900]
}

// The clipped surrogate of one token: a ratio beyond the clip range earns nothing more, and with a negative advantage the dual clip
// bounds the loss.
func ExampleLossConfig_Surrogate() {
	c := rl.LossConfig{ClipLow: 0.2, ClipHigh: 0.28, DualClip: 3}
	fmt.Println(c.Surrogate(1, 1), c.Surrogate(2, 1), c.Surrogate(0.5, -1), c.Surrogate(10, -1))
	// Output: 1 1.28 -0.8 -3
}
