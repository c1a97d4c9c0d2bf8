package lab

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/task"
)

// labelsKey is where the browser stores the labels that a visitor gave by hand.
const labelsKey = "attnlab-labels"

// mostLabelled bounds the prompts whose labels are stored, the newest first; those that were labelled longest ago go first.
const mostLabelled = 200

// labelled are the labels by hand of the responses of a model to a prompt.
type labelled struct {
	Model  string          `json:"model"`
	Prompt string          `json:"prompt"` // its checksum
	Labels []labelledRange `json:"labels"`
}

// labelledRange is a step by its tokens in the trace. Sum is the checksum of all tokens to its end: another response has another.
type labelledRange struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Sum   string `json:"sum"`
	Label string `json:"label"`
}

// handLabels is what the page holds of labels by hand beside the trace.
type handLabels struct {
	labelled     []labelled // of this and earlier visits, the newest first
	linkedLabels string     // of a link, until its response is there
}

// sumOf is a checksum of tokens.
func sumOf(tokens []int) string {
	h := fnv.New64a()
	for _, id := range tokens {
		fmt.Fprintf(h, "%d ", id)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// labelStep gives a step a label, or takes it back where the label is empty, and stores that.
func (l *Lab) labelStep(k int, label string) {
	if k < 0 || k >= len(l.Trace.Steps) {
		return
	}
	l.storeLabel(k, label)
	l.Send(session.LabelSteps{Labels: []session.StepLabel{{Step: k, Label: label}}})
}

// storedLabels are the stored labels of the responses to the prompt of the trace, nil where there are none.
func (l *Lab) storedLabels() *labelled {
	prompt := sumOf(l.Trace.Tokens[:l.Trace.PromptLength])
	i := slices.IndexFunc(l.labelled, func(x labelled) bool { return x.Model == l.Capabilities.Model.Name && x.Prompt == prompt })
	if i < 0 {
		return nil
	}
	return &l.labelled[i]
}

// storeLabel stores the label of a step of the trace, or forgets it.
func (l *Lab) storeLabel(k int, label string) {
	of := labelled{Model: l.Capabilities.Model.Name, Prompt: sumOf(l.Trace.Tokens[:l.Trace.PromptLength])}
	if stored := l.storedLabels(); stored != nil {
		of.Labels = slices.Clone(stored.Labels)
	}
	s := l.Trace.Steps[k]
	one := labelledRange{s.Start, s.End, sumOf(l.Trace.Tokens[:s.End]), label}
	of.Labels = slices.DeleteFunc(of.Labels, func(x labelledRange) bool { return x.Start == one.Start && x.Sum == one.Sum })
	if label != "" {
		of.Labels = append(of.Labels, one)
	}
	l.labelled = slices.DeleteFunc(l.labelled, func(x labelled) bool { return x.Model == of.Model && x.Prompt == of.Prompt })
	if len(of.Labels) > 0 {
		l.labelled = slices.Insert(l.labelled, 0, of)
	}
	l.labelled = l.labelled[:min(len(l.labelled), mostLabelled)]
	l.screen.Store(labelsKey, l.labelled)
}

// relabel gives the steps of a trace the labels of the link that led to it, else those that are stored for them. It waits for an idle
// engine: steps are counted in the trace that the page has.
func (l *Lab) relabel() {
	if l.Status.Busy || !l.Opened || !l.FreeText() || l.Trace.Recorded != nil || !l.current() {
		return
	}
	var give []session.StepLabel
	if text := l.linkedLabels; text != "" {
		if l.linkedLabels = ""; !strings.HasPrefix(text, l.labelSum()+".") {
			l.Notice = "The labels of this link are of another response than the one that the engine samples here, so they are not shown."
			return
		}
		for k, label := range parseLabels(text) {
			if k < len(l.Trace.Steps) {
				l.storeLabel(k, label)
			}
		}
	}
	if of := l.storedLabels(); of != nil {
		for k, s := range l.Trace.Steps {
			for _, x := range of.Labels {
				if !s.ByHand && x.Start == s.Start && x.End == s.End && x.Sum == sumOf(l.Trace.Tokens[:s.End]) {
					give = append(give, session.StepLabel{Step: k, Label: x.Label})
				}
			}
		}
	}
	if len(give) > 0 {
		l.Send(session.LabelSteps{Labels: give})
	}
}

// mostLinked bounds the labels that a link carries, in bytes.
const mostLinked = 400

// labelSum is a short checksum of the response that labels in a link are of.
func (s *State) labelSum() string { return sumOf(s.Trace.Tokens)[:8] }

// labelsForLink writes the labels by hand of a trace, "1f3a55c0.2-essential.5-wrong" with steps counted from 1. Where they are too long for a
// link, or nothing is labelled, it is empty.
func (s *State) labelsForLink() string {
	text := ""
	for k, v := range s.Trace.Steps {
		if v.ByHand {
			text += fmt.Sprintf(".%d-%s", k+1, v.Label)
		}
	}
	if text == "" || len(text) > mostLinked || s.Trace.Recorded != nil {
		return ""
	}
	return s.labelSum() + text
}

// parseLabels is the inverse of labelsForLink: labels by step, from 0. It is nil for a text that is damaged.
func parseLabels(text string) map[int]string {
	sum, list, found := strings.Cut(text, ".")
	if _, err := strconv.ParseUint(sum, 16, 32); err != nil || !found || len(sum) != 8 {
		return nil
	}
	labels := map[int]string{}
	for one := range strings.SplitSeq(list, ".") {
		number, label, _ := strings.Cut(one, "-")
		k, err := strconv.Atoi(number)
		var known task.Label
		if err != nil || k < 1 || known.UnmarshalText([]byte(label)) != nil {
			return nil
		}
		labels[k-1] = label
	}
	return labels
}
