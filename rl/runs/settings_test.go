package runs

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"strings"
	"testing"

	"attnlab/rl/hyper"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// fill puts a value that is not zero into every field.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("x", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(math.MaxUint64 - uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 8)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // JSON
			v.SetBytes([]byte(`{"problems":` + strings.Repeat("7", *n%9+1) + `}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		panic("a field of kind " + v.Kind().String() + " is not filled by this test")
	}
}

// full are settings in which no field is zero and which a reader accepts.
func full() Settings {
	var s Settings
	n := 0
	fill(reflect.ValueOf(&s).Elem(), &n)
	s.Version, s.Method, s.Hyper = Version, "grpo", map[string]string{"kl": "0.1", "std": "sample"}
	s.rest = unknown{"colour": json.RawMessage(`"green"`), "base": unknown{"made_by": json.RawMessage(`[1,{"a":null}]`)}}
	return s
}

// whole compares unexported fields too, and raw JSON by what it says.
var whole = cmp.Options{cmp.AllowUnexported(Settings{}, Result{}), cmpopts.IgnoreFields(Settings{}, "params"), cmp.Transformer("JSON", func(raw json.RawMessage) (v any) {
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	return v
})}

// Every field of run.json and result.json, and every key that this version does not know, survives reading and writing.
func TestRoundTripOfEveryField(t *testing.T) {
	want := full()
	value := reflect.ValueOf(want)
	for i := range value.NumField() {
		if value.Field(i).IsZero() && value.Type().Field(i).Name != "params" {
			t.Fatalf("field %s is not filled", value.Type().Field(i).Name)
		}
	}
	data, err := document(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Settings
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if diff := cmp.Diff(want, got, whole); diff != "" {
		t.Errorf("settings differ (-want +got):\n%s", diff)
	}
	again, err := document(got)
	if err != nil || string(again) != string(data) {
		t.Errorf("written again: %v\n%s\nwant\n%s", err, again, data)
	}

	var result Result
	n := 0
	fill(reflect.ValueOf(&result).Elem(), &n)
	result.rest = unknown{"accuracy": json.RawMessage("0.5"), "measured": unknown{"humidity": json.RawMessage("3")}}
	if data, err = document(result); err != nil {
		t.Fatal(err)
	}
	var gotResult Result
	if err := json.Unmarshal(data, &gotResult); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result, gotResult, whole); diff != "" {
		t.Errorf("results differ (-want +got):\n%s", diff)
	}
}

// A number that JavaScript and pandas would round is written as text, and both forms are read.
func TestSeedsAreExact(t *testing.T) {
	for _, c := range []struct {
		seed Seed
		want string
	}{{0, "0"}, {1 << 53, "9007199254740992"}, {1<<53 + 1, `"9007199254740993"`}, {1<<64 - 1, `"18446744073709551615"`}} {
		data, err := json.Marshal(map[string]Seed{"seed": c.seed})
		if err != nil || string(data) != `{"seed":`+c.want+`}` {
			t.Errorf("%d is written %s, %v", c.seed, data, err)
		}
		for _, form := range []string{c.seed.String(), `"` + c.seed.String() + `"`} {
			var got Seed
			if err := json.Unmarshal([]byte(form), &got); err != nil || got != c.seed {
				t.Errorf("%s is read as %d, %v", form, got, err)
			}
		}
	}
	for _, bad := range []string{`-1`, `1.5`, `"x"`, `18446744073709551616`, `null`, `{}`} {
		var got Seed
		if err := json.Unmarshal([]byte(bad), &got); err == nil && bad != "null" {
			t.Errorf("%s is read as %d", bad, got)
		}
	}
}

func TestSettingsOfOtherVersions(t *testing.T) {
	var old Settings
	if err := json.Unmarshal([]byte(`{"method":"grpo","task":"chain","seed":7,"hyper":{}}`), &old); err != nil || old.Version != 1 || old.Seed != 7 {
		t.Errorf("version 1: %+v, %v", old, err)
	}
	if err := json.Unmarshal([]byte(`{"version":3,"method":"grpo"}`), &old); err == nil || !strings.Contains(err.Error(), "newer attnlab") {
		t.Errorf("version 3: %v", err)
	}
	if err := json.Unmarshal([]byte(`{"steps":-1}`), &old); err == nil || !strings.Contains(err.Error(), "negative") {
		t.Errorf("negative steps: %v", err)
	}
}

// rows are hyper-parameters for tests.
var rows = hyper.Table{
	hyper.KL.With(0.04, 0), hyper.LearningRate.With(1e-6, 5e-4), hyper.Std.Choosing("population", "population"),
}

var pretrainRows = hyper.Table{
	hyper.Param{Name: "rate", Max: 1, Step: 1e-9}.With(0.003, 0.003), hyper.Param{Name: "tokens", Min: 1, Max: 4096, Step: 1}.With(2048, 2048),
}

// What a run was not given is the lab's value, or the paper's; what it recorded stays, whatever the usual values are now.
func TestComplete(t *testing.T) {
	for _, c := range []struct {
		s    Settings
		want map[string]string
		err  string
	}{
		{Settings{Hyper: map[string]string{"kl": "1e-1"}}, map[string]string{"kl": "0.1", "learning-rate": "0.0005", "std": "population"}, ""},
		{Settings{Paper: true}, map[string]string{"kl": "0.04", "learning-rate": "1e-06", "std": "population"}, ""},
		{Settings{Values: map[string]string{"kl": "0.3", "gone": "1"}, Hyper: map[string]string{"std": "off"}}, map[string]string{"kl": "0.3", "gone": "1", "learning-rate": "0.0005", "std": "off"}, ""},
		{Settings{Hyper: map[string]string{"kappa": "1"}}, nil, "kappa"},
		{Settings{Hyper: map[string]string{"std": "most"}}, nil, `std is "most"`},
	} {
		err := c.s.Complete(rows)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || err == nil && !maps.Equal(c.s.Values, c.want) {
			t.Errorf("%v, %v, want %v and %q", c.s.Values, err, c.want, c.err)
		}
	}
}

// A flag conflicts where it asks for something else, also for a default; equal values in other words do not.
func TestConflict(t *testing.T) {
	s := Settings{Method: "grpo", Model: "/base", Task: "chain", Seed: 7, Probe: 64, Paper: false, Hyper: map[string]string{"kl": "0.1"}}
	p := Settings{Method: Pretrain, Model: "tiny", Task: "chain", Seed: 1, Hyper: map[string]string{"rate": "0.003", "tokens": "2048"}}
	for s, rows := range map[*Settings]hyper.Table{&s: rows, &p: pretrainRows} {
		if err := s.Complete(rows); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		of          Settings
		name, given string
		want        bool
	}{
		{s, "method", "grpo", false}, {s, "method", "dapo", true}, {s, "seed", "7", false}, {s, "seed", "1", true},
		{s, "probe", "256", true}, {s, "probe", "64", false}, {s, "paper", "true", true}, {s, "paper", "false", false},
		{s, "kl", "1e-1", false}, {s, "kl", "0", true}, {s, "learning-rate", "5e-4", false}, {s, "learning-rate", "0.01", true},
		{s, "std", "population", false}, {s, "std", "off", true}, {s, "difficulty", "2-5", true}, {s, "json", "true", false}, {s, "out", "x", false},
		{p, "rate", "3e-3", false}, {p, "rate", "0.001", true}, {p, "tokens", "1024", true}, {p, "preset", "small", true}, {p, "from", "chain-small", true},
		{p, "teacher", "plain", true}, {p, "model", "chain-small", false},
	} {
		if got := c.of.Conflict([]string{c.name}, func(string) string { return c.given }, nil); (got != "") != c.want {
			t.Errorf("%s with --%s %s: conflict %q, want %v", c.of.Method, c.name, c.given, got, c.want)
		}
	}
	spelled := func(name, given, begun string) bool { return name == "difficulty" && given == "2-5" && begun == "" }
	if got := s.Conflict([]string{"difficulty"}, func(string) string { return "2-5" }, spelled); got != "" {
		t.Errorf("the task's own difficulty written out conflicts: %q", got)
	}
}
