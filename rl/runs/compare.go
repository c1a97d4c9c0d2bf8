package runs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"attnlab/rl/stat"
)

var nan = math.NaN()

// Named is a run with what to call it in a sentence, such as its folder.
type Named struct {
	Name string
	Run  Run
}

// finished is a run that was measured at its end.
type finished struct {
	Named
	outcome
}

// Comparison sets finished runs side by side.
type Comparison struct {
	Task       string     `json:"task"`
	Difficulty string     `json:"difficulty"`
	Bases      []BaseRow  `json:"bases"` // one for each way in which bases were measured
	Rows       []Row      `json:"runs"`
	Reach      float64    `json:"reach,omitempty"`
	Paired     []Contrast `json:"paired,omitempty"` // see [Comparison.PairWith]
	LeftOut    []string   `json:"left_out"`         // sentences
	Notes      []string   `json:"notes"`            // sentences: what was measured otherwise
}

// BaseRow is the model that runs began from.
type BaseRow struct {
	From           string      `json:"from"`     // a file, "evaluation", "probe" or "first step"
	Problems       int         `json:"problems"` // 0 where the log of another trainer does not say
	Seeds          []Seed      `json:"seeds"`    // that it is the mean over; none where the log of another trainer does not say
	Accuracy       stat.Number `json:"accuracy"`
	ThinkTokens    stat.Number `json:"think_tokens"`
	Reflections    stat.Number `json:"reflections"` // not in a probe
	RedundantSteps stat.Number `json:"redundant_steps"`
	EssentialSteps stat.Number `json:"essential_steps"` // correcting ones counted
	ByDifficulty   []Level     `json:"by_difficulty,omitempty"`
	Measured       []Measured  `json:"measured_seeds"` // one for each of its seeds; JSON has the first one as "measured" too
	Of             []int       `json:"rows,omitempty"` // indices of the rows whose base was measured this way
}

// MarshalJSON adds the first seed's conditions as "measured": all but seed, weights, tokens and updates are those of every seed.
func (b BaseRow) MarshalJSON() ([]byte, error) {
	type fields BaseRow
	return json.Marshal(struct {
		fields
		First *Measured `json:"measured"`
	}{fields(b), firstOf(b.Measured)})
}

func firstOf(m []Measured) *Measured {
	if len(m) == 0 {
		return nil
	}
	return &m[0]
}

// Row is the runs of one method with the same settings, measured alike.
type Row struct {
	Method        string      `json:"method"` // with the settings that set it apart
	Seeds         int         `json:"seeds"`
	SeedList      []Seed      `json:"seed_list"` // none where the log of another trainer does not say
	Accuracy      stat.Number `json:"accuracy"`
	AccuracySD    stat.Number `json:"accuracy_sd"`
	ThinkTokens   stat.Number `json:"think_tokens"`
	ThinkTokensSD stat.Number `json:"think_tokens_sd"`
	LengthChange  stat.Number `json:"length_change"` // of think tokens, relative to the base: negative is shorter
	AES           stat.Number `json:"aes"`           // of the means

	ByDifficulty     []Level           `json:"by_difficulty"`
	Labels           map[string]Spread `json:"labels"`      // steps a response
	Reflections      Spread            `json:"reflections"` // re-checks a response
	RedundantRemoved Spread            `json:"redundant_removed"`
	EssentialLost    Spread            `json:"essential_lost"`
	CreditAUC        Spread            `json:"credit_auc"`     // mean over the training steps
	ScorePosition    Spread            `json:"score_position"` // the same of the rank correlation of step scores with place; nothing of methods without scores

	Groups struct {
		AllCorrect Spread `json:"all_correct"` // shares of the groups sampled
		AllWrong   Spread `json:"all_wrong"`
		Valid      Spread `json:"valid"`
	} `json:"groups"`
	ValidRate       Spread      `json:"valid_per_10k"` // responses trained on for each 10,000 tokens generated; nothing of logs by older versions
	Steps           Spread      `json:"steps"`
	Updates         Spread      `json:"updates"`
	GeneratedTokens Spread      `json:"generated_tokens"`
	ChargedTokens   Spread      `json:"charged_tokens"`
	Compute         Spread      `json:"training_gflop"` // operations of the updates, in billions; nothing of older logs
	Seconds         Spread      `json:"seconds"`
	Reached         int         `json:"reached,omitempty"`       // runs that reached the accuracy asked for
	TokensToReach   Spread      `json:"tokens_to_reach"`         // of those
	TokensToHalf    Spread      `json:"tokens_to_half_gain"`     // generated tokens to half of the final gain on the held-out problems, see stat.TokensToHalfGain
	WhileTraining   Spread      `json:"accuracy_while_training"` // on the held-out problems, mean over the generated tokens of the budget, see stat.MeanWhileTraining
	Gained          int         `json:"gained"`                  // runs whose gain is more than noise: TokensToHalf is of those
	FocusHeads      []HeldFocus `json:"focus_heads,omitempty"`
	Measured        []Measured  `json:"measured_seeds"` // one for each seed, in the order of SeedList; JSON has the first one as "measured" too
	Base            BaseRow     `json:"base"`           // of the same seeds under the same conditions: differences are to this one

	Runs []Named `json:"-"`
}

// MarshalJSON adds the first seed's conditions as "measured", as [BaseRow.MarshalJSON] does.
func (r Row) MarshalJSON() ([]byte, error) {
	type fields Row
	return json.Marshal(struct {
		fields
		First *Measured `json:"measured"`
	}{fields(r), firstOf(r.Measured)})
}

// Level is a difficulty's part of an evaluation.
type Level struct {
	Difficulty  int    `json:"difficulty"`
	Accuracy    Spread `json:"accuracy"`
	ThinkTokens Spread `json:"think_tokens"`
	Reflections Spread `json:"reflections"`
}

// HeldFocus shows whether a frozen head of attnpo still ranks steps after training.
type HeldFocus struct {
	Seed Seed `json:"seed"`
	FocusHead
}

// Spread is a mean with the sample's standard deviation over n-1, which is NaN for fewer than two values.
type Spread struct {
	Mean stat.Number `json:"mean"`
	SD   stat.Number `json:"sd"`
	N    int         `json:"-"` // values
}

// RecentSteps is the number of training steps whose mean is the result of a run so far.
const RecentSteps = 5

// Recent returns the mean of the last n values that are finite numbers.
func Recent(values []float64, n int) Spread {
	values = finite(values)
	return SpreadOf(values[max(0, len(values)-n):])
}

func finite(x []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// SpreadOf is the spread of the finite numbers among values.
func SpreadOf(x []float64) Spread {
	x = finite(x)
	return Spread{stat.Number(stat.Mean(x)), stat.Number(stat.StdDev(x)), len(x)}
}

// BaseEvaluation is an evaluation of the base by "attnlab eval --json".
type BaseEvaluation struct {
	From string // its file
	Evaluation
	Measured Measured
}

// Compare makes a row of each group of runs, in the given order of methods. base, where not nil, replaces the runs' own measurements of
// their base. reach, where above 0, is the accuracy of Row.TokensToReach. It returns an error where runs are of different problems or
// bases, where base was measured otherwise, or where no run is finished.
func Compare(list []Named, order []string, base *BaseEvaluation, reach float64) (c Comparison, err error) {
	c = Comparison{Reach: reach, LeftOut: []string{}, Notes: []string{}}
	var runs []finished
	for _, r := range list {
		if r.Run.Result != nil {
			if err := everyStep(r); err != nil {
				return c, err
			}
		}
		o, missing, err := r.Run.outcome()
		if err != nil {
			return c, fmt.Errorf("%s: %w", r.Name, err)
		}
		if missing != "" {
			c.LeftOut = append(c.LeftOut, r.Name+" "+missing)
			continue
		}
		if err := everyStep(r); err != nil {
			return c, err
		}
		if r.Run.Settings.IsForeign() {
			c.Notes = append(c.Notes, r.Name+": "+strings.TrimSuffix(r.Run.Settings.Note, "."))
		}
		runs = append(runs, finished{r, o})
	}
	if len(runs) == 0 {
		return c, fmt.Errorf("none of these runs is finished and evaluated: %s", strings.Join(c.LeftOut, "; "))
	}
	if err := sameProblems(runs); err != nil {
		return c, err
	}
	for _, r := range runs {
		if s := r.Run.Settings; !s.isUnknown() {
			c.Task, c.Difficulty = s.Task, s.Difficulty
			break
		}
	}
	groups, notes, err := groupRuns(runs, order)
	if err != nil {
		return c, err
	}
	c.Notes = append(c.Notes, notes...)
	for _, g := range groups {
		own := baseRow(g.runs)
		if base != nil {
			if own, notes, err = base.row(g); err != nil {
				return c, err
			}
			c.Notes = append(c.Notes, notes...)
		}
		row := g.row(own, reach)
		if apart := conflicts(row.Measured[0], own.Measured[0]); len(apart) > 0 {
			row.LengthChange, row.AES, row.RedundantRemoved, row.EssentialLost = stat.Number(nan), stat.Number(nan), SpreadOf(nil), SpreadOf(nil)
			c.Notes = append(c.Notes, fmt.Sprintf("%s is not compared with its base: they were measured with %s", row.Method, strings.Join(apart, ", ")))
		}
		c.Rows = append(c.Rows, row)
	}
	c.Bases = bases(groups, c.Rows, base != nil)
	c.Notes = append(c.Notes, apartRows(c.Rows)...)
	for _, b := range c.Bases {
		if noise := 2 * stat.ShareError(float64(b.Accuracy), b.Problems); reach > 0 && reach-float64(b.Accuracy) <= noise {
			c.Notes = append(c.Notes, fmt.Sprintf("an accuracy of %g is not above the base's %.3f by more than two standard errors, so a model that learns nothing reaches it by chance", reach, float64(b.Accuracy)))
		}
	}
	return c, nil
}

// everyStep returns an error where a log of reinforcement learning lacks a step.
func everyStep(r Named) error {
	for i, step := range r.Run.Log.Columns().Of("step") {
		if step != float64(i+1) {
			return fmt.Errorf("line %d of the log of %s is of step %g; a log has every step from 1 on", i+1, r.Name, step)
		}
	}
	return nil
}

// sameProblems returns an error that names two runs which cannot be in one table.
func sameProblems(runs []finished) error {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r finished) bool { return r.Run.Settings.isUnknown() })
	if len(runs) == 0 { // nobody knows
		return nil
	}
	a := runs[0]
	for _, b := range runs[1:] {
		x, y := a.Run.Settings, b.Run.Settings
		nameA, nameB := x.BaseName(), y.BaseName()
		if checksums := x.Base != nil && y.Base != nil && x.Base.Weights != "" && y.Base.Weights != ""; checksums && x.Base.Weights == y.Base.Weights {
			nameB = nameA // two names of the same weights
		}
		for _, what := range []struct{ name, a, b string }{
			{"task", x.Task, y.Task}, {"difficulty", a.measured.Difficulty, b.measured.Difficulty}, {"model", nameA, nameB},
		} {
			if what.a != what.b {
				return fmt.Errorf("%s and %s differ in %s (%s and %s); compare them apart", a.Name, b.Name, what.name, cmp.Or(what.a, "the default"), cmp.Or(what.b, "the default"))
			}
		}
		if x.Base != nil && y.Base != nil && x.Base.Weights != y.Base.Weights {
			return fmt.Errorf("%s and %s began from different weights, though both bases are called %s; compare them apart", a.Name, b.Name, x.BaseName())
		}
	}
	return nil
}

// conflicts are the conditions, both recorded, that keep two numbers from being subtracted.
func conflicts(a, b Measured) (apart []string) {
	for _, c := range conditions {
		x, y := c.of(a), c.of(b)
		if slices.Contains(likeModels, c.name) && c.name != "stream of problems" && x != "" && y != "" && x != y {
			apart = append(apart, fmt.Sprintf("%s %s and %s", c.name, short(x), short(y)))
		}
	}
	return apart
}

// row is the base of a group by an evaluation from a file, or an error where that was measured otherwise.
func (b *BaseEvaluation) row(g *group) (row BaseRow, notes []string, err error) {
	m := g.runs[0].measured
	if apart := conflicts(b.Measured, m); len(apart) > 0 {
		return row, nil, fmt.Errorf("--base: %s and %s were measured with %s; evaluate the base with the same options", b.From, g.runs[0].Name, strings.Join(apart, ", "))
	}
	named := Differences(b.Measured, m, slices.Concat(likeModels, []string{"number of problems", "adapter"}))
	if b.Measured.Seed != nil && slices.ContainsFunc(g.runs, func(r finished) bool { return r.Run.Settings.Seed != *b.Measured.Seed }) {
		named = append(named, fmt.Sprintf("seed %d of the base alone", *b.Measured.Seed))
	}
	if len(named) > 0 {
		notes = append(notes, fmt.Sprintf("%s and the row %s were measured with %s", b.From, g.label, strings.Join(named, ", ")))
	}
	row = baseOf(b.Evaluation)
	row.From, row.Measured = b.From, []Measured{b.Measured}
	if b.Measured.Seed != nil {
		row.Seeds = []Seed{*b.Measured.Seed}
	}
	return row, notes, nil
}

func baseOf(e Evaluation) BaseRow {
	row := BaseRow{Problems: e.Problems, Accuracy: e.Accuracy, ThinkTokens: e.ThinkTokens, Reflections: e.Reflections, RedundantSteps: e.redundantSteps(), EssentialSteps: e.essentialSteps()}
	for _, l := range e.ByDifficulty {
		one := func(v stat.Number) Spread { return SpreadOf([]float64{float64(v)}) }
		row.ByDifficulty = append(row.ByDifficulty, Level{l.Difficulty, one(l.Accuracy), one(l.ThinkTokens), one(l.Reflections)})
	}
	return row
}

// baseRow is the mean over seeds of what runs measured of their base: runs of one seed measured the same problems, so that
// each seed counts once, by the run with the most problems.
func baseRow(runs []finished) BaseRow {
	of := map[Seed]finished{}
	for _, r := range runs {
		if have, ok := of[r.Run.Settings.Seed]; !ok || r.base.Problems > have.base.Problems {
			of[r.Run.Settings.Seed] = r
		}
	}
	seeds := slices.Sorted(maps.Keys(of))
	var all []Evaluation
	var how []Measured
	for _, seed := range seeds {
		all, how = append(all, of[seed].base), append(how, of[seed].baseHow)
	}
	mean := func(field func(e Evaluation) stat.Number) stat.Number {
		var x []float64
		for _, e := range all {
			x = append(x, float64(field(e)))
		}
		return SpreadOf(x).Mean
	}
	if runs[0].Run.Settings.isUnknown() {
		seeds = []Seed{}
	}
	row := BaseRow{From: runs[0].baseFrom, Seeds: seeds, Measured: how, ByDifficulty: levels(all)}
	for _, e := range all {
		row.Problems += e.Problems
	}
	row.Accuracy = mean(func(e Evaluation) stat.Number { return e.Accuracy })
	row.ThinkTokens = mean(func(e Evaluation) stat.Number { return e.ThinkTokens })
	row.Reflections = mean(func(e Evaluation) stat.Number { return e.Reflections })
	row.RedundantSteps = mean(Evaluation.redundantSteps)
	row.EssentialSteps = mean(Evaluation.essentialSteps)
	return row
}

// bases are the distinct bases of rows: those measured alike are one, over the seeds of all its rows. The log of another trainer of
// which nothing is known has its own. fromFile means that one
// evaluation from a file is the base of every row.
func bases(groups []*group, rows []Row, fromFile bool) (bases []BaseRow) {
	var indices []int
	for i := range rows {
		indices = append(indices, i)
	}
	for _, of := range Group(indices, func(a, b int) bool {
		x, y := rows[a].Base, rows[b].Base
		return (fromFile || !groups[a].runs[0].Run.Settings.isUnknown()) && x.From == y.From && len(Differences(x.Measured[0], y.Measured[0], likeSeeds)) == 0
	}) {
		one := rows[of[0]].Base
		if !fromFile {
			var runs []finished
			for _, i := range of {
				runs = append(runs, groups[i].runs...)
			}
			one = baseRow(runs)
		}
		one.Of = of
		bases = append(bases, one)
	}
	return bases
}

// apartRows names the conditions that are not the same for all rows. Seeds are left out: each row lists its own.
func apartRows(rows []Row) (notes []string) {
	for _, r := range rows[1:] {
		if apart := Differences(rows[0].Measured[0], r.Measured[0], slices.Concat(likeModels, besides)); len(apart) > 0 {
			notes = append(notes, fmt.Sprintf("%s and %s were measured with %s", rows[0].Method, r.Method, strings.Join(apart, ", ")))
		}
	}
	return notes
}

// Decode reads a base evaluation from what "attnlab eval --json" prints, also from versions that did not record how it was
// measured.
func (b *BaseEvaluation) Decode(data []byte) error {
	var e struct {
		Evaluation
		Measured    *Measured `json:"measured"`
		Task        string    `json:"task"`
		Temperature *float64  `json:"temperature"`
		Seed        *Seed     `json:"seed"`
	}
	if err := json.Unmarshal(data, &e); err != nil || e.Problems == 0 {
		return errors.New("it is not what attnlab eval --json prints")
	}
	of, err := readEvaluation(data, "the evaluation")
	if err != nil {
		return err
	}
	b.Evaluation = of
	b.Measured = Measured{Task: e.Task, Temperature: e.Temperature, Problems: To(e.Problems), Stream: oldEvalStream, Seed: e.Seed}
	if e.Measured != nil {
		b.Measured = *e.Measured
	}
	return nil
}
