package decode

import (
	"attnlab/gpu"
	"attnlab/shaders/attn"
)

// countSample counts the draw of active rows: their logits once, and for each logit the maximum, exponential and two sums of the
// log-probability and the entropy, and the scaled exponential and two sums of the draw. The search for top-k and top-p is not
// counted.
func countSample(p SampleParams, words func(int) []uint32) gpu.Work {
	return p.draws(active(words(3), p.N, p.M)).Plus(gpu.Does(0, int(4*p.N)))
}

// draws counts the draws of some rows, without the row words of all.
func (p SampleParams) draws(rows int) gpu.Work {
	each := 6
	if p.Temperature > 0 {
		each = 11
	}
	return gpu.Does(each*rows*int(p.V), rows*(int(p.V)+2+1+4+1+2)) // logits, position twice, token, row, out, stat
}

// active returns how many of N rows draw another token.
func active(row []uint32, N, M uint32) (rows int) {
	for n := range N {
		if row[4*n] > 0 && row[4*n+1] < M {
			rows++
		}
	}
	return rows
}

// Operations of the parts of a step, for N rows.
func (z Sizes) norms(N int) int { return 4 * N * z.D }
func (z Sizes) heads(N int, r attn.Reach) int {
	return z.norms(N) + 2*N*z.D*z.width() + 3*N*(z.H+z.K)*z.C + r.Pairs*z.H*(4*z.C+4)
}
func (z Sizes) feeds(N int) int { return z.norms(N) + 2*N*(z.D*z.D+3*z.D*z.F) + 2*N*z.D + 6*N*z.F }
func (z Sizes) ends(N int) int  { return z.norms(N) + 2*N*z.D*z.V }

// Words of the weights of the parts.
func (z Sizes) width() int      { return (z.H + 2*z.K) * z.C }
func (z Sizes) headWords() int  { return z.D + z.D*z.width() }
func (z Sizes) feedWords() int  { return z.D + z.D*z.D + 3*z.D*z.F }
func (z Sizes) endWords() int   { return z.D + z.V*z.D }
func (z Sizes) cacheWords() int { return 2 * z.K * z.C } // a row of a layer

// countAttend counts [Attend]: its weights, what its rows need of the cache besides their own rows, which it stores, and the
// residual stream or the embeddings of distinct tokens.
func (z Sizes) countAttend(p AttendParams, words func(int) []uint32) gpu.Work {
	N, r := int(p.N), attn.ReachOf(words(2), words(3)[:4*p.N], int(p.T))
	read := N * z.D
	if p.First == 1 {
		tokens := map[uint32]bool{}
		for n := range N {
			tokens[words(4)[4*n+3]] = true
		}
		read = N + len(tokens)*z.D + N*z.D // the last of which is written
	}
	return gpu.Does(z.heads(N, r), read+z.headWords()+r.Positions*z.C+r.Places+4*N+max(r.Rows, r.Stored)*z.cacheWords()+N*z.D)
}

// countFeed counts [Feed].
func (z Sizes) countFeed(p FeedParams, _ func(int) []uint32) gpu.Work {
	return gpu.Does(z.feeds(int(p.N)), z.feedWords()+3*int(p.N)*z.D)
}

// countNext counts [Next].
func (z Sizes) countNext(p NextParams, words func(int) []uint32) gpu.Work {
	rows := active(words(3), p.N, p.M)
	draw := SampleParams{V: uint32(z.V), Temperature: p.Temperature}.draws(rows)
	return draw.Plus(gpu.Does(z.ends(rows), z.endWords()+int(p.N)*z.D+4*int(p.N)-rows*z.V)) // no logits in memory
}

// countTokens counts [Tokens] as if no row ended before its tokens are drawn. Weights and rows of the cache count once, however many tokens
// need them.
func (z Sizes) countTokens(p TokensParams, words func(int) []uint32) (w gpu.Work) {
	table, at, row, L, T := words(2), words(3), words(4), int(p.Layers), int(p.T)
	known := attn.ReachOf(table, at[:4*p.N], T)
	w = gpu.Does(0, L*(z.headWords()+z.feedWords())+z.endWords()+known.Places+8*int(p.N)+L*(known.Rows-known.Stored)*z.cacheWords())
	for step := range p.Times {
		var now []uint32
		for n := range p.N {
			if row[4*n] > step && row[4*n+1]+step < p.M {
				now = append(now, at[4*n], at[4*n+1]+step, 0, 0)
			}
		}
		N, r := len(now)/4, attn.ReachOf(table, now, T)
		draw := SampleParams{V: uint32(z.V), Temperature: p.Temperature}.draws(N)
		w = w.Plus(draw).Plus(gpu.Does(L*(z.heads(N, r)+z.feeds(N))+z.ends(N), L*r.Stored*z.cacheWords()-N*z.V))
	}
	return w
}
