package lab_test

import (
	"fmt"

	"attnlab/app/lab"
)

// A view is written after the # of the address, and only where it differs from the first view. What cannot be read is named, and
// everything else of the link still opens.
func Example() {
	v := lab.Start()
	v.Example, v.Text = false, "k 8 ; o 4 ; b &k * &o ; ? b"
	v.Sampling.Temperature = 1
	v.Selection.Step = 1 // the second
	link := v.String()
	fmt.Println(link)

	same, unread := lab.ParseLink("#" + link)
	fmt.Println(same == v, unread == "")

	other, unread := lab.ParseLink("#page=heads&seed=7&temperature=hot")
	fmt.Println(other.Page, other.Seed, other.Sampling.Temperature)
	fmt.Println(unread)
	// Output:
	// page=trace&problem=k%208%20%3B%20o%204%20%3B%20b%20%26k%20%2A%20%26o%20%3B%20%3F%20b&temperature=1&step=2
	// true true
	// heads 7 0.6
	// Parts of the link could not be read (temperature "hot"). The page shows the rest.
}
