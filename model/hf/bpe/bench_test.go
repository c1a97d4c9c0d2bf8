package bpe

import (
	"os"
	"path/filepath"
	"testing"
)

// real returns the tokenizer.json of a published model, or skips.
func real(b *testing.B) []byte {
	dir := os.Getenv("ATTNLAB_REAL_MODEL")
	if dir == "" {
		b.Skip("ATTNLAB_REAL_MODEL does not name the folder of a published model")
	}
	data, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkRead(b *testing.B) {
	data := real(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncode encodes the texts of the tests that the vocabulary has all bytes of.
func BenchmarkEncode(b *testing.B) {
	tok, err := Read(real(b))
	if err != nil {
		b.Fatal(err)
	}
	var all []string
	tokens := 0
	for _, text := range texts(b) {
		if ids, err := tok.Encode(text); err == nil {
			all, tokens = append(all, text), tokens+len(ids)
		}
	}
	for b.Loop() {
		for _, text := range all {
			tok.Encode(text)
		}
	}
	b.ReportMetric(float64(tokens)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}
