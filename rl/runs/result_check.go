package runs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"attnlab/rl/stat"
)

// given reports whether a key of a document has a value other than null.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// checkVersion returns an error if a document is of a version that this package cannot read. No version is fine.
func checkVersion(data []byte) error {
	var of struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &of); err != nil {
		return err
	}
	if of.Version != nil && *of.Version > Version {
		return fmt.Errorf("it is of version %d and this attnlab reads versions up to %d; use a newer attnlab", *of.Version, Version)
	}
	return nil
}

// readEvaluation reads the evaluation under a key. Its errors name the key of a value that is missing or out of its range.
func readEvaluation(data []byte, key string) (e Evaluation, err error) {
	e.Reflections = stat.Number(nan)
	if err := require(data, key, "problems", "accuracy", "think_tokens"); err != nil {
		return e, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("%s cannot be read: %w", key, err)
	}
	checks := []error{atLeastOne(key+".problems", e.Problems), share(key+".accuracy", e.Accuracy), notNegative(key+".think_tokens", e.ThinkTokens), notNegative(key+".reflections", e.Reflections)}
	for label, n := range e.Labels {
		checks = append(checks, notNegative(key+".labels."+label, n))
	}
	for i, l := range e.ByDifficulty {
		in := fmt.Sprintf("%s.by_difficulty[%d].", key, i)
		checks = append(checks, share(in+"accuracy", l.Accuracy), notNegative(in+"think_tokens", l.ThinkTokens), notNegative(in+"reflections", l.Reflections))
	}
	return e, cmp.Or(append(checks, e.checkEach(key))...)
}

// readProbe is readEvaluation for a probe.
func readProbe(data []byte, key string) (p Probe, err error) {
	p.RedundantSteps, p.EssentialSteps = stat.Number(nan), stat.Number(nan)
	if err := require(data, key, "problems", "accuracy", "think_tokens"); err != nil {
		return p, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("%s cannot be read: %w", key, err)
	}
	return p, cmp.Or(atLeastOne(key+".problems", p.Problems), share(key+".accuracy", p.Accuracy), notNegative(key+".think_tokens", p.ThinkTokens),
		notNegative(key+".redundant_steps", p.RedundantSteps), notNegative(key+".essential_steps", p.EssentialSteps))
}

// check returns an error that names a value of focus_heads or measured that is out of its range.
func (r *Result) check() error {
	var checks []error
	for i, h := range r.FocusHeads {
		in := fmt.Sprintf("focus_heads[%d].", i)
		checks = append(checks, notNegative(in+"layer", stat.Number(h.Layer)), notNegative(in+"head", stat.Number(h.Head)), share(in+"sra_before", h.Before), share(in+"sra_after", h.After))
	}
	if m := r.Measured; m != nil {
		if m.Problems != nil {
			checks = append(checks, atLeastOne("measured.problems", *m.Problems))
		}
		if m.Temperature != nil {
			checks = append(checks, notNegative("measured.temperature", stat.Number(*m.Temperature)))
		}
		if m.TopP != nil {
			checks = append(checks, share("measured.top_p", stat.Number(*m.TopP)))
		}
		if m.MaxLength != nil {
			checks = append(checks, atLeastOne("measured.max_length", *m.MaxLength))
		}
		if m.Tokens != nil {
			checks = append(checks, notNegative("measured.tokens", stat.Number(*m.Tokens)))
		}
		if m.Updates != nil {
			checks = append(checks, notNegative("measured.updates", stat.Number(*m.Updates)))
		}
	}
	return cmp.Or(checks...)
}

// require returns an error that names the first of the keys that an object lacks. The value may be null.
func require(data []byte, key string, names ...string) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil || keys == nil {
		return errors.New(key + " must be an object")
	}
	for _, name := range names {
		if keys[name] == nil {
			return fmt.Errorf("%s.%s is missing", key, name)
		}
	}
	return nil
}

// share, notNegative and atLeastOne return an error that names a value out of its range. An unknown number is in every range.
func share(key string, n stat.Number) error {
	if n < 0 || n > 1 {
		return fmt.Errorf("%s is %g; it must lie between 0 and 1", key, float64(n))
	}
	return nil
}

func notNegative(key string, n stat.Number) error {
	if n < 0 || math.IsInf(float64(n), 0) {
		return fmt.Errorf("%s is %g; it must not be negative", key, float64(n))
	}
	return nil
}

func atLeastOne(key string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s is %d; it must be at least 1", key, n)
	}
	return nil
}
