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

// A published model gives the logits of transformers for 512 tokens, and writes the same. ATTNLAB_REAL_MODEL is its folder or GGUF
// file; testdata/real.py makes the golden file beside it.
func TestRealModel(t *testing.T) {
	path := os.Getenv("ATTNLAB_REAL_MODEL")
	if path == "" {
		t.Skip("needs a published model: make its golden file by testdata/real.py and set ATTNLAB_REAL_MODEL to its folder or GGUF file")
	}
	data, err := os.ReadFile(path + ".golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := safetensors.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	ids := func(name string) (list []int) {
		a, ok := golden.Array(name)
		if !ok {
			t.Fatalf("the golden file has no %s", name)
		}
		for _, id := range a.Data {
			list = append(list, int(id))
		}
		return list
	}
	tokens, greedy := ids("tokens"), ids("greedy")
	logits, _ := golden.Array("logits")
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
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
		rows, err := m.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		worst, largest, agree := 0.0, 0.0, 0
		for i, row := range rows {
			want := logits.Data[i*len(row):][:len(row)]
			for v := range row {
				worst = max(worst, math.Abs(float64(row[v])-float64(want[v])))
				largest = max(largest, math.Abs(float64(want[v])))
			}
			if slices.Index(row, slices.Max(row)) == slices.Index(want, slices.Max(want)) {
				agree++
			}
		}
		dec, err := model.NewDecoder(m, model.DecoderSize{Slots: 1, Rows: 256, Chunk: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Release()
		out, err := dec.Generate(context.Background(), []model.Request{{Tokens: tokens[:64], Max: len(greedy)}}, model.Sampling{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		same := 0
		for i, token := range out[0].Tokens {
			if i < len(greedy) && token == greedy[i] {
				same++
			}
		}
		t.Logf("%s: %d M parameters in %s; logits of %d tokens differ by %.2g of %.1f at most, the likeliest token agrees at %d, greedy tokens agree at %d of %d",
			d.Info, m.Count()/1e6, storage, len(rows), worst, largest, agree, same, len(greedy))
		if !(worst < 1e-3) || agree != len(rows) || same != len(greedy) {
			t.Error("these are not the model's numbers")
		}
	})
}
