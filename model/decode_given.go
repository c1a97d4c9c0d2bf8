package model

import (
	"context"
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
)

// given is the pass over given tokens that also computes their log-probabilities.
type given struct {
	*pass
	targets *gpu.Buffer // [N] the token after each
	logits  *gpu.Buffer // [rows, V↑4], of some of the tokens at a time
	stat    *gpu.Buffer // [N,4]
}

// givenRows is how many given tokens get log-probabilities in one pass, at most.
const givenRows = 512

// newGiven records the pass.
func (d *Decoder) newGiven() *given {
	N := min(givenRows, d.prefillRows())
	chunks := d.chunks(N)
	g := &given{d.newPass(N, false), d.Device.Uints("targets", N), d.Device.Floats("logits", chunks[0].n*up4(d.VocabSize)), d.Device.Floats("stat", 4*N)}
	all := shape{d.Config, nn.Wide, func() int { return g.n }}
	g.prog.Add(nn.RMSNormFwd, all.norm, g.acts.x, d.weight("norm"), g.acts.h, g.acts.rstd)
	for _, c := range chunks {
		now := func() int { return c.now(g.n) }
		d.Model.logits(g.prog, shape{d.Config, nn.Wide, now}, c.part(g.acts.h, d.HiddenSize), g.logits)
		g.prog.Add(loss.LogitStat, func() any {
			return loss.LogitStatParams{N: uint32(now()), V: uint32(d.VocabSize), Scale: 1}
		}, g.logits, c.part(g.targets, 1), c.part(g.stat, 4))
	}
	return g
}

func (g *given) release() {
	if g == nil {
		return
	}
	g.pass.release()
	for _, b := range []*gpu.Buffer{g.targets, g.logits, g.stat} {
		b.Release()
	}
}

// LogProbs returns the log-probabilities at temperature 1 of tokens[from:] given those before them, a slice for each hidden range; the zero
// range hides nothing. What sequences have in common is computed once, and not at all if it is in the cache: only
// tokens from the start of a range on are computed for it. If ctx ends, LogProbs returns its error.
func (d *Decoder) LogProbs(ctx context.Context, tokens []int, from int, hides []Hide) (logProbs [][]float32, err error) {
	switch {
	case from < 1 || from >= len(tokens):
		return nil, fmt.Errorf("model: log-probabilities from token %d of %d are not possible; give a place behind the first token and before the last", from, len(tokens))
	case len(tokens) > min(d.MaxContext, len(d.cache.rows)):
		return nil, fmt.Errorf("model: %d tokens do not fit a context of %d and a cache of %d; make a larger decoder", len(tokens), d.MaxContext, len(d.cache.rows))
	}
	if err := d.checkTokens(tokens); err != nil {
		return nil, err
	}
	for _, h := range hides {
		if h.Start < 0 || h.End < h.Start || h.End > len(tokens) {
			return nil, fmt.Errorf("model: the hidden range [%d,%d) does not lie in %d tokens", h.Start, h.End, len(tokens))
		}
	}
	if d.cache.version != d.version {
		d.cache.reset(d.version)
	}
	defer func() {
		if err != nil {
			d.cache.reset(d.version)
		}
	}()
	if d.given == nil {
		d.given = d.newGiven()
	}
	base := d.admit(Request{Tokens: tokens}, nil)
	if base == nil {
		return nil, fmt.Errorf("model: %d tokens do not fit the cache; make a larger decoder", len(tokens))
	}
	if err := d.fill(ctx, []*sequence{base}); err != nil {
		return nil, err
	}
	run := givenRun{Decoder: d, ctx: ctx, tokens: tokens, from: from, of: make([][]float32, len(hides))}
	for i, h := range hides {
		run.of[i] = make([]float32, len(tokens)-from)
		if err := run.add(base, i, h); err != nil {
			return nil, err
		}
	}
	if err := run.settle(); err != nil {
		return nil, err
	}
	d.cache.put(base.path[len(tokens)-1:])
	return run.of, d.Device.Err()
}

// givenRun is the state of LogProbs: the tokens that wait for the next pass, of sequences that lie in scratch rows of the cache.
type givenRun struct {
	*Decoder
	ctx     context.Context
	tokens  []int
	from    int
	of      [][]float32 // [ranges][tokens behind from]
	slots   int         // in use
	scratch []int32
	token   []uint32
	at      []uint32
	next    []uint32 // the token after each
	result  []place
}

// place is where a log-probability belongs: -1 for a token whose is not asked for.
type place struct{ i, at int }

// add computes the tokens from a hidden range on in rows of their own; those before it are base's.
func (r *givenRun) add(base *sequence, i int, h Hide) error {
	first := r.from - 1
	if h.End > h.Start {
		first = min(h.Start, first)
	}
	n := len(r.tokens) - 1 - first
	if r.slots == r.Decoder.slots || len(r.cache.free) < n {
		if err := r.settle(); err != nil {
			return err
		}
	}
	rows := r.cache.take(n)
	if rows == nil {
		r.cache.prune([][]int32{base.path[:base.known]})
		if rows = r.cache.take(n); rows == nil {
			return fmt.Errorf("model: %d tokens and %d of them again do not fit the cache; make a larger decoder", len(r.tokens), n)
		}
	}
	r.scratch = append(r.scratch, rows...)
	slot := r.slots
	r.slots++
	r.writeTable(&sequence{slot: slot, path: append(append([]int32{}, base.path[:first]...), rows...)})
	for t := first; t < len(r.tokens)-1; t++ {
		if len(r.token) == r.given.token.Len() {
			if err := r.flush(); err != nil {
				return err
			}
		}
		r.token = append(r.token, uint32(r.tokens[t]))
		r.at = append(r.at, uint32(slot), uint32(t), uint32(h.Start), uint32(h.End))
		r.next = append(r.next, uint32(r.tokens[t+1]))
		r.result = append(r.result, place{i, t + 1 - r.from})
	}
	return nil
}

// flush runs a pass.
func (r *givenRun) flush() error {
	if len(r.token) == 0 {
		return nil
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	g := r.given
	g.n = len(r.token)
	g.token.WriteUints(0, r.token)
	g.at.WriteUints(0, r.at)
	g.targets.WriteUints(0, r.next)
	if err := g.prog.Run(1); err != nil {
		return err
	}
	stat := make([]float32, 4*g.n)
	if err := g.stat.Read(0, stat); err != nil {
		return err
	}
	for k, p := range r.result {
		if p.at >= 0 {
			r.of[p.i][p.at] = stat[4*k]
		}
	}
	r.token, r.at, r.next, r.result = r.token[:0], r.at[:0], r.next[:0], r.result[:0]
	return nil
}

// settle runs what waits and gives the scratch rows and the slots back.
func (r *givenRun) settle() error {
	err := r.flush()
	r.cache.put(r.scratch)
	r.slots, r.scratch = 0, r.scratch[:0]
	return err
}
