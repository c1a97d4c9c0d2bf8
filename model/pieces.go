package model

// pieceTokens is the longest range that the device pools in one piece. One
// invocation loops over the tokens of two pieces, so this bounds its time. On
// llvmpipe it also has to stay below 65,535 iterations, where that adapter ends a
// loop without an error.
const pieceTokens = 128

// piece is a part of a step.
type piece struct {
	Range
	step int
}

// cut cuts steps into pieces of up to pieceTokens tokens, in order. An empty step has
// none.
func cut(steps []Range) (pieces []piece) {
	for k, step := range steps {
		for at := step.Start; at < step.End; at += pieceTokens {
			pieces = append(pieces, piece{Range{at, min(at+pieceTokens, step.End)}, k})
		}
	}
	return pieces
}

// join makes the attention between steps, [heads,K,K], of that between their pieces,
// [heads,P,P]: a mean over query tokens is the mean over the pieces weighted by their
// tokens, and sums over key tokens add up.
func join(steps []Range, pieces []piece, pooled []float32, heads int) []float32 {
	K, P := len(steps), len(pieces)
	sum := make([]float32, heads*K*K)
	for h := range heads {
		for a, query := range pieces {
			share := float32(query.End-query.Start) / float32(steps[query.step].End-steps[query.step].Start)
			for b, key := range pieces[:a+1] {
				sum[(h*K+query.step)*K+key.step] += share * pooled[(h*P+a)*P+b]
			}
		}
	}
	return sum
}
