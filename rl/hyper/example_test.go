package hyper_test

import (
	"fmt"
	"log"
	"strings"

	"attnlab/rl/hyper"
)

// One table holds every hyper-parameter: the paper's value, the lab's value, the range, and where it was read.
func ExampleLookup() {
	p, ok := hyper.Lookup("alpha")
	fmt.Println(ok, p.Symbol, p.Min, p.Max)
	fmt.Println(p.Meaning)
	fmt.Println(p.Source)
	// Output:
	// true α 0 1
	// share of the reward that a long correct response can lose
	// TLMRE (Arora & Zanette); ATTNPO code
}

// Values are set from text, as flags and links give it. A value out of range is refused with the range named.
func ExampleValues_Set() {
	values := hyper.Lab("attnpo")
	if err := values.Set("group", "16"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(values.Int("group"), hyper.Paper("attnpo").Int("group"))
	_, problem, _ := strings.Cut(values.Set("group", "1").Error(), ": ")
	fmt.Println(problem)
	// Output:
	// 16 8
	// group is 1; give a value from 2 to 64
}
