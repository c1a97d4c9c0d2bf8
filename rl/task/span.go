package task

import (
	"encoding/json"
	"fmt"
)

// Span is a range of tokens from Start up to, not including, End. Its JSON is [start, end].
type Span struct{ Start, End int }

// UnmarshalJSON reads two numbers, and returns an error for more or fewer.
func (s *Span) UnmarshalJSON(data []byte) error {
	var ends []int
	if err := json.Unmarshal(data, &ends); err != nil {
		return err
	}
	if len(ends) != 2 {
		return fmt.Errorf("a range is [start, end], and %.40s has %d numbers", data, len(ends))
	}
	s.Start, s.End = ends[0], ends[1]
	return nil
}

// MarshalJSON writes [start, end].
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal([2]int{s.Start, s.End}) }
