package runs

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// A value that is null, NaN or missing is a gap, lines may be of any length, and a last line that broke off is left out.
func TestLogWithGaps(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	text := `{"step":1,"loss":2,"groups":{"valid":3},"seed":99,"note":"NaN Infinity \" NaN"}` + "\n" +
		`{"step":2,"loss":NaN,"groups":{"valid":-Infinity},"text":"` + long + `"}` + "\r\n\n" +
		`{"step":3,"groups":{"valid":null},"on":true,"list":[1,{"a":NaN}]}` + "\n" +
		`{"step":4,"loss":1.5}` + "\n" + `{"step":5,"lo`
	log, err := ReadLog([]byte("\ufeff" + text))
	if err != nil {
		t.Fatal(err)
	}
	c := log.Columns()
	nan := math.NaN()
	for name, want := range map[string][]float64{"step": {1, 2, 3, 4}, "loss": {2, nan, nan, 1.5}, "groups.valid": {3, nan, nan, nan}, "on": {nan, nan, 1, nan}, "seed": nil, "list": nil} {
		if got := c.Of(name); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if !log.BrokeOff() {
		t.Error("the log does not say that its last line broke off")
	}
	if log.Rows() != 4 || !strings.Contains(string(log.Text()), long) || log.Step() != 4 {
		t.Errorf("%d lines up to step %d", log.Rows(), log.Step())
	}
	for bad, want := range map[string]string{
		"x\ny\n": "line 1", `{"step":2}` + "\n" + `{"step":1}` + "\n{}\n": "step 1 comes after step 2", `{"loss":1}` + "\n{}": "no step",
		`{"step":1}{"step":2}` + "\n" + `{"step":3}`: "follows", `[1]`: "not a JSON object", `{"step":1}` + "\n{\n" + `{"step":2}`: "line 2",
	} {
		if _, err := ReadLog([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", bad, err, want)
		}
	}
}

// Of a damaged log the lines before the damage are there, and of the run all else.
func TestDamagedLog(t *testing.T) {
	text := []byte(`{"step":1}` + "\n" + `{"step":7}` + "\n" + `{"step":2}` + "\n" + `{"step":8}` + "\n")
	r, err := Read(map[string][]byte{MetricsFile: text, RunFile: []byte(`{"method":"grpo","seed":3}`), StateFile: {1}, ResultFile: []byte(`{"step":8}`)})
	damage, is := errors.AsType[*DamagedLog](err)
	if !is || damage.Line != 3 || err.Error() != "line 3 of the metrics: step 2 comes after step 7" {
		t.Fatalf("%v", err)
	}
	if r.Log.Rows() != 2 || r.Log.Step() != 7 || r.Log.BrokeOff() || r.Settings.Seed != 3 || !r.Resumable() || r.Result == nil {
		t.Errorf("before the damage are %d lines up to step %d of %+v", r.Log.Rows(), r.Log.Step(), r)
	}
}

// However long a log is, screens get its newest steps and few of those before; pages in the store change nothing of that.
func TestShownLog(t *testing.T) {
	var m, whole Log
	for step := 1; step <= 3000; step++ {
		line := fmt.Appendf(nil, `{"step":%d,"loss":%d}`, step, 2*step)
		if m.Add(line) != nil || whole.Add(line) != nil {
			t.Fatal("a line is refused")
		}
		shown := m.Shown()
		if !reflect.DeepEqual(shown, whole.Shown()) {
			t.Fatalf("after %d steps %d rows are shown with the newest page in memory, %d with all", step, len(shown[0].Values), len(whole.Shown()[0].Values))
		}
		if step%350 == 0 {
			m.turn()
		}
		if n := len(shown[0].Values); n > NewestSteps+OlderSteps || n < min(step, NewestSteps+OlderSteps/2) || *shown[0].Values[n-1] != float64(step) {
			t.Fatalf("%d steps are shown by %d rows", step, n)
		}
	}
	if m.Rows() != 3000 || m.page != 8 || len(m.lines) != 200 || m.cols.Rows() > 200+NewestSteps+OlderSteps {
		t.Errorf("%d rows, %d lines and %d columns' rows on page %d", m.Rows(), len(m.lines), m.cols.Rows(), m.page)
	}
	if back := m.UpTo(2990); back.Rows() != 2990 || back.Step() != 2990 || m.Step() != 3000 {
		t.Errorf("up to step 2990 it has %d rows", back.Rows())
	}
	if back := m.UpTo(2800); back.Rows() != 2800 || back.Last("loss") != 5600 {
		t.Errorf("up to the end of the page before it has %d rows, the last step %d", back.Rows(), back.Step())
	}
}

func TestPageNames(t *testing.T) {
	for name, want := range map[string]bool{"metrics.jsonl": true, "metrics-1.jsonl": true, "metrics-12.jsonl": true, "metrics-0.jsonl": false, "metrics-01.jsonl": false, "metrics-x.jsonl": false, "other.jsonl": false, "metrics-1.jsonl.tmp": false, "metrics-1.jsonl.gz": false} {
		if got := isPage(name, MetricsFile); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestShownNumbersHaveSixDigits(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 7: 7, 1234567: 1234567, 0.77734375: 0.777344, -0.020408163265306: -0.0204082, 1e-320: 1e-320, 123456.789: 123457, 1e9 + 0.5: 1e9 + 1, -1e-9 / 3: -3.33333e-10} {
		if got := SixDigits(x); got != want {
			t.Errorf("%v is shown as %v, want %v", x, got, want)
		}
	}
}
