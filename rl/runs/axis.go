package runs

// Axis is what curves of training are drawn over. The order of methods depends on it: a tree samples a prefix once, is charged for it with each
// response that continues it, and trains on it several times.
type Axis struct {
	Name    string   // in links
	Title   string   // in the menu
	Label   string   // below the curves, with its unit
	Columns []string // of the log; of several the first that it has
}

// Axes are those that can be chosen, the default first.
var Axes = []Axis{
	{"step", "steps", "step", []string{"step"}},
	{"tokens", "generated tokens", "tokens generated", []string{"generated_tokens", "tokens"}},
	{"charged", "charged tokens", "tokens charged", []string{"charged_tokens", "tokens"}},
	{"compute", "training compute", "training, GFLOP", []string{"training_gflop"}},
}

// AxisOf is the axis of a name, the default for a name that is none.
func AxisOf(name string) Axis {
	for _, a := range Axes {
		if a.Name == name {
			return a
		}
	}
	return Axes[0]
}
