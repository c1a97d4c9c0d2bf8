package hyper

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Value is a number, or the name of one of a switch's choices.
type Value struct {
	number float64
	choice string // "" for a number
}

// Number is a numeric value.
func Number(x float64) Value { return Value{number: x} }

// Choice is a switch's value.
func Choice(name string) Value { return Value{choice: name} }

// String is the inverse of [Param.Parse].
func (v Value) String() string {
	if v.choice != "" {
		return v.choice
	}
	return strconv.FormatFloat(v.number, 'g', -1, 64)
}

// MarshalJSON writes a number, or a choice as a string.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.choice != "" {
		return json.Marshal(v.choice)
	}
	return json.Marshal(v.number)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Value) UnmarshalJSON(data []byte) error {
	var x any
	if err := json.Unmarshal(data, &x); err != nil {
		return err
	}
	switch x := x.(type) {
	case float64:
		*v = Number(x)
	case string:
		*v = Choice(x)
	default:
		return fmt.Errorf("hyper: %.40s is neither a number nor the name of a choice", data)
	}
	return nil
}

// Values holds the hyper-parameters of one method by name. The methods that read one value panic where there is none of that
// name or kind, which is a programming error: values from outside pass [Table.Check] first.
type Values map[string]Value

// Number returns a number.
func (h Values) Number(name string) float64 {
	v, ok := h[name]
	if !ok || v.choice != "" {
		panic(fmt.Sprintf("hyper: there is no number %q", name))
	}
	return v.number
}

// Int returns a whole number.
func (h Values) Int(name string) int { return int(h.Number(name)) }

// Choice returns the choice of a switch.
func (h Values) Choice(name string) string {
	v, ok := h[name]
	if !ok || v.choice == "" {
		panic(fmt.Sprintf("hyper: there is no switch %q", name))
	}
	return v.choice
}

// On reports whether a switch is "on".
func (h Values) On(name string) bool { return h.Choice(name) == "on" }

// Has reports whether there are values of all these names.
func (h Values) Has(names ...string) bool {
	for _, name := range names {
		if _, ok := h[name]; !ok {
			return false
		}
	}
	return true
}
