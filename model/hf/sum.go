package hf

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"

	"attnlab/model"
)

// WeightsSum is the SHA-256 of the weights in hexadecimal: of the arena as little-endian
// float32s, so that it does not depend on the files that the weights came from. Where the
// checkpoint has adapters and no weights, it is the sum of the adapters.
func (c *Checkpoint) WeightsSum() string {
	sum := sha256.New()
	if addWeights(sum, c.Weights); c.Weights == nil && c.Train != nil {
		addWeights(sum, c.Train.Adapters)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// WeightsSum is [Checkpoint.WeightsSum] of a model that is read a few rows at a time. It returns an error where src does, or ctx's.
func WeightsSum(ctx context.Context, c model.Config, src model.Source) (string, error) {
	sum := sha256.New()
	var values []float32
	at := 0 // in the arena
	pad := func(to int) { addWeights(sum, make([]float32, to-at)) }
	for _, p := range c.Params() {
		pad(p.Offset)
		for _, t := range p.Tensors() {
			rows := t.Rows // of a vector
			if len(t.Shape) == 2 {
				rows = min(rows, max(1, valuesARun/t.Cols))
			}
			for row := 0; row < t.Rows; row += rows {
				n := min(rows, t.Rows-row) * t.Cols
				if cap(values) < n {
					values = make([]float32, n)
				}
				if err := src.ReadRows(ctx, t.Name, row, values[:n]); err != nil {
					return "", err
				}
				addWeights(sum, values[:n])
			}
		}
		at = p.Offset + p.Size()
	}
	pad(c.ArenaSize())
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// addWeights adds values to a checksum.
func addWeights(sum hash.Hash, values []float32) {
	var b [4096]byte
	for len(values) > 0 {
		n := min(len(values), len(b)/4)
		for i, w := range values[:n] {
			binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(w))
		}
		sum.Write(b[:4*n])
		values = values[n:]
	}
}
