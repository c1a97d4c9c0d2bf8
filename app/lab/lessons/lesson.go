// Package lessons has the lessons of the lab, a file each. A lesson is shown beside the pages it is about. It asks for a
// prediction, runs an experiment on the visitor's own engine by the same actions as the pages, and compares the two.
package lessons

import "attnlab/app/session"

// Bench is what a lesson uses of the lab.
type Bench interface {
	// Now is the newest snapshots. A lesson may clear those of an experiment that it repeats.
	Now() *session.Snapshots
	// Do carries out an action by its name, as a button does, and Set gives a control its value.
	Do(action string)
	Set(control, value string)
	// Send sends a command that no button sends.
	Send(c session.Command)
	// Answered is the finished response to the problem of the view, nil before that and while the engine is busy.
	Answered() *session.Trace
	// Train begins a run of a method from the current model and lets it train.
	Train(method string, steps int, difficulty string, hyper map[string]string)
}

// Lesson is one short lesson.
type Lesson struct {
	Title   string
	About   string // one sentence, for the page Learn
	Minutes int    // to read it and to run its short experiment
	Steps   []Step

	// The prediction is the interval in which the measured value lies. Choices run from the lowest value to the highest;
	// Bounds lie between them.
	Ask      string
	Choices  []string
	Bounds   []float64
	Quantity string // what is measured, as in "the share of redundant steps"

	Tries      []Try                               // the experiment: first a size for a software adapter, then a longer one
	Beforehand func(now *session.Snapshots) string // what these sizes can tell, empty where that is not known; nil where it depends on what is measured
	Clear      func(now *session.Snapshots)
	Measure    func(now *session.Snapshots, g *Gathering) Measured
	Gather     func(b Bench, g *Gathering) // takes one of several snapshots and requests the next; nil where one snapshot is enough
}

// LessonStep is one step of a lesson. In its text [word] and [shown|word] are words of the glossary.
type Step struct {
	Part   Part
	Page   string
	Ring   string // the element that pages.css rings; empty for none
	Title  string
	Text   string
	Source string // paper and section
	Shows  []Try  // demonstrations
}

// Part is what a step is for.
type Part int

// A lesson explains, asks for a prediction, runs its experiment and checks the prediction, in this order.
const (
	Tells Part = iota
	Asks
	Runs
	Checks
)

// Try is something that a lesson does with the pages.
type Try struct {
	Label string
	Do    func(b Bench, g *Gathering)
}

// Gathering is what the snapshots of an experiment have measured so far.
type Gathering struct {
	Done, Of      int
	last          uint64      // number of the newest snapshot taken
	needed, spare []float64   // values of needed and of redundant steps, a response each
	queue         []int       // rollouts that are explained, in order
	problems      []int       // whose rollouts are explained, in the order of these:
	neededOf      [][]float64 // values of the needed steps of a problem
	spareOf       [][]float64 // and of its redundant steps

	samples  int            // continuations from each place of a response
	measured uint64         // number of the trace whose steps are sampled again
	over     []float64      // how much better FCI ranks importance than the place does, a response each
	edits    []session.Edit // of the response that is changed, one after another
	found    string         // its answer before them
	passed   int            // responses in a row without a step to change
}

// Going reports whether there is more to come.
func (g *Gathering) Going() bool { return g.Done < g.Of }

// StopEarly ends the experiment with what it has.
func (g *Gathering) StopEarly() { g.Of = g.Done }

// Base is the model that the lessons speak of.
const Base = "chain-small"

// All is every lesson, in order.
var All = []Lesson{lessonTrace, lessonAttention, lessonBranching, lessonCredit, lessonShorter, lessonImportance, lessonThought, lessonControls}

// StepFor is the first step of a lesson with a part, from 1. It panics if the lesson lacks the part.
func (c *Lesson) StepFor(part Part) int {
	for i, s := range c.Steps {
		if s.Part == part {
			return i + 1
		}
	}
	panic("lessons: the lesson " + c.Title + " lacks a part")
}

// do is a demonstration that carries out an action.
func do(action string) func(Bench, *Gathering) {
	return func(b Bench, _ *Gathering) { b.Do(action) }
}
