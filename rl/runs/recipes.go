package runs

import (
	_ "embed"
	"encoding/json"
)

//go:embed recipes.json
var recipes []byte

// Recipes are the tables of docs/results.md that the program of today makes, from recipes.json. Those with a date of 2026-11-22 began from bases that are no longer shipped.
var Recipes = readRecipes()

// readRecipes panics where the file is damaged, which is an error of the program.
func readRecipes() (list []Recipe) {
	if err := json.Unmarshal(recipes, &list); err != nil {
		panic("runs: recipes.json: " + err.Error())
	}
	return list
}
