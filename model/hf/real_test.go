package hf

import (
	"context"
	"math"
	"os"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf/safetensors"
)

// A published model gives the logits, log-probabilities and entropies of transformers for 512 tokens, and writes the same. ATTNLAB_REAL_MODEL is its
// folder or GGUF file; testdata/real.py makes the golden file beside it.
func TestRealModel(t *testing.T) {
	path := os.Getenv("ATTNLAB_REAL_MODEL")
	if path == "" {
		t.Skip("needs a published model: make its golden file by testdata/real.py and set ATTNLAB_REAL_MODEL to its folder or GGUF file")
	}
	golden := openLargeGolden(t, path+".golden.safetensors")
	tokens, greedy := golden.ids("tokens"), golden.ids("greedy")
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		before := gputest.WasmMemory() >> 20
		s, err := OpenPath(path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		// The last token of the text may have been longer.
		if ids, err := s.Tokenizer.Encode(s.Tokenizer.Decode(tokens)); err != nil || !slices.Equal(ids[:500], tokens[:500]) {
			t.Errorf("the tokenizer does not give Python's tokens, %v", err)
		}
		storage := model.F32 // what BF16 does not hold exactly
		if s.Stored() == model.BF16 {
			storage = model.BF16
		}
		m, err := model.Open(context.Background(), d, s.Config, s, model.Options{Storage: storage, Context: 1024})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Release()
		t.Logf("%s: %d M parameters in %s", d.Info, m.Count()/1e6, storage)
		same := decodesAs(t, m, tokens[:64], greedy)
		scores := scoreOf(t, m, tokens)
		if held := gputest.WasmMemory() >> 20; held > 0 { // before the logits, which are 100 MB of it that only this test wants
			t.Logf("%d MB of WebAssembly memory so far", held)
			if storage == model.BF16 && held >= 400 && held > before {
				t.Errorf("%d MB of WebAssembly memory, want less than 400", held)
			}
		}
		rows, err := m.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		var worst, largest, logProb, entropy float64
		agree, want := 0, make([]float32, m.VocabSize)
		for i, row := range rows {
			golden.read("logits", i*m.VocabSize, want)
			for v := range row {
				worst = max(worst, math.Abs(float64(row[v])-float64(want[v])))
				largest = max(largest, math.Abs(float64(want[v])))
			}
			if slices.Index(row, slices.Max(row)) == slices.Index(want, slices.Max(want)) {
				agree++
			}
			if i+1 < len(tokens) {
				p, h := distribution(want, tokens[i+1])
				logProb = max(logProb, math.Abs(p-float64(scores.LogProbs[i+1])))
				entropy = max(entropy, math.Abs(h-float64(scores.Entropy[i+1])))
			}
		}
		t.Logf("logits of %d tokens differ by %.2g of %.1f at most, log-probabilities by %.2g, entropies by %.2g; the likeliest token agrees at %d, greedy tokens agree at %d of %d",
			len(rows), worst, largest, logProb, entropy, agree, same, len(greedy))
		if !(worst < 1e-3) || !(logProb < 1e-3) || !(entropy < 1e-3) || agree != len(rows) || same != len(greedy) {
			t.Error("these are not the model's numbers")
		}
	})
}

// goldenFile is a golden file too large to be read whole in a browser.
type goldenFile struct {
	t       *testing.T
	tensors map[string]safetensors.Tensor
}

func openLargeGolden(t *testing.T, path string) goldenFile {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	o, err := safetensors.Open(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	g := goldenFile{t, map[string]safetensors.Tensor{}}
	for _, one := range o.Tensors {
		g.tensors[one.Name] = one
	}
	return g
}

// read fills dst with the values of a tensor from one on.
func (g goldenFile) read(name string, first int, dst []float32) {
	g.t.Helper()
	if err := g.tensors[name].Read(first, dst); err != nil {
		g.t.Fatalf("%s of the golden file, made by testdata/real.py: %v", name, err)
	}
}

// ids are the tokens of a tensor.
func (g goldenFile) ids(name string) (list []int) {
	g.t.Helper()
	values := make([]float32, g.tensors[name].Size())
	g.read(name, 0, values)
	for _, id := range values {
		list = append(list, int(id))
	}
	return list
}

// distribution is the log-probability of a token, and the entropy, of logits.
func distribution(logits []float32, token int) (logProb, entropy float64) {
	top, sum, weighted := float64(slices.Max(logits)), 0.0, 0.0
	for _, v := range logits {
		e := math.Exp(float64(v) - top)
		sum += e
		weighted += e * (float64(v) - top)
	}
	return float64(logits[token]) - top - math.Log(sum), math.Log(sum) - weighted/sum
}

// decodesAs counts the greedy tokens after a prompt that are those wanted.
func decodesAs(t *testing.T, m *model.Model, prompt, want []int) (same int) {
	t.Helper()
	dec, err := model.NewDecoder(m, model.DecoderSize{Slots: 1, Rows: 256, Chunk: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Release()
	out, err := dec.Generate(context.Background(), []model.Request{{Tokens: prompt, Max: len(want)}}, model.Sampling{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, token := range out[0].Tokens {
		if i < len(want) && token == want[i] {
			same++
		}
	}
	return same
}

func scoreOf(t *testing.T, m *model.Model, tokens []int) model.Score {
	t.Helper()
	scorer, err := model.NewScorer(m, len(tokens))
	if err != nil {
		t.Fatal(err)
	}
	defer scorer.Release()
	scores, err := scorer.Score([]model.ScoreRequest{{Tokens: tokens}})
	if err != nil {
		t.Fatal(err)
	}
	return scores[0]
}
