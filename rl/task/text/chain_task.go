package text

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"attnlab/rl/task"
)

func makeChain(t *Task, o Options) error {
	if t.options.Difficulty = cmp.Or(o.Difficulty, DefaultDifficulty); t.options.Difficulty.Min < Levels.Min || t.options.Difficulty.Max > Levels.Max {
		return fmt.Errorf("task: difficulty %v of task %s must lie within %v", t.options.Difficulty, t.Name(), Levels)
	}
	if o.Shots < 0 || o.Shots > MostShots {
		return fmt.Errorf("task: %d examples; give 0 to %d", o.Shots, MostShots)
	}
	random := task.NewRandom(task.SeedOf("shots", 0, 0), task.ProblemStream)
	for len(t.shots) < 2*o.Shots {
		p := newChainProblem(random, t.options.Difficulty.Draw(random))
		t.shots = append(t.shots, Turn{"user", p.String()}, Turn{"assistant", p.Solution()})
	}
	if _, err := o.Tokenizer.Encode(chainWords()); err != nil { // another problem may have what this one lacks
		return fmt.Errorf("task: a chain cannot be written in the model's tokens: %w", err)
	}
	longest := newChainProblem(random, t.options.Difficulty.Max)
	prompt, err := t.prompt(longest.String())
	if err != nil {
		return err
	}
	answer, err := o.Tokenizer.Encode(longest.Solution())
	if err == nil && o.Context > 0 && len(prompt)+len(answer) >= o.Context {
		err = fmt.Errorf("task: the prompt has %d tokens, its right answer %d, and the model's context holds %d; give fewer examples", len(prompt), len(answer), o.Context)
	}
	return err
}

func (t *Task) chainProblem(key uint64) task.Problem {
	random := task.NewRandom(key, task.ProblemStream)
	p, err := t.ofChain(newChainProblem(random, t.options.Difficulty.Draw(random)))
	if err != nil {
		panic(err) // makeChain wrote one of the longest, with its answer, and every word
	}
	return p
}

func (t *Task) ofChain(c ChainProblem) (task.Problem, error) {
	ids, err := t.prompt(c.String())
	if err != nil {
		return task.Problem{}, err
	}
	think, _, _ := strings.Cut(c.Solution(), answerWord)
	least, err := t.options.Tokenizer.Encode(think)
	return task.Problem{Difficulty: c.operations(), MinimumThink: len(least), Prompt: ids, Gold: c.Gold()}, err
}

// chainLine finds the problems of few-shot chain in a prompt: its last one is the question.
var chainLine = regexp.MustCompile(`[a-z] = [^\n?]{0,1000}; [a-z] = \?`)

func (t *Task) parseChain(text string) (task.Problem, error) {
	c, err := ParseChain(text)
	if err == nil {
		return t.ofChain(c)
	}
	last, errLast := chainIn(text)
	if errLast != nil {
		return task.Problem{}, errLast
	}
	p, errLast := t.ofChain(last)
	switch {
	case errLast != nil:
		return task.Problem{}, errLast
	case t.chat.Marked(text):
		p.Prompt, err = t.prompt(text)
		return p, err
	case strings.TrimSpace(t.unstarted(t.Text(p.Prompt))) != strings.TrimSpace(text): // not a prompt that this task writes
		return task.Problem{}, err
	}
	return p, nil
}

// IsChain reports whether a prompt asks a problem of few-shot chain: alone, or at its end after examples.
func IsChain(prompt string) bool {
	_, err := chainIn(prompt)
	return err == nil
}

// chainIn reads the problem of a prompt: the whole prompt, or the last problem in it, unless the answer of an example follows.
func chainIn(prompt string) (ChainProblem, error) {
	c, err := ParseChain(prompt)
	if all := chainLine.FindAllStringIndex(prompt, -1); err != nil && len(all) > 0 {
		last := all[len(all)-1]
		if strings.Contains(prompt[last[1]:], answerWord) {
			return c, errors.New("task: the prompt ends in a question that is no chain of definitions")
		}
		return ParseChain(prompt[last[0]:last[1]])
	}
	return c, err
}

// chainOf reads the problem back from its prompt. It panics for a prompt that is none.
func (t *Task) chainOf(p task.Problem) ChainProblem {
	c, err := chainIn(t.unstarted(t.Text(p.Prompt)))
	if err != nil {
		panic(fmt.Sprintf("text: the prompt is not of task %s: %v", t.Name(), err))
	}
	return c
}
