package lab

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// Contrast says which row of the chosen runs is contrasted with every other, and in what. The zero value is none.
type Contrast struct {
	Row     string  // id of a run of the row
	Outcome string  // one of [runs.AllOutcomes]; empty is all of [runs.Outcomes]
	Within  float64 // the difference of Outcome that is too small to matter; 0 is none
}

// write adds a contrast to a link.
func (c Contrast) write(add func(key, value string)) {
	if c.Row == "" {
		return
	}
	add("paired", c.Row)
	if c.Outcome != "" {
		add("outcome", c.Outcome)
	}
	if c.Within > 0 {
		add("within", withinText(c.Within))
	}
}

// readContrast is the inverse of write.
func readContrast(q *linkReader) (c Contrast) {
	if c.Row = q.text("paired"); c.Row == "" {
		return c
	}
	q.choose("outcome", &c.Outcome, runs.AllOutcomes)
	if q.has("within") {
		within, ok := parseWithin(q.text("within"))
		if !ok || c.Outcome == "" {
			q.refuse("within")
			return c
		}
		c.Within = within
	}
	return c
}

// WithinText is the difference that is too small to matter, as the field has it; empty where there is none.
func (s *State) WithinText() string {
	if x := s.Controls.Contrast.Within; x > 0 {
		return withinText(x)
	}
	return ""
}

func withinText(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// parseWithin reads a difference that is too small to matter.
func parseWithin(text string) (x float64, ok bool) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return x, err == nil && x >= 0 && x <= session.MaxWithin
}

// contrastOf is what the engine contrasted.
func contrastOf(v session.Contrasts) Contrast {
	if len(v.Rows) == 0 {
		return Contrast{}
	}
	return Contrast{v.Asked.Row, v.Asked.Outcome, v.Asked.Within}
}

// ContrastRows are the rows that can be contrasted, by the id of the first run of each, with their names.
func (s *State) ContrastRows() (ids []string, names map[string]string) {
	names = map[string]string{}
	for _, g := range Standings(s.ChosenRuns()) {
		id := g.Runs[0].Info.ID
		ids, names[id] = append(ids, id), g.Name
	}
	return ids, names
}

// ContrastRow is the row that the control shows: the chosen one, else the first.
func (s *State) ContrastRow() string {
	ids, _ := s.ContrastRows()
	if slices.Contains(ids, s.Controls.Contrast.Row) || len(ids) == 0 {
		return s.Controls.Contrast.Row
	}
	return ids[0]
}

// Contrasted reports whether the newest contrasts are of the chosen runs.
func (s *State) Contrasted() bool {
	var ids []string
	for _, r := range s.ChosenRuns() {
		ids = append(ids, r.Info.ID)
	}
	of := slices.Sorted(slices.Values(s.Contrasts.Of))
	return len(s.Contrasts.Rows) > 0 && slices.Equal(slices.Sorted(slices.Values(ids)), of)
}

func (l *Lab) mayContrast() bool {
	ids, _ := l.ContrastRows()
	_, wrong := l.Refused["within"]
	return l.Page == PageCompare && l.Ready() && len(ids) > 1 && !wrong
}

// contrastCommand asks for the contrasts of the view.
func (l *Lab) contrastCommand() session.ContrastRuns {
	c := session.ContrastRuns{IDs: []string{}, Row: l.View.Contrast.Row, Outcome: l.View.Contrast.Outcome, Within: l.View.Contrast.Within}
	if l.Compared != "" {
		c.IDs = strings.Split(l.Compared, ",")
	}
	return c
}

// contrast contrasts the chosen row with every other. The bound belongs to a single outcome.
func (l *Lab) contrast() {
	c := l.Controls.Contrast
	if c.Row = l.ContrastRow(); c.Outcome == "" {
		c.Within = 0
	}
	l.Contrasts, l.View.Contrast = session.Contrasts{}, c
	l.Send(l.contrastCommand())
}

// setContrast gives a control of the contrasts its value. It returns false if there is no such control.
func (l *Lab) setContrast(name, value string) bool {
	c := &l.Controls.Contrast
	switch name {
	case "contrast-row":
		c.Row = value
	case "outcome":
		if value == "" || slices.Contains(runs.AllOutcomes, value) {
			c.Outcome = value
		}
	case "within":
		within, ok := parseWithin(value)
		if !ok && strings.TrimSpace(value) != "" {
			l.refuse(name, value, fmt.Sprintf("Give a number from 0 to %s, or nothing.", upTo(session.MaxWithin)))
			break
		}
		delete(l.Refused, name)
		c.Within = within
		if !ok {
			c.Within = 0
		}
	default:
		return false
	}
	return true
}

// saveContrasts offers the contrasts as a file of a kind, csv or json.
func (l *Lab) saveContrasts(kind string) {
	media, data, err := "text/csv", []byte(nil), error(nil)
	if kind == "json" {
		media = "application/json"
		data, err = json.MarshalIndent(l.Contrasts, "", "\t")
	} else {
		data, err = csvOf(contrastLines(&l.Contrasts))
	}
	if err != nil {
		l.Failure = session.Failure{Command: "ContrastRuns", Text: "The contrasts could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download("attnlab-contrasts."+kind, media, data)
}

// contrastLines are a head and a line a contrast, with all digits. An empty field is a number that the contrast does not have.
func contrastLines(v *session.Contrasts) [][]string {
	number := func(x stat.Number) string {
		if f := float64(x); !math.IsNaN(f) {
			return csvNumber(&f)
		}
		return ""
	}
	lines := [][]string{{"outcome", "row", "less", "difference", "low", "high", "problems_drawn_low", "problems_drawn_high", "n", "pairs", "test", "p", "p_holm", "within", "verdict"}}
	for _, c := range v.Rows {
		nested := []string{"", ""}
		if c.Nested != nil {
			nested = []string{number(c.Nested.Low), number(c.Nested.High)}
		}
		lines = append(lines, []string{c.Outcome, c.First, c.Second, number(c.Estimate), number(c.Low), number(c.High), nested[0], nested[1],
			strconv.Itoa(c.N), c.Pairs, c.Test, number(c.P), number(c.Holm), csvNumber(&c.Within), string(c.Verdict)})
	}
	return lines
}
