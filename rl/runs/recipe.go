package runs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Recipe is a table that runs make: all that its numbers follow from. [Recipes] has those of docs/results.md, which "attnlab reproduce" makes from nothing.
type Recipe struct {
	Name    string `json:"name"`    // "attnpo", the argument of the command
	Title   string `json:"title"`   // what the table is about, in a few words
	Section string `json:"section"` // its heading in docs/results.md, empty where it has none

	Common string    `json:"common"` // flags of "attnlab train" that every run has, but seed and folder
	Rows   []Planned `json:"rows"`

	// Outcome is one of [Outcomes] or [WhileTraining], declared before the runs; empty contrasts rows in all of them. Holm's adjustment is over all contrasts of the recipe.
	Outcome   string      `json:"outcome"`
	Contrasts [][2]string `json:"contrasts"` // flags of the first row and of the second

	Tables  [][]string `json:"tables"`            // the columns of each table in the docs
	Reach   float64    `json:"reach,omitempty"`   // accuracy of the column "tokens to .85"
	Minutes float64    `json:"minutes,omitempty"` // that training its runs took on two busy cores, one at a time, without evaluation; 0 where nobody timed it
}

// Planned is a row of a recipe: runs that differ in their seed alone.
type Planned struct {
	Flags string `json:"flags"` // the method and what is the row's own, "attnpo --focus shuffle"
	Note  string `json:"note,omitempty"`
	First int    `json:"first_seed"`
	Last  int    `json:"last_seed"`
}

// PlannedRun is one run of a recipe.
type PlannedRun struct {
	Row  Planned
	Seed int
}

// Runs are all runs, seed by seed, so that a recipe that was stopped has whole pairs.
func (r Recipe) Runs() (list []PlannedRun) {
	for _, row := range r.Rows {
		for seed := row.First; seed <= row.Last; seed++ {
			list = append(list, PlannedRun{row, seed})
		}
	}
	slices.SortStableFunc(list, func(a, b PlannedRun) int { return a.Seed - b.Seed })
	return list
}

// Folder is the name of the run's folder: "attnpo-focus-shuffle-1".
func (p PlannedRun) Folder() string {
	return strings.NewReplacer(" --", "-", " ", "-", ",", "-").Replace(p.Row.Flags) + "-" + strconv.Itoa(p.Seed)
}

// Args are the flags of the run for "attnlab train", but those of its folder.
func (r Recipe) Args(p PlannedRun) []string {
	return slices.Concat(strings.Fields(r.Common), []string{"--seed", strconv.Itoa(p.Seed), "--method"}, strings.Fields(p.Row.Flags))
}

// FindRecipe finds one of [Recipes].
func FindRecipe(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, fmt.Errorf("there is no table %q; choose one of %s", name, strings.Join(names, ", "))
}
