package runs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"attnlab/rl/stat"
)

// Alarm is a sentence with figures about rollouts of a run that went wrong.
type Alarm struct {
	Name string `json:"name"` // "collapsed", "longer", "repetition" or "no reasoning"
	Text string `json:"text"`
}

// Alarms looks at the newest steps of a run and, for what changes, at its first: a third of its steps each, at most 10. Rollouts are in the
// order of the steps. A healthy run has none.
func Alarms(all []Rollout) []Alarm {
	alarms := []Alarm{}
	for _, of := range []func(first, newest []Rollout) (Alarm, bool){collapsed, longer, repeating, withoutReasoning} {
		if a, is := of(ends(all)); is {
			alarms = append(alarms, a)
		}
	}
	return alarms
}

// Bounds of the alarms.
const (
	endSteps       = 10
	mostFlat       = 0.8 // share of groups; the shipped runs have .36 to .53
	mostGrowth     = 1.5 // times as long; healthy runs of the lab have at most 1.1
	mostRepeated   = 0.5 // share of a response's runs of 8 words that it had before, see Repeated
	mostRepeating  = 0.1 // share of responses
	leastThought   = 0.1 // of the first responses' think tokens
	mostThoughtful = 0.2 // share of responses with less thought
)

// ends are the rollouts of the first and of the newest steps; of fewer than 3 steps, first is empty and newest is all.
func ends(all []Rollout) (first, newest []Rollout) {
	var steps []int
	for _, r := range all {
		if n := len(steps); n == 0 || steps[n-1] != r.Step {
			steps = append(steps, r.Step)
		}
	}
	if len(steps) < 3 {
		return nil, all
	}
	n := min(endSteps, len(steps)/3)
	until, from := steps[n-1], steps[len(steps)-n]
	for _, r := range all {
		if r.Step <= until {
			first = append(first, r)
		}
		if r.Step >= from {
			newest = append(newest, r)
		}
	}
	return first, newest
}

// stepsOf names the steps of some rollouts.
func stepsOf(of []Rollout) string {
	from, to := of[0].Step, of[len(of)-1].Step
	if from == to {
		return fmt.Sprintf("step %d", from)
	}
	return fmt.Sprintf("steps %d to %d", from, to)
}

// collapsed reports groups in which all rewards are equal, from which most methods learn nothing.
func collapsed(_, newest []Rollout) (Alarm, bool) {
	flat, groups := 0, 0
	for _, g := range GroupsOf(newest) {
		if len(g) < 2 {
			continue
		}
		groups++
		if !slices.ContainsFunc(g, func(r Rollout) bool { return r.Reward != g[0].Reward }) {
			flat++
		}
	}
	if groups == 0 || portion(flat, groups) <= mostFlat {
		return Alarm{}, false
	}
	return Alarm{"collapsed", fmt.Sprintf("All rewards are equal in %d of %d groups of %s (%s), and such a group teaches most methods nothing.", flat, groups, stepsOf(newest), percent(flat, groups))}, true
}

// longer reports responses that have become longer.
func longer(first, newest []Rollout) (Alarm, bool) {
	mean := func(of []Rollout) float64 {
		var lengths []float64
		for _, r := range of {
			if r.Tokens > 0 {
				lengths = append(lengths, float64(r.Tokens))
			}
		}
		return stat.Mean(lengths)
	}
	if len(first) == 0 {
		return Alarm{}, false
	}
	before, after := mean(first), mean(newest)
	if !(after > mostGrowth*before) {
		return Alarm{}, false
	}
	return Alarm{"longer", fmt.Sprintf("Responses have %.0f tokens in %s and %.0f in %s: %.1f times as many%s.", after, stepsOf(newest), before, stepsOf(first), after/before, rightWords(first, newest))}, true
}

// rightWords add how often the responses are right, where that is known.
func rightWords(first, newest []Rollout) string {
	rightOf := func(of []Rollout) string {
		right, known := 0, 0
		for _, r := range of {
			if r.Correct != nil {
				known++
				right += int(stat.Indicator(*r.Correct))
			}
		}
		if known == 0 {
			return ""
		}
		return percent(right, known)
	}
	a, b := rightOf(newest), rightOf(first)
	if a == "" || b == "" {
		return ""
	}
	return fmt.Sprintf("; %s of them are right, and %s were", a, b)
}

// repeating reports responses that say the same again and again.
func repeating(_, newest []Rollout) (Alarm, bool) {
	n := 0
	for _, r := range newest {
		if Repeated(r.Response) > mostRepeated {
			n++
		}
	}
	if len(newest) == 0 || portion(n, len(newest)) <= mostRepeating {
		return Alarm{}, false
	}
	return Alarm{"repetition", fmt.Sprintf("%d of %d responses of %s (%s) have more than half of their runs of 8 words twice.", n, len(newest), stepsOf(newest), percent(n, len(newest)))}, true
}

// repeatedWords is how many words in a row must come again.
const repeatedWords = 8

// Repeated is the share of a text's runs of 8 words that it had before; 0 where it has fewer than two.
func Repeated(text string) float64 {
	words := strings.Fields(text)
	seen, again, n := map[string]bool{}, 0, 0
	for i := 0; i+repeatedWords <= len(words); i++ {
		run := strings.Join(words[i:i+repeatedWords], " ")
		if seen[run] {
			again++
		}
		seen[run] = true
		n++
	}
	return float64(again) / float64(max(1, n))
}

// withoutReasoning reports responses that answer with hardly a thought before.
func withoutReasoning(first, newest []Rollout) (Alarm, bool) {
	var thought []float64
	for _, r := range first {
		thought = append(thought, float64(r.Think))
	}
	usual, n, answers := stat.Mean(thought), 0, 0
	for _, r := range newest {
		if r.WellFormed == nil || !*r.WellFormed {
			continue
		}
		answers++
		if float64(r.Think) < leastThought*usual {
			n++
		}
	}
	if answers == 0 || !(usual > 0) || portion(n, answers) <= mostThoughtful {
		return Alarm{}, false
	}
	return Alarm{"no reasoning", fmt.Sprintf("%d of %d answers of %s (%s) come after fewer than %.0f think tokens; in %s the mean was %.0f.", n, answers, stepsOf(newest), percent(n, answers), leastThought*usual, stepsOf(first), usual)}, true
}

func percent(n, of int) string { return fmt.Sprintf("%.0f %%", 100*portion(n, of)) }

// GroupsOf are rollouts by their group: the responses to one problem in one step, in the order of their first.
func GroupsOf(all []Rollout) (groups [][]Rollout) {
	type key struct {
		step    int
		problem string // its name, or its prompt where a log names none
	}
	at := map[key]int{}
	for _, r := range all {
		k := key{r.Step, cmp.Or(r.Problem, r.Prompt)}
		if _, seen := at[k]; !seen {
			at[k], groups = len(groups), append(groups, nil)
		}
		groups[at[k]] = append(groups[at[k]], r)
	}
	return groups
}

func portion(n, of int) float64 { return float64(n) / float64(of) }
