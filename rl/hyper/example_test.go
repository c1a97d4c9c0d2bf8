package hyper_test

import (
	"fmt"

	"attnlab/rl/hyper"
)

// A method takes a row with its own values: the paper's, the lab's, and where the paper's stands.
func ExampleParam_With() {
	table := hyper.Table{
		hyper.Problems.With(64, 16).From("a paper, section 4"),
		hyper.Aggregation.Choosing("sequence", "token"),
	}
	values := table.Lab()
	fmt.Println(values.Int("problems"), values.Choice("aggregation"))
	fmt.Println(table.Set(values, "problems", "1000"))
	fmt.Println(table.Set(values, "aggregation", "mean"))
	// Output:
	// 16 token
	// hyper: problems is 1000; give a value from 1 to 512
	// hyper: aggregation is "mean"; give one of token, sequence, constant
}
