package lab

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// Beside is a saved trace that is compared with the one that is shown.
type Beside struct {
	Name  string // of its file
	Trace session.Trace

	made *Differences // the newest
}

// Differences sets the responses of two traces side by side, line by line.
type Differences struct {
	Here, There []session.Line
	Pairs       [][2]int // of lines, -1 where the other trace has none
	First       int      // the first pair that differs, -1 for none
	Token       int      // the first token that differs, counted in the response; -1 for none
	SameProblem bool
	// Change is the log-probability of each token there less that here, [T] of Trace, up to the first difference: until there both models read
	// the same tokens. Beyond it, and where a trace has none, it is NaN; nil where there is none at all.
	Change []float64
	Top    float64 // the largest of them, without its sign

	of       *string // the first token of the trace here
	tokens   int     // that it had
	logProbs int
}

// openBeside compares the trace that is shown with that in a file.
func (l *Lab) openBeside(name string, data []byte) error {
	t, err := readTrace(data)
	if err != nil {
		return fmt.Errorf("%s holds no trace that can be compared (%s). Open one that the lab's Save button saved.", name, strings.TrimRight(session.Message(err), "."))
	}
	if t.Task != l.Trace.Task {
		return fmt.Errorf("%s has a trace of task %.40q, and the one shown is of task %.40q. Open one of the same task.", name, t.Task, l.Trace.Task)
	}
	l.Beside = &Beside{Name: name, Trace: t}
	l.screen.Reveal("beside")
	return nil
}

// Differences is the comparison with the saved trace; false where there is none, or nothing to compare with it.
func (s *State) Differences() (*Differences, bool) {
	b := s.Beside
	if b == nil || len(s.Trace.Tokens) == 0 || b.Trace.Task != s.Trace.Task {
		return nil, false
	}
	if c := b.made; c == nil || c.of != &s.Trace.Text[0] || c.tokens != len(s.Trace.Tokens) || c.logProbs != len(s.Trace.LogProbs) {
		b.made = compareTraces(&s.Trace, &b.Trace)
	}
	return b.made, true
}

// compareTraces compares two traces that have passed [session.Trace.Check].
func compareTraces(here, there *session.Trace) *Differences {
	c := &Differences{First: -1, Token: -1, of: &here.Text[0], tokens: len(here.Tokens), logProbs: len(here.LogProbs)}
	c.Here, c.There = session.Lines(here.Text, here.PromptLength, here.Steps), session.Lines(there.Text, there.PromptLength, there.Steps)
	c.Pairs = session.AlignLines(c.Here, here.Text, c.There, there.Text)
	c.First = slices.IndexFunc(c.Pairs, func(p [2]int) bool { return !c.Same(p, here, there) })
	c.SameProblem = slices.Equal(here.Text[:here.PromptLength], there.Text[:there.PromptLength])
	a, b := here.Text[here.PromptLength:], there.Text[there.PromptLength:]
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	if same < len(a) || same < len(b) {
		c.Token = same
	}
	if !c.SameProblem || same == 0 || len(here.LogProbs) != len(here.Tokens) || len(there.LogProbs) != len(there.Tokens) {
		return c
	}
	c.Change = make([]float64, len(there.Tokens))
	for i := range c.Change {
		c.Change[i] = math.NaN()
		if at := i - there.PromptLength; at >= 0 && at < same {
			c.Change[i] = float64(there.LogProbs[i]) - float64(here.LogProbs[here.PromptLength+at])
			c.Top = max(c.Top, math.Abs(c.Change[i]))
		}
	}
	return c
}

// Same reports whether the lines of a pair have the same tokens.
func (c *Differences) Same(pair [2]int, here, there *session.Trace) bool {
	if pair[0] < 0 || pair[1] < 0 {
		return false
	}
	return slices.EqualFunc(c.Here[pair[0]].Tokens, c.There[pair[1]].Tokens, func(i, j int) bool { return here.Text[i] == there.Text[j] })
}

// Equal counts the pairs of lines that are the same.
func (c *Differences) Equal(here, there *session.Trace) (n int) {
	for _, pair := range c.Pairs {
		if c.Same(pair, here, there) {
			n++
		}
	}
	return n
}

// saveBeside offers the comparison as a table, a line a pair.
func (l *Lab) saveBeside() {
	if c, ok := l.Differences(); ok {
		l.saveMeasured("Compare", "comparison", "beside", "csv", c.lines(&l.Trace, &l.Beside.Trace), nil)
	}
}

// lines are a head and a line a pair of lines. An empty field is what a trace does not have there; change is the sum of [Differences.Change].
func (c *Differences) lines(here, there *session.Trace) [][]string {
	rows := [][]string{{"line", "same", "label", "text", "label_saved", "text_saved", "log_probability_change"}}
	for i, pair := range c.Pairs {
		row := []string{strconv.Itoa(i + 1), strconv.FormatBool(c.Same(pair, here, there)), "", "", "", "", ""}
		if at := pair[0]; at >= 0 {
			row[2], row[3] = c.Here[at].Label, c.Here[at].Words(here.Text)
		}
		if at := pair[1]; at >= 0 {
			row[4], row[5] = c.There[at].Label, c.There[at].Words(there.Text)
			row[6] = csvNumber(c.changeOf(c.There[at]))
		}
		rows = append(rows, row)
	}
	return rows
}

// changeOf is the sum of the changes of a line of the saved trace, nil where none of its tokens has one.
func (c *Differences) changeOf(line session.Line) (sum *float64) {
	for _, i := range line.Tokens {
		if i >= len(c.Change) || math.IsNaN(c.Change[i]) {
			continue
		}
		if sum == nil {
			sum = new(float64)
		}
		*sum += c.Change[i]
	}
	return sum
}
