package runs

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Seed is the seed of a run. JSON readers such as JavaScript's and pandas' hold whole
// numbers as float64, which is exact up to 2^53: a larger seed is written as text.
// Both forms are read.
type Seed uint64

// exactFloats is the largest n such that every whole number up to n is a float64.
const exactFloats = 1 << 53

// MarshalJSON writes a number, or text above 2^53.
func (s Seed) MarshalJSON() ([]byte, error) {
	text := s.String()
	if s > exactFloats {
		text = `"` + text + `"`
	}
	return []byte(text), nil
}

// UnmarshalJSON reads a number or text. It returns an error for anything else, and for numbers below 0 or above 2^64-1.
func (s *Seed) UnmarshalJSON(data []byte) error {
	text := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("a seed is %.40s; it must be a whole number from 0 to 18446744073709551615", data)
	}
	*s = Seed(n)
	return nil
}

func (s Seed) String() string { return strconv.FormatUint(uint64(s), 10) }
