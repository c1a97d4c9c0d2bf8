package hyper

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
)

var table = Table{
	Problems.With(64, 16), Quantile.With(0.2, 0.3), Aggregation.Choosing("sequence", "token"), DualClip.With(3, 0),
}

func TestSet(t *testing.T) {
	h := table.Paper()
	for _, c := range []struct {
		name, text, complaint string
		want                  Value
	}{
		{"problems", "2", "", Number(2)}, {"aggregation", "constant", "", Choice("constant")}, {"quantile", "0.5", "", Number(0.5)},
		{"problems", "2.5", "whole number", Value{}}, {"problems", "two", "not a number", Value{}}, {"problems", "999", "from 1 to 512", Value{}},
		{"quantile", "NaN", "from", Value{}}, {"quantile", "+Inf", "from", Value{}}, {"quantile", "", "not a number", Value{}},
		{"aggregation", "1", "one of token, sequence, constant", Value{}}, {"aggregation", "", "one of", Value{}},
		{"kappa", "1", `no hyper-parameter "kappa"`, Value{}},
	} {
		err := table.Set(h, c.name, c.text)
		switch {
		case c.complaint == "" && (err != nil || h[c.name] != c.want):
			t.Errorf("Set(%s, %s): %v, %v", c.name, c.text, h[c.name], err)
		case c.complaint != "" && (err == nil || !strings.Contains(err.Error(), c.complaint)):
			t.Errorf("Set(%s, %s): error %v, want %q in it", c.name, c.text, err, c.complaint)
		}
	}
	if h.Int("problems") != 2 || h.Number("quantile") != 0.5 || h.Choice("aggregation") != "constant" || len(h) != 4 {
		t.Errorf("a refused value changed something: %v", h)
	}
}

// String is the inverse of Parse, and JSON of itself.
func TestValuesRoundTrip(t *testing.T) {
	for _, v := range []struct {
		row Param
		v   Value
	}{{Quantile, Number(0.1 + 0.2)}, {LearningRate, Number(1e-7)}, {Problems, Number(512)}, {Aggregation, Choice("token")}} {
		if back, err := v.row.Parse(v.v.String()); err != nil || back != v.v {
			t.Errorf("%s: %v is printed %q and read as %v, %v", v.row.Name, v.v, v.v.String(), back, err)
		}
	}
	h := table.Lab()
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"aggregation":"token","dual-clip":0,"problems":16,"quantile":0.3}`; string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	var back Values
	if err := json.Unmarshal(data, &back); err != nil || !maps.Equal(back, h) {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{`{"problems":true}`, `{"problems":[1]}`, `{"problems":null}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

// Runs of before had the index of a choice, and fewer rows.
func TestReadOldRuns(t *testing.T) {
	h, err := table.Read([]byte(`{"problems":8,"aggregation":2}`))
	want := Values{"problems": Number(8), "aggregation": Choice("constant"), "quantile": Number(0.3), "dual-clip": Number(0)}
	if err != nil || !maps.Equal(h, want) {
		t.Errorf("%v, %v; want %v", h, err, want)
	}
	for text, complaint := range map[string]string{
		`{"aggregation":3}`: "aggregation", `{"aggregation":0.5}`: "aggregation", `{"problems":0}`: "problems", `{"nonsense":1}`: "nonsense", `[]`: "cannot be read",
	} {
		if _, err := table.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: error %v, want %q in it", text, err, complaint)
		}
	}
}

func TestMergeAndChanges(t *testing.T) {
	changed := Values{"problems": Number(3), "aggregation": Choice("constant")}
	h, err := table.Merge(table.Lab(), changed)
	if err != nil || h.Int("problems") != 3 || h.Number("quantile") != 0.3 {
		t.Errorf("%v, %v", h, err)
	}
	if back := table.Changes(table.Lab(), h); !maps.Equal(back, changed) {
		t.Errorf("changes %v", back)
	}
	if table.Changes(table.Lab(), table.Lab()) != nil {
		t.Error("no change is a change")
	}
}

func TestCheck(t *testing.T) {
	for name, h := range map[string]Values{
		"problems has no value": {"quantile": Number(.2), "aggregation": Choice("token"), "dual-clip": Number(0)},
		"problems is NaN":       {"problems": Number(math.NaN()), "quantile": Number(.2), "aggregation": Choice("token"), "dual-clip": Number(0)},
		`"kappa"`:               {"problems": Number(1), "kappa": Number(1), "quantile": Number(.2), "aggregation": Choice("token"), "dual-clip": Number(0)},
		"dual-clip is 0.5":      {"problems": Number(1), "quantile": Number(.2), "aggregation": Choice("token"), "dual-clip": Number(0.5)},
		`problems is "token"`:   {"problems": Choice("token"), "quantile": Number(.2), "aggregation": Choice("token"), "dual-clip": Number(0)},
	} {
		if err := table.CheckRules(h, Limits{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: error %v, want %q in it", h, err, name)
		}
	}
	own := func(h Values, _ Limits) error {
		if h.Int("problems") < 9 {
			return errors.New("9 and fewer")
		}
		return nil
	}
	if err := table.CheckRules(table.Lab(), Limits{}, own); err != nil {
		t.Error(err)
	}
	h := table.Lab()
	h["problems"] = Number(8)
	if err := table.CheckRules(h, Limits{}, own); err == nil || !strings.Contains(err.Error(), "9 and fewer") {
		t.Errorf("a method's own rule: %v", err)
	}
}

// Reading a value of another name or kind is a programming error.
func TestValuesPanic(t *testing.T) {
	h := table.Lab()
	for name, read := range map[string]func(){
		"unknown":            func() { h.Number("kappa") },
		"a switch as number": func() { h.Number("aggregation") },
		"a number as switch": func() { h.Choice("problems") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			read()
		}()
	}
}
