package text

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// OwnProblem is a user's problem: a line of JSON with "prompt" and "answer", and where wanted "id" and "difficulty".
type OwnProblem struct {
	ID         string // "line 3" where the line has none
	Prompt     string
	Answer     string
	Difficulty int // from 0
}

// Line writes a problem as a line of a file, without the line end.
func (p OwnProblem) Line() string {
	text := func(s string) string {
		quoted, _ := json.Marshal(s) // a text has no error
		return string(quoted)
	}
	line := `{"prompt": ` + text(p.Prompt) + `, "answer": ` + text(p.Answer)
	if p.Difficulty > 0 {
		line += fmt.Sprintf(`, "difficulty": %d`, p.Difficulty)
	}
	return line + "}"
}

// Limits of a file of problems.
const (
	maxLine     = 1 << 20 // bytes
	maxProblems = 100_000
	maxFaults   = 10 // that are reported
)

// ReadProblems reads a file of JSON lines. Other keys of a line are ignored, and so are empty lines. If lines are wrong, the error has one
// sentence for each of the first ten, with its number; no more than a line is held besides the problems.
func ReadProblems(r io.Reader) ([]OwnProblem, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	var problems []OwnProblem
	var faults []string
	seen := map[string]int{}
	n := 0
	for lines.Scan() && len(faults) < maxFaults {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) == 0 {
			continue
		}
		p, err := readProblem(line, n)
		if before, twice := seen[p.ID]; err == nil && twice {
			err = fmt.Errorf("the id %.40q is that of line %d", p.ID, before)
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("line %d: %v", n, err))
			continue
		}
		if len(problems) == maxProblems {
			return nil, fmt.Errorf("task: the file has more than %d problems; split it", maxProblems)
		}
		seen[p.ID] = n
		problems = append(problems, p)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		faults = append(faults, fmt.Sprintf("line %d: it is longer than %d bytes", n+1, maxLine))
	} else if err != nil {
		return nil, fmt.Errorf("task: the problems cannot be read: %w", err)
	}
	if len(faults) > 0 {
		return nil, errors.New("task: " + strings.Join(faults, "; "))
	}
	if len(problems) == 0 {
		return nil, errors.New(`task: the file has no problems; write lines such as {"prompt": "What is 2 + 3?", "answer": "5"}`)
	}
	return problems, nil
}

// readProblem reads line n.
func readProblem(line []byte, n int) (p OwnProblem, err error) {
	var in struct {
		Prompt     *string
		Answer, ID json.RawMessage
		Difficulty *int
	}
	switch {
	case !utf8.Valid(line):
		return p, errors.New("it is not UTF-8")
	case line[0] != '{':
		return p, fmt.Errorf("it is not a JSON object: %.20q", line)
	}
	if err := json.Unmarshal(line, &in); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return p, fmt.Errorf("%s is a %s, which it must not be", strings.ToLower(wrong.Field), wrong.Value)
		}
		return p, fmt.Errorf("it is not JSON: %w", err)
	}
	if in.Prompt == nil || strings.TrimSpace(*in.Prompt) == "" {
		return p, errors.New(`it has no "prompt"`)
	}
	if p.Answer, err = word(in.Answer, "answer"); err != nil {
		return p, err
	}
	if p.Answer == "" {
		return p, errors.New(`it has no "answer"`)
	}
	if i := strings.LastIndex(p.Answer, "####"); i >= 0 && strings.TrimSpace(p.Answer[i+4:]) != "" { // a worked solution
		p.Answer = p.Answer[i+4:]
	}
	if p.ID, err = word(in.ID, "id"); err != nil {
		return p, err
	}
	if p.ID == "" {
		p.ID = fmt.Sprintf("line %d", n)
	}
	if in.Difficulty != nil {
		if p.Difficulty = *in.Difficulty; p.Difficulty < 0 || p.Difficulty > mostDifficulty {
			return p, fmt.Errorf("its difficulty is %d, it must lie between 0 and %d", p.Difficulty, mostDifficulty)
		}
	}
	p.Prompt, p.Answer = strings.TrimSpace(*in.Prompt), strings.TrimSpace(p.Answer)
	return p, nil
}

// mostDifficulty bounds the difficulty that a file may give: results are listed by it.
const mostDifficulty = 1000

// word reads a text or a number; "" where there is none.
func word(raw json.RawMessage, name string) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		return strings.TrimSpace(text), nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err == nil {
		return number.String(), nil
	}
	return "", fmt.Errorf("its %q is neither a text nor a number", name)
}
