package text

import (
	"strings"

	"attnlab/rl/task"
)

// Judge cuts a response into steps and labels and verifies it. Without labels of its own, a step with a wrong equation is wrong, one whose
// equations were all stated before is redundant, and any other step is unlabelled.
func (t *Task) Judge(p task.Problem, response []int) task.Trace {
	trace, ended := t.cut(p.Prompt, response)
	var steps []string
	for _, s := range trace.Steps {
		steps = append(steps, t.Text(trace.Tokens[s.Start:s.End]))
	}
	labels := repeats(steps)
	if t.Labelled {
		labels = t.chainOf(p).Labels(steps)
	}
	for k := range trace.Steps {
		trace.Steps[k].Label = labels[k]
	}
	end := trace.AnswerEnd
	if ended {
		end--
	}
	answer, marked := Answer(t.Text(trace.Tokens[trace.AnswerStart:max(end, trace.AnswerStart)]))
	trace.Answer = short(answer, marked)
	trace.WellFormed = ended && trace.Answer != ""
	trace.Correct = trace.WellFormed && p.Gold != "" && Match(answer, p.Gold)
	return trace
}

// short is an answer as it is shown: where no mark says what it is, its last number.
func short(answer string, marked bool) string {
	const most = 80
	if marked {
		answer, _, _ = strings.Cut(answer, "\n")
		return strings.ToValidUTF8(answer[:min(len(answer), most)], "")
	}
	if all := number.FindAllString(answer, -1); len(all) > 0 {
		return all[len(all)-1]
	}
	return strings.ToValidUTF8(answer[:min(len(answer), most)], "")
}

// repeats labels steps by their equations alone.
func repeats(steps []string) []task.Label {
	labels, stated := make([]task.Label, len(steps)), map[string]bool{}
	for k, step := range steps {
		fresh, judged, wrong := false, false, false
		for _, e := range Equations(step, nil) {
			if !e.Judged {
				continue
			}
			judged, wrong = true, wrong || !e.Right
			fresh = fresh || !stated[e.Text]
			stated[e.Text] = true
		}
		switch labels[k] = task.Unlabelled; {
		case wrong:
			labels[k] = task.Wrong
		case judged && !fresh:
			labels[k] = task.Redundant
		}
	}
	return labels
}

// Concludes marks the steps that state the right answer: in few-shot chain the value asked for, else the expected number or text.
func (t *Task) Concludes(p task.Problem, trace task.Trace) []bool {
	concludes := make([]bool, len(trace.Steps))
	for k, s := range trace.Steps {
		step := t.Text(trace.Tokens[s.Start:s.End])
		if t.Labelled {
			concludes[k] = t.chainOf(p).concludes(step)
		} else {
			concludes[k] = p.Gold != "" && Match(step, p.Gold)
		}
	}
	return concludes
}
