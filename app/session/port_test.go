package session

import (
	"attnlab/rl/hyper"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestHubReachesAllOthersInOrder(t *testing.T) {
	hub := &Hub{}
	engine, page, figure := hub.Join(), hub.Join(), hub.Join()
	const n = 1000 // more than anybody reads meanwhile
	for i := range n {
		if err := engine.Send(Status{Done: i}); err != nil {
			t.Fatal(err)
		}
	}
	page.Send(Cancel{})
	for _, port := range []*Port{page, figure} {
		for i := range n {
			if got := <-port.In; got != any(Status{Done: i}) {
				t.Fatalf("message %d is %v", i, got)
			}
		}
	}
	if got := <-engine.In; got != any(Cancel{}) {
		t.Errorf("the engine received its own message %v first", got)
	}
	if got := <-figure.In; got != any(Cancel{}) {
		t.Errorf("the figure received %v, want Cancel", got)
	}
	figure.Close()
	figure.Close()
	page.Send(Hello{})
	if got := <-engine.In; got != any(Hello{}) {
		t.Errorf("the engine received %v, want Hello", got)
	}
	if got, open := <-figure.In; open {
		t.Errorf("a closed port brought %v", got)
	}
}

// Every message comes back from its text as it was: no field without a name, no
// kind left out of the table.
func TestCodecBringsEveryMessageBack(t *testing.T) {
	for name, typ := range kinds {
		v := reflect.New(typ).Elem()
		fill(v, 3)
		text, err := Encode(v.Interface())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Decode(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, v.Interface()) {
			t.Errorf("%s: got %+v, want %+v", name, got, v.Interface())
		}
		var envelope struct{ Body map[string]any }
		json.Unmarshal(text, &envelope)
		for key := range envelope.Body {
			if key != strings.ToLower(key) {
				t.Errorf("%s: field %q has no JSON name", name, key)
			}
		}
		_, command := got.(Command)
		_, event := got.(Event)
		if command == event {
			t.Errorf("%s is command: %v, event: %v, want exactly one", name, command, event)
		}
	}
}

// fill puts something other than zero everywhere.
func fill(v reflect.Value, n int) {
	if _, ok := v.Interface().(hyper.Value); ok { // its fields are its own
		v.Set(reflect.ValueOf(hyper.Number(float64(n) + 0.5)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n+i)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n+i)
		}
	case reflect.Map:
		key, value := reflect.ValueOf("config.json"), reflect.New(v.Type().Elem()).Elem()
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.String:
		v.SetString("<think> \n")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(n) + 0.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n))
	default:
		v.SetUint(uint64(n))
	}
}

func TestDecodeRefusesWithASentence(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "not a message"},
		{"[]", "not a message"},
		{`{"kind":"Select","body":{}`, "cannot be read"},
		{`{"kind":"Nonsense","body":{}}`, "unknown kind"},
		{`{"kind":"Select","body":{"selection":7}}`, "cannot be read"},
		{`{"kind":"Select"}`, "not a message"},
		{`{"kind":"Trace","body":{"attention":["a"]}}`, "cannot be read"},
		{`{"kind":"Trace","body":{"attention":7}}`, "cannot be read"},
	} {
		if got, err := Decode([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode(%q) = %v, %v; want an error with %q", c.text, got, err, c.want)
		}
	}
}

func TestDensitiesKeepFiveDigits(t *testing.T) {
	for _, c := range []struct {
		in   Densities
		text string
	}{
		{nil, "[]"},
		{Densities{0, 0, 1, -0.5}, "[0,0,1,-0.5]"},
		{Densities{0.018237654, 1.0 / 3, 123456.7, 1e-9}, "[0.018238,0.33333,1.2346e+05,1e-09]"},
	} {
		text, err := json.Marshal(c.in)
		if err != nil || string(text) != c.text {
			t.Errorf("%v is written as %s, %v; want %s", c.in, text, err, c.text)
		}
		var back Densities
		if err := json.Unmarshal(text, &back); err != nil || len(back) != len(c.in) {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
		for i := range back {
			if d := math.Abs(float64(back[i] - c.in[i])); d > 5e-5*math.Abs(float64(c.in[i])) {
				t.Errorf("%v comes back as %v", c.in[i], back[i])
			}
		}
	}
	if _, err := json.Marshal(Densities{float32(math.NaN())}); err == nil {
		t.Error("NaN was written")
	}
	var back Densities
	if err := json.Unmarshal([]byte(" [ 1 , 2.5 ] "), &back); err != nil || len(back) != 2 || back[1] != 2.5 {
		t.Errorf("spaces are read as %v, %v", back, err)
	}
}
