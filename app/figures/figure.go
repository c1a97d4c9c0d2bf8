// Package figures draws what the lab shows as pictures: attention between the steps of a
// trace, heads, branch trees, curves of runs, accuracy against length. A figure turns
// snapshots into a scene of plain shapes (package draw); package window puts the scene on a
// screen. Figures never compute a score.
//
// A figure is a file with a type that is a [Figure], and a line in [Figures].
package figures

import (
	"fmt"
	"strings"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// Figure is one kind of picture. A type that embeds [*View] has At and Key, which do what
// most figures do, so it needs the other five methods. All calls come from one goroutine.
type Figure interface {
	// Follows lists the kinds of messages, as in [session.Kind], that Show is given. Selections
	// come always.
	Follows() []string
	// Show takes a snapshot of a kind that the figure follows, or the new session.Selection.
	// It stores what it will draw and ignores a damaged snapshot. The host then redraws the figure.
	Show(event any, now time.Time)
	// Draw adds shapes and targets to an empty scene of at least 80 × 60 pixels. It changes
	// nothing in the figure. What is missing is drawn as missing.
	Draw(s *draw.Scene)
	// At is the target at a point of the scene that was drawn last, nil for none.
	At(x, y float64) *draw.Target
	// Key takes a key and returns true, or returns false to leave it to the host: Back gives up
	// the selected step and then the head; In, Out and Fit zoom.
	Key(key Key) bool
	// Caption is one sentence that says what is drawn, for readers who do not see it.
	Caption() string
	// Table is the numbers that are drawn, each with its n and spread where it has them: what CSV saves.
	Table() session.Table
}

// Zoomer is a figure whose content can be larger than its place.
type Zoomer interface {
	// Content is the place where content is visible, and the size of the content at the
	// present zoom, in pixels.
	Content() (view draw.Box, width, height float64)
}

// Setter is a figure with options, which the address of its document carries by name.
type Setter interface {
	// Set sets an option. An empty value means its default; a name or value that the figure
	// does not know changes nothing.
	Set(name, value string)
}

// Film is a figure with frames, which a window writes as a moving picture.
type Film interface {
	// Frames is how many there are. Frame chooses one of them, from 0, and returns the one that was chosen before.
	Frames() int
	Frame(i int) (before int)
}

// Entry is a figure in the list.
type Entry struct {
	Name  string // in addresses
	Title string
	New   func(*View) Figure
}

// Figures are all figures.
var Figures = []Entry{
	{"arcs", "Attention between steps, as arcs", newArcs},
	{"matrix", "Attention between steps, as a matrix", newMatrix},
	{"heads", "Heads by layer", newHeads},
	{"losses", "Measured loss beside FCI and position", newLosses},
	{"importance", "Importance of each step beside FCI, focus and position", newImportance},
	{"samples", "Many responses to one problem", newSamples},
	{"multiples", "Attention between steps, head by head", newMultiples},
	{"ranks", "Heads ranked", newRanks},
	{"followed", "Base against trained", newFollowed},
	{"tree", "Branch tree", newTree},
	{"curves", "Metrics of runs", newCurves},
	{"scatter", "Accuracy against think tokens", newScatter},
	{"speeds", "Tokens per second by size of the model", newSpeeds},
	{"roofline", "Kernels against the ceilings of the device", newRoofline},
}

// New makes the figure of a name in [Figures]. It returns an error if there is none.
func New(name string) (*Host, error) { return newOf(Figures, name) }

func newOf(list []Entry, name string) (*Host, error) {
	var names []string
	for _, e := range list {
		if e.Name == name {
			return newHost(e), nil
		}
		names = append(names, e.Name)
	}
	return nil, fmt.Errorf("figures: there is no figure %.30q; there are %s", name, strings.Join(names, ", "))
}

// Key is what a key of the keyboard means to a figure.
type Key int

// The keys. Left to Last move the selection, Back clears it, In and Out zoom, Fit shows everything again, More and Fewer change
// how much is drawn, Next chooses the next quantity.
const (
	Left Key = iota
	Right
	Up
	Down
	First
	Last
	Enter
	Back
	In
	Out
	Fit
	More
	Fewer
	Next
)
