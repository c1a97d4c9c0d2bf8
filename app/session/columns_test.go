package session

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
)

// columnsOf has a column of steps from a start, one of shares, and one with gaps.
func columnsOf(rows int, start float64) Columns {
	c := Columns{{Name: "step"}, {Name: "accuracy"}, {Name: "held out, \"kl\""}}
	for i := range rows {
		step, share := start+float64(i), math.Round(1e6*math.Sqrt(float64(i))/40)/1e6
		c[0].Values = append(c[0].Values, &step)
		c[1].Values = append(c[1].Values, &share)
		c[2].Values = append(c[2].Values, nil)
		if i%10 == 0 {
			c[2].Values[i] = &share
		}
	}
	return c
}

// Columns come back as they were, in text, packed in four bytes, and packed in eight where a whole number needs them.
func TestColumns(t *testing.T) {
	uneven := columnsOf(200, 1)
	uneven[1].Values = uneven[1].Values[:7]
	for name, x := range map[string]struct {
		c      Columns
		format string
	}{
		"none":    {Columns{}, `[]`},
		"few":     {columnsOf(5, 1), `[{"name"`},
		"uneven":  {uneven, `[{"name"`},
		"many":    {columnsOf(200, 1), `"f32":`},
		"a large": {columnsOf(200, 1<<31), `"f64":`},
	} {
		text, err := json.Marshal(KeptRun{Metrics: x.c})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Contains(text, []byte(x.format)) {
			t.Errorf("%s columns are %.200s", name, text)
		}
		var got KeptRun
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got.Metrics, x.c) {
			t.Errorf("%s columns come back as %v, %v", name, got.Metrics, err)
		}
	}
}

// A number of six digits comes back as the same number.
func TestSixDigitsStay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := columnsOf(20_000, 1)
	for i := range c[1].Values {
		*c[1].Values[i], _ = strconv.ParseFloat(strconv.FormatFloat(random.NormFloat64()*math.Pow(10, 16*random.Float64()-12), 'g', 6, 64), 64)
	}
	text, err := json.Marshal(c)
	if err != nil || !bytes.Contains(text, []byte(`"f32"`)) {
		t.Fatalf("%.100s, %v", text, err)
	}
	var got Columns
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for i, x := range got[1].Values {
		if want := *c[1].Values[i]; *x != want {
			t.Fatalf("%v comes back as %v", want, *x)
		}
	}
}

func TestDamagedColumns(t *testing.T) {
	for _, text := range []string{`{}`, `{"names":["a"],"rows":0,"f32":"AAAA"}`, `{"names":["a"],"rows":1,"f32":"AAAA"}`, `{"names":["a"],"rows":2,"f32":"AAAAAA=="}`,
		`{"names":["a"],"rows":1,"f32":"AACAfw=="}`, `{"names":["a"],"rows":1,"f32":"AAAAAA==","f64":"AAAAAAAAAAA="}`, `{"names":["a"],"rows":-1}`, `7`} {
		var c Columns
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s is read as %v", text, c)
		}
	}
}
