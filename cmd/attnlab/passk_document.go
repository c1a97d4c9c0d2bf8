package main

import (
	"fmt"
	"io"
	"strings"

	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/many"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// passkDocument is what passk prints.
type passkDocument struct {
	Problems    int            `json:"problems"`
	Samples     int            `json:"samples"` // responses to each
	Pass        []passRow      `json:"pass"`
	ByProblem   []passProblem  `json:"by_problem"`
	Lengths     []stat.Bin     `json:"lengths"` // histogram of the tokens of all responses
	Rewards     []stat.Bin     `json:"rewards"` // histogram of all rewards
	Reward      string         `json:"reward"`  // the method that they are of
	Responses   []passResponse `json:"responses,omitempty"`
	Temperature float64        `json:"temperature"`
	Longest     int            `json:"max_length"` // tokens of the longest response
	openedAs
}

// passRow is pass@k with its 95 % interval.
type passRow struct {
	K     int    `json:"k"`
	Value number `json:"value"`
	Low   number `json:"low"`
	High  number `json:"high"`
}

// passProblem is what the responses to one problem show.
type passProblem struct {
	Problem int       `json:"problem"`
	Prompt  string    `json:"prompt"`
	Gold    string    `json:"gold"`
	Correct int       `json:"correct"`
	Answers int       `json:"answers"` // different ones of well-formed responses
	Tokens  float64   `json:"tokens"`  // mean length
	Split   passSplit `json:"split"`
}

// passSplit is where the responses to a problem first part.
type passSplit struct {
	Token   int          `json:"token"` // of the response
	Step    int          `json:"step"`  // -1 where all steps are the same
	Options []passOption `json:"options"`
}

type passOption struct {
	Text    string `json:"text"`
	N       int    `json:"n"`
	Correct int    `json:"correct"`
}

// passResponse is a response to the only problem.
type passResponse struct {
	Text        string  `json:"text"`
	Correct     bool    `json:"correct"`
	WellFormed  bool    `json:"well_formed"`
	Answer      string  `json:"answer"`
	Tokens      int     `json:"tokens"`
	ThinkTokens int     `json:"think_tokens"`
	Reward      float64 `json:"reward"`
	Steps       []step  `json:"steps"`
}

// newPasskDocument makes the document of the responses to problems, samples to each, one problem after another.
func newPasskDocument(kind task.Task, attempts []examine.Attempt, samples int, reward rl.Method) (d passkDocument, err error) {
	d = passkDocument{Problems: len(attempts) / samples, Samples: samples, Pass: []passRow{}, Reward: reward.Name}
	var right []int
	var lengths, rewards []float64
	for p := range d.Problems {
		own := attempts[p*samples : (p+1)*samples]
		var traces []task.Trace
		row := passProblem{Problem: p, Prompt: task.Text(kind, own[0].Problem.Prompt), Gold: own[0].Problem.Gold}
		answers := map[string]bool{}
		for _, a := range own {
			t := a.Trace
			traces = append(traces, t)
			lengths = append(lengths, float64(len(t.Response())))
			row.Tokens += float64(len(t.Response())) / float64(samples)
			if t.Correct {
				row.Correct++
			}
			if t.WellFormed {
				answers[t.Answer] = true
			}
		}
		ownRewards, err := many.Rewards(reward, kind, traces)
		if err != nil {
			return d, err
		}
		rewards, right = append(rewards, ownRewards...), append(right, row.Correct)
		row.Answers, row.Split = len(answers), newPassSplit(many.FirstSplit(kind, traces))
		d.ByProblem = append(d.ByProblem, row)
	}
	for _, p := range many.PassCurve(right, samples) {
		d.Pass = append(d.Pass, passRow{p.K, number(p.Value), number(p.Low), number(p.High)})
	}
	d.Lengths, d.Rewards = stat.Bins(lengths, 12), stat.Bins(rewards, 12)
	if d.Problems == 1 {
		for i, a := range attempts {
			t := a.Trace
			d.Responses = append(d.Responses, passResponse{task.Text(kind, t.Response()), t.Correct, t.WellFormed, t.Answer, len(t.Response()), t.ThinkTokens(), rewards[i], stepsOf(kind, t)})
		}
	}
	return d, nil
}

func newPassSplit(s many.Split) passSplit {
	out := passSplit{s.Token, s.Step, []passOption{}}
	for _, o := range s.Options {
		out.Options = append(out.Options, passOption{o.Text, o.N, o.Right})
	}
	return out
}

// mostPassRows is how many problems or responses the text lists.
const mostPassRows = 40

func (d passkDocument) text(w io.Writer) {
	fmt.Fprintf(w, "k\tpass@k\t95 %%\n")
	for _, p := range d.Pass {
		fmt.Fprintf(w, "%d\t%v\t[%v, %v]\n", p.K, p.Value, p.Low, p.High)
	}
	fmt.Fprintf(w, "\nof %d responses to each of %d problems\n\n", d.Samples, d.Problems)
	if d.Problems == 1 {
		d.responsesText(w)
	} else {
		fmt.Fprintf(w, "problem\tright\tanswers\ttokens\tparts at step\tmost frequent there\n")
		for i, p := range d.ByProblem {
			if i == mostPassRows {
				fmt.Fprintf(w, "and %d more problems (--json lists all)\n", len(d.ByProblem)-i)
				break
			}
			at, first := "–", ""
			if p.Split.Step >= 0 {
				at, first = fmt.Sprint(p.Split.Step), p.Split.Options[0].line()
			}
			fmt.Fprintf(w, "%d\t%d\t%d\t%.1f\t%s\t%s\n", p.Problem, p.Correct, p.Answers, p.Tokens, at, first)
		}
	}
	binsText(w, "tokens", d.Lengths)
	binsText(w, "reward, "+d.Reward, d.Rewards)
}

func (d passkDocument) responsesText(w io.Writer) {
	fmt.Fprintf(w, "response\tright\tanswer\ttokens\treward\tsteps\n")
	for i, r := range d.Responses {
		if i == mostPassRows {
			fmt.Fprintf(w, "and %d more responses (--json lists all)\n", len(d.Responses)-i)
			break
		}
		right := "no"
		if r.Correct {
			right = "yes"
		}
		var kinds strings.Builder
		for _, s := range r.Steps {
			kinds.WriteString(s.Label.String()[:1])
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%.3f\t%s\n", i, right, r.Answer, r.Tokens, r.Reward, kinds.String())
	}
	fmt.Fprintln(w, "steps by the first letter of their label: essential, redundant, correcting, wrong, malformed, unlabelled")
	s := d.ByProblem[0].Split
	if s.Step < 0 {
		fmt.Fprintf(w, "\nall responses have the same steps; their tokens part at token %d\n", s.Token)
		return
	}
	fmt.Fprintf(w, "\nthe responses part at token %d, step %d\n", s.Token, s.Step)
	for _, o := range s.Options {
		fmt.Fprintf(w, "  %s\n", o.line())
	}
}

// line says an option and how often it leads to the right answer.
func (o passOption) line() string {
	text := []rune(strings.Join(strings.Fields(o.Text), " "))
	if len(text) > 48 {
		text = append(text[:48], '…')
	}
	if len(text) == 0 {
		text = []rune("(the answer)")
	}
	return fmt.Sprintf("%d times %s: %d right", o.N, string(text), o.Correct)
}

// binsText draws a histogram.
func binsText(w io.Writer, name string, bins []stat.Bin) {
	most := 1
	for _, b := range bins {
		most = max(most, b.N)
	}
	fmt.Fprintf(w, "\n%s\tresponses\n", name)
	for _, b := range bins {
		fmt.Fprintf(w, "%.6g to %.6g\t%d\t%s\n", b.Low, b.High, b.N, strings.Repeat("█", (b.N*30+most-1)/most))
	}
}
