package stat

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Counts are whole numbers from 0 on, such as one for each problem of an evaluation. Their JSON is one text, "4 0 3", so that a thousand
// of them stay on one line of an indented document.
type Counts []int

// MarshalJSON writes the text.
func (c Counts) MarshalJSON() ([]byte, error) {
	words := make([]string, len(c))
	for i, n := range c {
		words[i] = strconv.Itoa(n)
	}
	return json.Marshal(strings.Join(words, " "))
}

// UnmarshalJSON is the inverse. It returns an error for anything else.
func (c *Counts) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("counts are %.40s; they must be a text of whole numbers, such as \"4 0 3\"", data)
	}
	*c = Counts{}
	for _, word := range strings.Fields(text) {
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil {
			return fmt.Errorf("a count is %.40q; it must be a whole number from 0 on", word)
		}
		*c = append(*c, int(n))
	}
	return nil
}

// Floats are the counts as values for the statistics of this package.
func (c Counts) Floats() []float64 {
	x := make([]float64, len(c))
	for i, n := range c {
		x[i] = float64(n)
	}
	return x
}
