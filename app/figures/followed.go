package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// followed sets two answers to one problem side by side, line by line: that of the base, and that of the policy after some steps of
// training. The colour of a token is how its log-probability changed. Option "at" is the index of the second answer.
type followed struct {
	*View
	session.Followed
	at int // -1 is the last
}

func newFollowed(v *View) Figure { return &followed{View: v, at: -1} }

// mostTokens is how many tokens of a response are drawn.
const mostTokens = 4000

// Follows lists what the figure draws.
func (f *followed) Follows() []string { return []string{"Followed"} }

// Show takes the answers so far. It ignores damaged ones.
func (f *followed) Show(event any, _ time.Time) {
	e, ok := event.(session.Followed)
	if !ok || len(e.Answers) > 0 && len(e.Answers[0].Text) > mostTokens {
		return
	}
	for _, a := range e.Answers {
		if len(a.Text) > mostTokens || len(a.Change) != 0 && len(a.Change) != len(a.Text) || len(a.OnFirst) != len(e.Answers[0].Text) {
			return
		}
		end := 0
		for _, s := range a.Steps {
			if s.Start < end || s.End < s.Start || s.End > len(a.Text) {
				return
			}
			end = s.End
		}
	}
	if e.ID != f.ID {
		f.Unzoom()
	}
	f.Followed = e
}

// Set chooses the second answer.
func (f *followed) Set(name, value string) {
	if name != "at" {
		return
	}
	f.at = -1
	if at, err := strconv.Atoi(value); err == nil && at >= 0 {
		f.at = at
	}
}

// Frames is how many answers there are, and Frame chooses one: see [Film].
func (f *followed) Frames() int { return len(f.Answers) }
func (f *followed) Frame(i int) (before int) {
	before, f.at = f.at, i
	return before
}

// second is the index of the second answer.
func (f *followed) second() int {
	if f.at < 0 || f.at >= len(f.Answers) {
		return len(f.Answers) - 1
	}
	return f.at
}

// Caption says what is drawn.
func (f *followed) Caption() string {
	if len(f.Answers) == 0 {
		return "Base against trained: no answers yet."
	}
	a, b := f.Answers[0], f.Answers[f.second()]
	return fmt.Sprintf("Two answers to one problem side by side: the base writes %d tokens, the policy after %d steps %d.", len(a.Text), max(0, b.Step), len(b.Text))
}

// Table is a row a token of both answers.
func (f *followed) Table() session.Table {
	t := session.NewTable("answer step correct token text log_probability_change")
	if len(f.Answers) == 0 {
		return t
	}
	a, b := f.Answers[0], f.Answers[f.second()]
	rows := func(name string, of session.FollowedAnswer, changes session.Scores) {
		for i, text := range of.Text {
			change := math.NaN()
			if i < len(changes) {
				change = changes[i]
			}
			t.Add(name, of.Step, of.Correct, i+1, text, change)
		}
	}
	rows("base", a, b.OnFirst)
	rows("trained", b, b.Change)
	return t
}

// Key goes to the answer before or after.
func (f *followed) Key(key Key) bool {
	at, ok := moved(key, f.second(), len(f.Answers))
	if ok {
		f.at = at
	}
	return ok
}

// part is a line of an answer: the tokens Start to End, without the line's end.
type part struct {
	session.StepView
	tokens  []string
	changes []float64 // nil where they are not known
}

// parts cuts an answer into its lines: its steps, and what comes after them.
func parts(a session.FollowedAnswer, lines []session.Line, changes []float64) (all []part) {
	for _, l := range lines {
		p := part{StepView: l.StepView}
		for _, i := range l.Tokens {
			p.tokens = append(p.tokens, a.Text[i])
			if len(changes) == len(a.Text) {
				p.changes = append(p.changes, changes[i])
			}
		}
		all = append(all, p)
	}
	return all
}

// line is the text of a part.
func (p part) line() string { return strings.Join(p.tokens, " ") }

// clipNats is the end of the scale of changes, in nats, where some are larger.
const clipNats = 3.0

// problemText is a problem without the marks around it.
func problemText(text string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(text), func(token string) bool { return strings.HasPrefix(token, "<") }), " ")
}

// scale is the end of the scale of changes, the same for all answers, and whether some change is clipped.
func (f *followed) scale() (top float64, clipped bool) {
	top = 0.1
	for _, a := range f.Answers {
		for _, list := range []session.Scores{a.Change, a.OnFirst} {
			for _, v := range list {
				if v = math.Abs(v); v > top && !math.IsInf(v, 0) {
					top = v
				}
			}
		}
	}
	return min(top, clipNats), top > clipNats
}

const followedTop = draw.Header + 24

// narrow reports whether the two answers stand below each other.
func (f *followed) narrow() bool { return f.Width < 400 }

// pairs are the aligned lines of both answers.
func (f *followed) pairs() (left, right []part, pairs [][2]int) {
	a, b := f.Answers[0], f.Answers[f.second()]
	linesOfA, linesOfB := session.Lines(a.Text, 0, a.Steps), session.Lines(b.Text, 0, b.Steps)
	return parts(a, linesOfA, b.OnFirst), parts(b, linesOfB, b.Change), session.AlignLines(linesOfA, a.Text, linesOfB, b.Text)
}

// rowHeight is the height of a pair of lines at zoom 1.
func (f *followed) rowHeight(pairs int) float64 {
	most := 28.0
	if f.narrow() {
		most = 42
	}
	return min(most, (f.Height-followedTop-draw.Margin)/float64(max(1, pairs)))
}

// Content is the place and the size of the lines.
func (f *followed) Content() (view draw.Box, width, height float64) {
	view = draw.Box{Y: followedTop, W: f.Width, H: max(1, f.Height-followedTop-draw.Margin)}
	if len(f.Answers) == 0 {
		return view, view.W, view.H
	}
	_, _, pairs := f.pairs()
	return view, view.W, f.rowHeight(len(pairs)) * f.zoom * float64(len(pairs))
}

// Draw draws the heads and the aligned lines.
func (f *followed) Draw(s *draw.Scene) {
	if len(f.Answers) == 0 {
		s.Empty("No answers yet.", "Train a run: it answers one problem as it learns.")
		return
	}
	top, clipped := f.scale()
	a, b := f.Answers[0], f.Answers[f.second()]
	title := "Base against trained"
	s.Heading(title, problemText(f.Problem)+" → "+f.Gold, true, s.Width-2*draw.Margin-draw.Width("log p change, nats", false, draw.Small)-draw.Margin)
	bar := s.Legend(draw.Margin+draw.Width(title, false, draw.Normal), stat.Signed(-top, 1), stat.Signed(top, 1), "log p change, nats", func(x float64) color.RGBA { return s.Palette.Signed(2*x - 1) })
	if clipped && bar.W > 0 {
		clipMark(s, bar)
	}
	left, right, pairs := f.pairs()
	half := (s.Width - 2*draw.Margin - 16) / 2
	l, r := draw.Box{X: draw.Margin, W: half}, draw.Box{X: draw.Margin + half + 16, W: half}
	name := func(text string, a session.FollowedAnswer) string {
		end := "wrong"
		if a.Correct {
			end = "right"
		}
		return fmt.Sprintf("%s: %d tokens, %s", text, len(a.Text), end)
	}
	base, after := name("base", a), name(fmt.Sprintf("after step %d", max(0, b.Step)), b)
	ink := s.Palette.Ink
	if f.narrow() {
		l.W, r.X, r.W = s.Width-2*draw.Margin, draw.Margin, s.Width-2*draw.Margin
		s.Add(draw.Label{X: l.X, Y: followedTop - 8, Text: draw.Fit(base+"; "+after, false, draw.Small, l.W), Size: draw.Small, Color: ink})
	} else {
		s.Add(draw.Label{X: l.X, Y: followedTop - 8, Text: draw.Fit(base, false, draw.Small, l.W), Size: draw.Small, Color: ink},
			draw.Label{X: r.X, Y: followedTop - 8, Text: draw.Fit(after, false, draw.Small, r.W), Size: draw.Small, Color: ink})
	}
	view, _, _ := f.Content()
	unit := f.rowHeight(len(pairs)) * f.zoom
	for i, pair := range pairs {
		row := draw.Box{X: draw.Margin, Y: view.Y + float64(i)*unit - f.panY, W: s.Width - 2*draw.Margin, H: unit}
		if row.Y < view.Y-0.5 || row.Y+row.H > view.Y+view.H+0.5 {
			continue
		}
		s.Add(draw.Line(row.X, row.Y, row.X+row.W, row.Y, 1, s.Palette.Line))
		place := func(b draw.Box, second bool) draw.Box {
			b.Y, b.H = row.Y+1, unit-2
			if f.narrow() {
				b.H = (unit - 2) / 2
				if second {
					b.Y += b.H
				}
			}
			return b
		}
		var lineLeft, lineRight *part
		if pair[0] >= 0 {
			lineLeft = &left[pair[0]]
		}
		if pair[1] >= 0 {
			lineRight = &right[pair[1]]
		}
		f.addLine(s, place(l, false), lineLeft, top)
		f.addLine(s, place(r, true), lineRight, top)
		s.AddTarget(draw.Target{Box: row, Row: i, Col: -1, Tip: func() []string { return pairOfLines(lineLeft, lineRight) }})
	}
}

// clipMark is an arrow between a ramp and its largest number: larger values are drawn as that one.
func clipMark(s *draw.Scene, bar draw.Box) {
	x, y := bar.X+bar.W+3, bar.Y+bar.H/2
	s.Add(draw.Path{Points: [][2]float64{{x, y - 4}, {x + 4, y}, {x, y + 4}}, Width: 1.5, Color: s.Palette.Ink})
}

// addLine draws the label and the tokens of a line; a line that the answer does not have is hatched.
func (f *followed) addLine(s *draw.Scene, b draw.Box, p *part, top float64) {
	switch {
	case p == nil:
		s.Hatch(draw.Box{X: b.X, Y: b.Y + b.H/2 - 3, W: min(b.W, 60), H: min(6, b.H)}, s.Palette.Line)
		return
	case b.H < 13: // too low for text: only the colours
		s.Add(draw.Fill{Box: draw.Box{X: b.X, Y: b.Y, W: min(b.W, 6*float64(len(p.tokens))), H: max(1, b.H-1)}, Color: s.Palette.Line})
		return
	}
	x, y := b.X+18, b.Y+b.H/2+4
	if p.Label != "" {
		addLabel(s, p.Label, draw.Box{X: b.X, Y: b.Y + (b.H-13)/2, W: 13, H: 13})
	}
	for i, token := range p.tokens {
		text := draw.Fit(token, true, draw.Small, 90)
		w := draw.Width(text, true, draw.Small) + 5
		if x+w > b.X+b.W {
			if x+8 <= b.X+b.W+0.5 {
				s.Add(draw.Label{X: x, Y: y, Text: "…", Size: draw.Small, Mono: true, Color: s.Palette.Muted})
			}
			return
		}
		fill := s.Palette.Surface
		if i < len(p.changes) {
			if v := p.changes[i]; !math.IsNaN(v) {
				fill = s.Palette.Signed(v / top)
			}
		}
		s.Add(draw.Fill{Box: draw.Box{X: x, Y: b.Y + (b.H-16)/2, W: w, H: 16}, Color: fill},
			draw.Label{X: x + 2.5, Y: y, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.On(fill)})
		x += w + 1
	}
}

// pairOfLines explains a row.
func pairOfLines(a, b *part) (tip []string) {
	say := func(who string, p *part) {
		if p == nil {
			tip = append(tip, who+": no such line")
			return
		}
		sum, known := 0.0, len(p.changes) == len(p.tokens)
		for _, v := range p.changes {
			sum += v
		}
		tip = append(tip, who+": "+p.line())
		if known {
			tip = append(tip, "   log p "+stat.Signed(sum, 2)+" in all")
		}
	}
	say("base", a)
	say("trained", b)
	return tip
}
