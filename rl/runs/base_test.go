package runs

import (
	"encoding/json"
	"testing"
)

// A run's base is the one in its own log, else the one in its result, else unknown.
func TestBaseProbe(t *testing.T) {
	plain := "{\"step\":1,\"accuracy\":0.5}\n"
	logged := "{\"step\":1,\"accuracy\":0.5,\"base\":{\"problems\":256,\"accuracy\":0.625,\"think_tokens\":66.5,\"heads\":[{\"layer\":1}]}}\n{\"step\":2,\"accuracy\":0.6}\n"
	result := &Result{Base: json.RawMessage(`{"problems":64,"accuracy":0.469,"think_tokens":64,"redundant_steps":3,"essential_steps":2}`)}
	for _, c := range []struct {
		what, log          string
		result             *Result
		problems, accuracy float64
	}{
		{"log", logged, nil, 256, 0.625}, {"log before result", logged, result, 256, 0.625}, {"result", plain, result, 64, 0.469},
		{"neither", plain, nil, -1, -1}, {"damaged result", plain, &Result{Base: json.RawMessage(`{"problems":"x"}`)}, -1, -1},
	} {
		log, err := ReadLog([]byte(c.log))
		if err != nil {
			t.Fatal(err)
		}
		value := func(name string) float64 {
			if v := (Run{Log: log, Result: c.result}).BaseProbe().Of(name); len(v) == 1 {
				return v[0]
			}
			return -1
		}
		if value("problems") != c.problems || value("accuracy") != c.accuracy {
			t.Errorf("%s: %v problems, accuracy %v", c.what, value("problems"), value("accuracy"))
		}
	}
}
