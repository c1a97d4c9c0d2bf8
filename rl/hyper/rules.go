package hyper

import (
	"errors"
	"fmt"
)

// Limits is what a model allows. 0 is not known, and then no rule asks for it.
type Limits struct {
	Context int // longest sequence, prompt included, tokens
	Heads   int // attention heads, all layers together
}

// Rule returns an error, with both numbers, if values contradict each other or the model's limits. It is asked only about values
// that are in their ranges, and passes methods that lack its rows.
type Rule func(h Values, l Limits) error

// Rules hold for every method that has their rows. A method adds its own.
var Rules = []Rule{
	func(h Values, _ Limits) error { // a ratio of 1, the policy that sampled, must not be clipped
		if h.Has("dual-clip") && h.Number("dual-clip") > 0 && h.Number("dual-clip") <= 1 {
			return fmt.Errorf("dual-clip is %g, not above 1, the ratio of an unchanged policy; give more than 1, or 0 to switch it off", h.Number("dual-clip"))
		}
		return nil
	},
	func(h Values, l Limits) error { // the loss is divided by a length that no response can have
		if h.Has("aggregation", "max-length") && h.Choice("aggregation") == "constant" {
			return Reachable(h, l, "aggregation constant divides by it")
		}
		return nil
	},
	func(h Values, _ Limits) error { // kernels take words of four
		if h.Has("lora") && h.Int("lora")%4 != 0 {
			return fmt.Errorf("lora is %d; give 0, or a rank of 4, 8, 12, 16, 20, 24, 28 or 32", h.Int("lora"))
		}
		return nil
	},
	func(h Values, _ Limits) error { // adapters compute each layer again
		if h.Has("lora", "activations") && h.Int("lora") > 0 && h.Choice("activations") != "f32" {
			return fmt.Errorf("activations is %s and lora is %d: training adapters saves no activations; give activations f32, or lora 0", h.Choice("activations"), h.Int("lora"))
		}
		return nil
	},
	func(h Values, _ Limits) error {
		if h.Has("points", "unbranched") && h.Int("points") == 0 && h.Choice("unbranched") == "drop" {
			return errors.New("points is 0 and unbranched is drop: no response would be trained on; give at least 1 point, or keep")
		}
		return nil
	},
	func(h Values, _ Limits) error {
		if h.Has("spacing", "max-length") && h.Number("spacing") >= h.Number("max-length") {
			return fmt.Errorf("spacing is %d and max-length is %d tokens: no branch point lies so late; give a smaller spacing", h.Int("spacing"), h.Int("max-length"))
		}
		return nil
	},
}

// Reachable returns an error if max-length is beyond the model's context, for rules of what depends on L_max itself. Where it
// only cuts responses off, the shorter of the two does so.
func Reachable(h Values, l Limits, why string) error {
	if n := h.Int("max-length"); l.Context > 0 && n >= l.Context {
		return fmt.Errorf("max-length is %d and the model's context holds %d tokens, prompt included, while %s; give a max-length below %d",
			n, l.Context, why, l.Context)
	}
	return nil
}

// Check returns an error unless h has exactly the table's names with values in range that keep the common rules and these.
func (t Table) CheckRules(h Values, l Limits, rules ...Rule) error {
	if err := t.Check(h); err != nil {
		return err
	}
	for _, all := range [][]Rule{Rules, rules} {
		for _, rule := range all {
			if err := rule(h, l); err != nil {
				return fmt.Errorf("hyper: %w", err)
			}
		}
	}
	return nil
}
