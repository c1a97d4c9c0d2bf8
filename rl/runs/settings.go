package runs

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"attnlab/rl/hyper"
)

// Pretrain is the method of supervised training from scratch.
const Pretrain = "pretrain"

// Version is that of run.json as this package writes it. Files without a version are of version 1.
const Version = 2

// What a run measures while it trains where nobody asks for something else: about a tenth of the time of a run of the lab. See
// Settings.HeldOut and Settings.HeldOutGap.
const (
	HeldOut    = 100    // problems
	HeldOutGap = 25_000 // tokens
)

// DefaultRollouts is the share of a run's problems whose responses are saved where nobody asks for another: all. See docs/rollouts.md for what
// they take.
const DefaultRollouts = 1.0

// Settings are run.json: the options of a run, and what identifies it.
type Settings struct {
	Version    int               `json:"version"`
	Method     string            `json:"method"` // [Pretrain], or one of rl.Methods
	Model      string            `json:"model"`  // what it began from: folder, name of a shipped base, "run:ID"; of pretraining the preset
	Task       string            `json:"task"`
	Difficulty string            `json:"difficulty"` // empty is the task's own
	Teacher    string            `json:"teacher"`    // empty is the task's own
	Seed       Seed              `json:"seed"`
	Probe      int               `json:"probe"`                    // problems that the base is measured on first
	FocusHeads string            `json:"focus_heads,omitempty"`    // "0.0,0.2": heads of attnpo instead of those it finds
	Reflection string            `json:"reflection,omitempty"`     // folder or name of the reflection model of rearl
	Paper      bool              `json:"paper"`                    // hyper-parameters that are not given are the papers'
	Hyper      map[string]string `json:"hyper"`                    // hyper-parameters that were given, by name
	Values     map[string]string `json:"values,omitempty"`         // all of them, as the run uses them
	Steps      int               `json:"steps,omitempty"`          // training steps in all
	Budget     int64             `json:"budget,omitempty"`         // generated tokens in all: no step begins beyond it
	Every      int               `json:"report_every,omitempty"`   // steps of pretraining a line of the log
	HeldOut    int               `json:"held_out,omitempty"`       // fixed problems that the model is measured on while it trains; 0 is none
	HeldOutGap int64             `json:"held_out_every,omitempty"` // generated tokens between two of these measurements
	Rollouts   *float64          `json:"save_rollouts,omitempty"`  // share of its problems whose responses are saved, from 0 to 1; nil where none are and this was not recorded
	Evaluate   *int              `json:"evaluate,omitempty"`       // fresh problems for the evaluation at the end; nil where this was not recorded
	Start      string            `json:"start,omitempty"`          // pretraining: the model whose weights it began with
	Storage    string            `json:"storage,omitempty"`        // of the base's weights on the device, where adapters are trained over a base that was opened in parts

	Wording *Wording `json:"wording,omitempty"` // of a task of free text

	Base            *Identity `json:"base,omitempty"`             // of the model that the run began from
	ReflectionModel *Identity `json:"reflection_model,omitempty"` // of the reflection model
	Measured        *Measured `json:"measured,omitempty"`         // how the numbers in the log are measured

	Name   string `json:"name,omitempty"` // for people
	From   string `json:"from,omitempty"` // "this browser", "this machine", "imported", "shipped"
	Note   string `json:"note,omitempty"` // adapter, command: where its numbers came from
	Sample string `json:"sample,omitempty"`

	params hyper.Table // of the method, see [Settings.Complete]
	rest   unknown
}

// Wording is how a run puts the problems of a task of free text: flags of the command line by their names.
type Wording struct {
	StepRule string `json:"step_rule"`
	Chat     string `json:"chat,omitempty"`
	System   string `json:"system,omitempty"`
	Shots    int    `json:"shots"`
	Context  int    `json:"context"`                // tokens
	Problems string `json:"problem_file,omitempty"` // of own problems, its path; a relative one lies in the run's folder
}

// flag is the value for a flag; of no wording it is empty.
func (w *Wording) flag(name string) string {
	if w == nil {
		return ""
	}
	return map[string]string{"step-rule": w.StepRule, "chat": w.Chat, "system": w.System, "shots": strconv.Itoa(w.Shots), "context": strconv.Itoa(w.Context), "problem-file": w.Problems}[name]
}

// Identity says which weights a run used, so that others in their place are noticed.
type Identity struct {
	Name    string `json:"name"`
	Weights string `json:"weights_sha256"`
}

// MarshalJSON writes the fields and the keys that were read and are not known.
func (s Settings) MarshalJSON() ([]byte, error) {
	type plain Settings
	p := plain(s)
	p.Version = Version
	if p.Hyper == nil {
		p.Hyper = map[string]string{}
	}
	data, err := marshal(p)
	if err != nil {
		return nil, err
	}
	return s.rest.addTo(data)
}

// UnmarshalJSON reads settings of any version up to [Version].
func (s *Settings) UnmarshalJSON(data []byte) error {
	type plain Settings
	p := plain{Version: 1}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if p.Version > Version {
		return fmt.Errorf("it is of version %d and this attnlab reads versions up to %d; use a newer attnlab", p.Version, Version)
	}
	if p.Steps < 0 || p.Budget < 0 || p.Probe < 0 || p.Every < 0 || p.HeldOut < 0 || p.HeldOutGap < 0 || p.Rollouts != nil && !(*p.Rollouts >= 0) || p.Evaluate != nil && *p.Evaluate < 0 {
		return fmt.Errorf("it has a negative number of steps, tokens or problems")
	}
	*s = Settings(p)
	s.rest = unknownOf(data, reflect.TypeFor[Settings]())
	return nil
}

// Done reports whether a run with these settings is complete after step training steps and tokens generated tokens.
func (s Settings) Done(step int, tokens int64) bool {
	return s.Steps > 0 && step >= s.Steps || s.Budget > 0 && tokens >= s.Budget
}

// Progress is how much of a run is done, of how much: steps, or tokens where the budget will end it first.
func (s Settings) Progress(step int, tokens int64) (done, of int) {
	t := min(tokens, s.Budget)
	if s.Steps == 0 || s.Budget > 0 && t*int64(s.Steps) > int64(step)*s.Budget {
		return int(t), int(s.Budget)
	}
	return step, s.Steps
}

// LogFile is the name of the run's log.
func (s Settings) LogFile() string { return logFile(s.Method) }

func logFile(method string) string {
	if method == Pretrain {
		return PretrainFile
	}
	return MetricsFile
}

// Flag is what the run was begun with for a flag of "attnlab train" or "attnlab pretrain", as canonical text; false where
// such a flag says nothing about a run.
func (s Settings) Flag(name string) (string, bool) {
	switch name {
	case "method":
		return s.Method, true
	case "model":
		return s.Model, s.Method != Pretrain
	case "preset":
		return s.Model, s.Method == Pretrain
	case "task":
		return s.Task, true
	case "difficulty":
		return s.Difficulty, true
	case "teacher":
		return s.Teacher, true
	case "seed":
		return s.Seed.String(), true
	case "probe":
		return strconv.Itoa(s.Probe), s.Method != Pretrain
	case "held-out":
		return strconv.Itoa(s.HeldOut), s.Method != Pretrain
	case "held-out-every":
		return strconv.FormatInt(s.HeldOutGap, 10), s.Method != Pretrain
	case "save-rollouts":
		if s.Rollouts == nil {
			return "", s.Method != Pretrain
		}
		return strconv.FormatFloat(*s.Rollouts, 'g', -1, 64), s.Method != Pretrain
	case "eval": // a run that has no evaluation may get one later
		if s.Evaluate == nil || *s.Evaluate == 0 {
			return "", false
		}
		return strconv.Itoa(*s.Evaluate), s.Method != Pretrain
	case "focus-heads":
		return s.FocusHeads, s.Method != Pretrain
	case "reflection":
		return s.Reflection, s.Method != Pretrain
	case "paper":
		return strconv.FormatBool(s.Paper), s.Method != Pretrain
	case "storage":
		return s.Storage, s.Method != Pretrain
	case "from":
		return s.Start, s.Method == Pretrain
	case "step-rule", "chat", "system", "shots", "context", "problem-file":
		return s.Wording.flag(name), s.Method != Pretrain
	}
	return s.value(name)
}

// Conflict is the name of the first flag, in the order of names, whose value differs from the one that the run was begun with;
// empty where none differs. Flags that do not describe a run never conflict. same reports whether two texts mean the same for a
// flag; nil is equality.
func (s Settings) Conflict(names []string, given func(name string) string, same func(name, given, begun string) bool) string {
	for _, name := range names {
		begun, of := s.Flag(name)
		text := given(name)
		if !of || s.canonical(name, text) == begun || strings.TrimSpace(text) == begun || same != nil && same(name, text, begun) {
			continue
		}
		return name
	}
	return ""
}
