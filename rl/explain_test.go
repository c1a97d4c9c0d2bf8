package rl

import (
	"math"
	"testing"

	"attnlab/rl/stat"
)

// term is the value of a term by its name; NaN without one.
func term(terms []Term, name string) float64 {
	for _, t := range terms {
		if t.Name == name {
			return t.Value
		}
	}
	return math.NaN()
}

// The arithmetic that is shown ends in the advantages that were trained on.
func TestExplainIsWhatTrained(t *testing.T) {
	for _, method := range Names(Crediting()) {
		t.Run(method, func(t *testing.T) {
			change := map[string]string{}
			if method == "attnpo" {
				change = map[string]string{"schedule": "1", "kappa": "4"}
			}
			r := open(t, nil, diceRun(t, method, change))
			if r.Last() != nil {
				t.Error("credit before the first step")
			}
			steps(t, r, 2)
			last := r.Last()
			if last.Step != 2 || len(last.Groups) == 0 {
				t.Fatalf("step %d, %d groups", last.Step, len(last.Groups))
			}
			named, scaled := 0, 0
			for i, g := range last.Groups {
				for j, s := range g.Samples {
					x := last.Explain(i, j)
					if n := len(s.Response()); len(x.Before) != n || len(x.After) != n || len(x.Steps) != len(s.Steps) || len(x.Outcome) == 0 {
						t.Fatalf("%d and %d values of %d tokens, %d of %d steps", len(x.Before), len(x.After), n, len(x.Steps), len(s.Steps))
					}
					for k := range s.Advantage {
						if x.After[k] != s.Advantage[k] {
							t.Fatalf("token %d got %g, trained on %g", k, x.After[k], s.Advantage[k])
						}
					}
					for _, terms := range append([][]Term{x.Outcome}, stepTerms(x)...) {
						for _, term := range terms {
							if term.Name == "" || term.Form == "" || term.Source == "" || math.IsNaN(term.Value) || math.IsInf(term.Value, 0) {
								t.Fatalf("term %+v", term)
							}
						}
					}
					named += checkTerms(t, method, s, x)
					for _, step := range x.Steps {
						if step.Scale != 1 {
							scaled++
						}
					}
				}
			}
			if named == 0 {
				t.Error("nothing was explained")
			}
			if fine := method == "attnpo" || method == "attnrl" || method == "treerl" || method == "forking" || method == "anchors" || method == "vineppo" || method == "deepgrpo"; fine && scaled == 0 {
				t.Error("no step got another credit than its response")
			}
		})
	}
}

func stepTerms(x Explanation) (all [][]Term) {
	for _, s := range x.Steps {
		all = append(all, s.Terms)
	}
	return all
}

// checkTerms does the arithmetic again from the terms alone. It returns how many
// advantages that gave.
func checkTerms(t *testing.T, method string, s Sample, x Explanation) (n int) {
	t.Helper()
	near := func(what string, got, want float64) {
		t.Helper()
		if n++; math.Abs(got-want) > 1e-9 || math.IsNaN(got) {
			t.Fatalf("%s: %g, want %g in %+v", what, got, want, x.Outcome)
		}
	}
	if len(s.Advantage) == 0 {
		return 0
	}
	switch method {
	case "grpo", "dapo":
		if A := term(x.Outcome, "A"); A != 0 {
			near("A", (term(x.Outcome, "r")-term(x.Outcome, "mean"))/(term(x.Outcome, "std")+1e-6), A)
		}
		near("trained on", x.After[0], term(x.Outcome, "A"))
	case "deepgrpo":
		if A := term(x.Outcome, "A"); A != 0 {
			near("A", (term(x.Outcome, "r")-term(x.Outcome, "mean"))/(term(x.Outcome, "std")+1e-6), A)
		}
		near("trained on", x.After[len(x.After)-1], term(x.Outcome, "A"))
		if s.Given > 0 {
			near("given", x.After[s.Given-1], 0)
			near("pivot", stat.Indicator(term(x.Outcome, "r_t") > 0 && term(x.Outcome, "Q(t)") > 0), 1)
		}
	case "drgrpo", "tlmre":
		near("A", term(x.Outcome, "r")-term(x.Outcome, "mean"), term(x.Outcome, "A"))
		near("trained on", x.After[0], term(x.Outcome, "A"))
	case "rearl":
		if r := term(x.Outcome, "mean"); !math.IsNaN(r) && term(x.Outcome, "A") != 0 {
			near("A", term(x.Outcome, "R")-r, term(x.Outcome, "A"))
		}
		near("trained on", x.After[0], term(x.Outcome, "A"))
	case "forking":
		near("A", x.Before[0], term(x.Outcome, "A"))
		for _, step := range x.Steps {
			near("n", stat.Mean(x.After[step.Start:step.End]), term(step.Terms, "n")/float64(step.End-step.Start)*x.Before[0])
			near("H", stat.Indicator(term(step.Terms, "H") >= term(x.Outcome, "τ")), stat.Indicator(term(step.Terms, "n") > 0))
		}
	case "anchors", "flowtracer":
		near("A", x.Before[0], term(x.Outcome, "A"))
		for _, step := range x.Steps {
			if gamma := term(step.Terms, "γ"); x.Before[0] != 0 {
				near("γ", stat.Mean(x.After[step.Start:step.End]), gamma*x.Before[0])
			}
		}
	case "oar":
		near("A", x.Before[0], term(x.Outcome, "A"))
		for _, step := range x.Steps {
			if w := term(step.Terms, "w"); x.Before[0] != 0 {
				near("w", stat.Mean(x.After[step.Start:step.End]), w*x.Before[0])
			}
		}
	case "vineppo":
		near("A", term(x.Outcome, "r")-term(x.Outcome, "V(s_0)"), x.Before[0])
		for _, step := range x.Steps {
			if x.Before[0] != 0 {
				near("A_k", term(step.Terms, "V(s_k+1)")-term(step.Terms, "V(s_k)"), x.After[step.Start])
			}
		}
	case "attnpo":
		near("A", x.Before[0], term(x.Outcome, "A"))
		for _, step := range x.Steps {
			near("γ", step.Scale, term(step.Terms, "γ"))
			near("γ A", x.After[step.Start], step.Scale*x.Before[0])
			if mix := term(step.Terms, "p^λ"); !math.IsNaN(mix) {
				near("γ formed", step.Scale, mix*term(step.Terms, "S_k")/term(step.Terms, "S_base")+1-mix)
			}
		}
	default: // trees
		near("r - V(root)", term(x.Outcome, "r")-term(x.Outcome, "V(root)"), x.Before[0])
		for _, step := range x.Steps {
			near("A of the node", x.After[step.Start], term(step.Terms, "A"))
			near("A formed", term(step.Terms, "A"), (term(step.Terms, "GA")+term(step.Terms, "LA"))/term(step.Terms, "√|L(s)|"))
		}
	}
	return n
}
