package examine

import (
	"errors"
	"fmt"
)

// NoHeads is the error of scoring heads where none of a number of responses is correct.
func NoHeads(responses int) error {
	return noneOf(responses, "is correct, and heads are scored on correct ones")
}

// NoCuts is the error of an experiment with [Disrupt] where none of a number of responses can be cut.
func NoCuts(responses int) error {
	return noneOf(responses, "is correct and has two steps with some FCI")
}

// NoAnswers is the error of [DisruptAnswers] where none of a number of responses has steps and an answer.
func NoAnswers(responses int) error {
	return noneOf(responses, "has an answer part and two steps with some FCI")
}

func noneOf(responses int, does string) error {
	return fmt.Errorf("none of %d responses %s; use more or easier problems, or a better model", responses, does)
}

// NoSteps is the error of resampling steps where none of a number of responses has steps and, where nobody knows the right answer, an answer.
func NoSteps(responses int) error {
	return noneOf(responses, "has steps to resample")
}

// errSameAnswer is the error of [Patch] where nothing can come back.
var errSameAnswer = errors.New("both responses give the same answer, or one gives none; change a step so that the answer changes")
