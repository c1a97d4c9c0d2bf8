package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"

	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

var headsCommand = command{
	name: "heads",
	does: "finds the heads whose answer looks back at needed steps",
	about: `
It samples answers to probing problems and scores every head on the correct ones, or with --all on wrong ones too:

  sra       step ranking accuracy: the share of pairs of a needed and a redundant step of a response that the head's focus orders
            correctly, averaged over responses; 0.5 is chance (ATTNPO)
  pairs     the number of these pairs
  kurtosis  of what later steps pay to each step, averaged: high for receiver heads (Thought Anchors)
  mean_fci  mean over steps of the head's forward context influence (AttnRL)

Brackets, sra_low and sra_high are 95 % intervals over responses. position is the sra of a step's place alone, earlier first, without any
attention; where needed steps come late, as in countdown, compare with 1 less that. key_focus are the best heads by sra, which ATTNPO averages.

held_out chooses the heads on every other correct response and judges them on the rest, beside position: the best of many heads is good by
luck on the responses that it was chosen on. scores are the scores of "attnlab trace" over all correct responses: their rank correlation with
the place of the step, and how well each ranks needed steps above redundant ones.

  attnlab heads --problems 300
  attnlab heads --difficulty 2-3 --top 3 --json
  attnlab heads --model FOLDER --task few-shot-chain --problems 100 --layers 10-20
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		s := takeSampled(f, 300)
		delta := f.Int("delta", defaultDelta(), "`Δ`, steps from which on later steps count for kurtosis and FCI")
		all := f.Bool("all", false, "score heads on wrong responses too, as far as they have an answer part: for models that are seldom right")
		layers := f.String("layers", "", "`A-B`, layers whose heads FCI takes the maximum of (by default all)")
		top := f.Int("top", rl.ATTNPO.Params.Lab().Int("heads"), "`N`, key-focus heads to choose")
		return func(ctx context.Context, c *console) error {
			if err := cmp.Or(s.check(), checkDelta(*delta), atLeast(1, "top", *top)); err != nil {
				return err
			}
			return c.heads(ctx, *s, *delta, *top, *layers, *all)
		}
	},
}

// headsDocument is what heads prints.
type headsDocument struct {
	Heads    []headRow    `json:"heads"`
	KeyFocus []score.Head `json:"key_focus"`
	Position positionRow  `json:"position"`
	Problems int          `json:"problems"`
	Correct  int          `json:"correct"`
	Delta    int          `json:"delta"`
	Longest  int          `json:"max_length"` // tokens of the longest response

	Taken  int                    `json:"taken,omitempty"`  // responses that heads are scored on: the correct ones, with --all more
	Labels map[task.Label]float64 `json:"labels,omitempty"` // steps of each label a response, of all responses

	HeldOut *heldOutHeads `json:"held_out,omitempty"`
	Scores  []scoreRow    `json:"scores,omitempty"`
	Layers  *task.Range   `json:"layers,omitempty"` // of --layers, both included
	openedAs
}

// heldOutHeads are heads chosen on one half of the responses and judged on the other.
type heldOutHeads struct {
	Heads     []heldOutHead `json:"heads"`
	Position  judgedRow     `json:"position"`
	Responses int           `json:"chosen_on"` // responses with a needed and a redundant step
}

type heldOutHead struct {
	score.Head
	First number `json:"chosen_sra"` // on the half that it was chosen on
	judgedRow
	Over      number `json:"over_position"` // mean difference to position on the same responses
	OverError number `json:"over_position_standard_error"`
}

type judgedRow struct {
	SRA       number `json:"sra"`
	Error     number `json:"standard_error"` // over responses
	Responses int    `json:"responses"`
}

func judgedRowOf(j examine.JudgedRank) judgedRow {
	return judgedRow{number(j.SRA), number(j.StandardError), j.Responses}
}

// scoreRow is a score over all correct responses.
type scoreRow struct {
	Name          string `json:"name"`
	Title         string `json:"title"`
	Position      number `json:"position"` // rank correlation with the place of the step, mean over responses
	PositionError number `json:"position_standard_error"`
	Ranking       number `json:"ranking"` // share of pairs of a needed and a redundant step in order
	RankingError  number `json:"ranking_standard_error"`
	Responses     int    `json:"responses"`
}

func newHeldOutHeads(c examine.Chosen) *heldOutHeads {
	h := &heldOutHeads{Heads: []heldOutHead{}, Position: judgedRowOf(c.Position), Responses: c.First}
	for _, one := range c.Heads {
		h.Heads = append(h.Heads, heldOutHead{one.Head, number(one.First), judgedRowOf(one.JudgedRank), number(one.OverPosition), number(one.OverPositionError)})
	}
	return h
}

func scoreRows(all []examine.ScoreSummary) []scoreRow {
	rows := []scoreRow{}
	for _, s := range all {
		rows = append(rows, scoreRow{s.Score.Name, s.Score.Title, number(s.Position), number(s.PositionError), number(s.Ranking), number(s.RankingError), s.Ranked})
	}
	return rows
}

type headRow struct {
	score.Head
	SRA      number `json:"sra"`
	Pairs    int    `json:"pairs"`
	Kurtosis number `json:"kurtosis"`
	MeanFCI  number `json:"mean_fci"`
	sraInterval
}

// positionRow is the step ranking accuracy of the place of a step alone.
type positionRow struct {
	SRA       number `json:"sra"`
	Responses int    `json:"responses"` // with a needed and a redundant step
	sraInterval
}

// sraInterval holds the true step ranking accuracy with 95 % confidence.
type sraInterval struct {
	Low  number `json:"sra_low"`
	High number `json:"sra_high"`
}

func intervalOf(i stat.Interval) sraInterval { return sraInterval{number(i.Low), number(i.High)} }

func (i sraInterval) String() string { return fmt.Sprintf("[%v, %v]", i.Low, i.High) }

func (c *console) heads(ctx context.Context, s sampled, delta, top int, layerText string, wrongToo bool) error {
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := labelledTask("heads", l.Task); err != nil {
		return err
	}
	layers, given, err := layersOf(layerText, l.Layers)
	if err != nil {
		return err
	}
	s.problems = c.some(l.Task, s.problems)
	s.longest = examine.Cap(s.longest, l.MaxContext)
	problems := task.Problems(l.Task, task.ProbeStream, c.seed, s.problems)
	d, sampling, err := c.decoder(l, s.problems, l.inUse(problems, s.longest), s.temperature)
	if err != nil {
		return err
	}
	attempts, stopped := c.attempts(ctx, l, d, problems, s.longest, sampling)
	if len(attempts) == 0 {
		return stopped
	}
	var taken []task.Trace
	correct := 0
	for _, a := range attempts {
		if a.Trace.Correct {
			correct++
		}
		if a.Trace.Correct || wrongToo && a.Trace.AnswerEnd > a.Trace.AnswerStart && len(a.Trace.Steps) > 0 {
			taken = append(taken, a.Trace)
		}
	}
	if len(taken) == 0 {
		return examine.NoHeads(len(attempts))
	}
	scorer, err := l.scorer(taken)
	if err != nil {
		return err
	}
	if stopped != nil {
		ctx = context.WithoutCancel(ctx) // to score what was sampled until then
	}
	examined, err := c.examined(ctx, scorer, taken, delta)
	if len(examined) == 0 {
		return err
	}
	stopped = cmp.Or(stopped, err)
	document := newHeadsDocument(examine.ScoreHeads(examined), top)
	document.HeldOut, document.Scores, document.Layers = newHeldOutHeads(examine.ChooseHeads(examined, top)), scoreRows(examine.SummariseScores(examined, layers)), given
	document.Problems, document.Correct, document.Delta, document.Longest = len(attempts), correct, delta, s.longest
	document.openedAs = l.openedAs()
	document.Taken, document.Labels = len(examined), examine.Evaluate(l.Task, attempts).Labels
	if err := c.print(document, document.text); err != nil {
		return err
	}
	return stopped
}

func newHeadsDocument(s examine.HeadScores, top int) headsDocument {
	d := headsDocument{KeyFocus: score.TopHeads(s.SRA, top), Position: positionRow{number(s.Position), s.Ranked, intervalOf(s.PositionIn)}}
	if d.KeyFocus == nil {
		d.KeyFocus = []score.Head{} // no response has both a needed and a redundant step
	}
	for l := range s.SRA {
		for h := range s.SRA[l] {
			d.Heads = append(d.Heads, headRow{score.Head{Layer: l, Head: h}, number(s.SRA[l][h]), s.Pairs, number(s.Kurtosis[l][h]), number(s.MeanFCI[l][h]), intervalOf(s.SRAInterval[l][h])})
		}
	}
	return d
}

func (d headsDocument) text(w io.Writer) {
	fmt.Fprintf(w, "layer\thead\tSRA\t\tkurtosis\tmean FCI\n")
	for _, h := range d.Heads {
		fmt.Fprintf(w, "%d\t%d\t%v\t%v\t%v\t%v\n", h.Layer, h.Head.Head, h.SRA, h.sraInterval, h.Kurtosis, h.MeanFCI)
	}
	fmt.Fprintf(w, "position\t\t%v\t%v\tearlier first, over %d responses\n", d.Position.SRA, d.Position.sraInterval, d.Position.Responses)
	fmt.Fprintf(w, "\n%d correct of %d responses, %d pairs of a needed and a redundant step in the %d that are scored\n", d.Correct, d.Problems, d.Heads[0].Pairs, d.Taken)
	for i, h := range d.KeyFocus {
		if i == 0 {
			fmt.Fprint(w, "key-focus heads:")
		}
		fmt.Fprintf(w, " L%d·H%d", h.Layer, h.Head)
	}
	fmt.Fprintln(w)
	if d.HeldOut != nil {
		d.HeldOut.text(w)
	}
	fmt.Fprintf(w, "\nscore\twith position\tneeded above redundant\n")
	for _, s := range d.Scores {
		fmt.Fprintf(w, "%s\t%v ± %v\t%v ± %v\n", s.Name, s.Position, s.PositionError, s.Ranking, s.RankingError)
	}
}

func (h heldOutHeads) text(w io.Writer) {
	fmt.Fprintf(w, "\nchosen on %d responses, judged on %d others\n", h.Responses, h.Position.Responses)
	fmt.Fprintf(w, "head\tchosen by\tjudged\tover position\n")
	for _, one := range h.Heads {
		fmt.Fprintf(w, "L%d·H%d\t%v\t%v ± %v\t%v ± %v\n", one.Layer, one.Head.Head, one.First, one.SRA, one.Error, one.Over, one.OverError)
	}
	fmt.Fprintf(w, "position\t\t%v ± %v\n", h.Position.SRA, h.Position.Error)
}

// layersOf reads --layers, "10-20" or "12" with both ends included, for a model of n layers. Without a text it is all: given is nil.
func layersOf(text string, n int) (layers [2]int, given *task.Range, err error) {
	if text == "" {
		return layers, nil, nil
	}
	r, err := task.ParseRange(text)
	if err != nil {
		return layers, nil, wrongUsage("--layers %s: %w", text, err)
	}
	if r.Min < 0 || r.Max >= n {
		return layers, nil, fmt.Errorf("--layers is %v, the model has the layers 0 to %d", r, n-1)
	}
	return [2]int{r.Min, r.Max + 1}, &r, nil
}
