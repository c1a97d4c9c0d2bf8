package model

import (
	"context"
	"fmt"
	"time"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/decode"
	"attnlab/shaders/nn"
)

// Sampling is how tokens are drawn.
type Sampling struct {
	Temperature float32 // 0 is greedy
	TopK        int     // 0 is off
	TopP        float32 // 0 or 1 is off
	Seed, Step  uint32  // key of the random generator, with sequence and position
}

// Request is one sequence to continue.
type Request struct {
	Tokens []int  // the given tokens, at least one: a prompt, or a prompt and the beginning of a response
	Max    int    // new tokens at most
	ID     uint32 // of the sequence, for the random generator: equal requests with different IDs differ
	Hide   Hide   // tokens to which no later one may attend
}

// Rollout is what was sampled for a request.
type Rollout struct {
	Tokens   []int     // the new ones, ending in EOS unless Max came first
	LogProbs []float32 // of each, at temperature 1 and without truncation
	Entropy  []float32 // of the distribution it was drawn from, at temperature 1, in nats
}

// Decoder samples many sequences at once. It has a cache of keys and values, so that
// sequences share their prefixes. It samples on the device and reads many tokens
// back at a time.
type Decoder struct {
	*Model
	// Watch, where not nil, is called after every pass over given tokens, with -1 and nil, and after every readback for each request that is
	// being sampled: with its index in Generate's requests and its new tokens so far.
	Watch func(request int, tokens []int)

	Generated int // tokens sampled so far
	Prefilled int // given tokens computed so far: those found in the cache do not count

	cache       *cache
	slots       int // sequences at once
	chunk       int // tokens a readback
	prefill     *pass
	step        *pass
	given       *given        // nil before LogProbs
	fused       *fused        // the paths of few dispatches
	kv          []*gpu.Buffer // a layer each: [rows, 2·K·C]
	kvs         *gpu.Buffer   // all layers in one buffer, or nil if that is too large for a binding
	table       *gpu.Buffer   // [slots, MaxContext] row of the pool
	state       *gpu.Buffer   // [slots,4]: tokens left, count, sequence, token to feed
	logits      *gpu.Buffer   // [rows, V↑4], of some of the slots at a time
	logitChunks []chunk       // of slots
	out         *gpu.Buffer   // [slots, Chunk]
	stat        *gpu.Buffer   // [slots, Chunk, 2]
	sampling    Sampling
}

// pass is the forward pass over cached keys and values, for a number of new tokens.
type pass struct {
	n     int
	token *gpu.Buffer // [N]
	at    *gpu.Buffer // [N,4]: slot, position, hidden positions
	acts  *acts
	prog  *gpu.Program
}

// DecoderSize is the capacity of a decoder.
type DecoderSize struct {
	Slots int  // sequences at once
	Rows  int  // tokens in the cache of keys and values
	Chunk int  // tokens a readback; with fewer than 16 an adapter often waits
	Path  Path // how tokens are computed; "" leaves it to [Decoder.Choose]
}

// NewDecoder makes a decoder for m.
func NewDecoder(m *Model, size DecoderSize) (*Decoder, error) {
	if size.Slots < 1 || size.Rows < 2 || size.Chunk < 1 {
		return nil, fmt.Errorf("model: a decoder of %d slots, %d cache rows and %d tokens a readback; it needs at least 1, 2 and 1",
			size.Slots, size.Rows, size.Chunk)
	}
	d := m.Device
	limit, row := min(d.Limits.MaxBufferSize, d.Limits.MaxStorageBufferBindingSize)/4, int64(2*m.KVHeads*m.HeadDim)
	if int64(size.Rows)*row > limit {
		return nil, fmt.Errorf("model: a cache of %d tokens takes %d MiB a layer, and %s allows %d MiB for one buffer of a kernel; use at most %d tokens",
			size.Rows, int64(size.Rows)*row>>18, d.Info.Name, limit>>18, limit/row)
	}
	dec := &Decoder{Model: m, slots: size.Slots, chunk: size.Chunk, cache: newCache(size.Rows),
		table: d.Uints("table", size.Slots*m.MaxContext), state: d.Uints("state", 4*size.Slots),
		logitChunks: m.chunks(size.Slots), logits: d.Floats("logits", m.chunks(size.Slots)[0].n*up4(m.VocabSize)),
		out: d.Uints("out", size.Slots*size.Chunk), stat: d.Floats("stat", 2*size.Slots*size.Chunk)}
	dec.cache.reset(m.version)
	dec.newKV(size.Rows * 2 * m.KVHeads * m.HeadDim)
	dec.prefill = dec.newPass(m.prefillRows(), false)
	dec.step = dec.newPass(size.Slots, true)
	dec.fused = dec.newFused()
	if err := dec.use(size.Path); err != nil {
		dec.Release()
		return nil, err
	}
	return dec, d.Err()
}

// prefillWords is how many words the activations of given tokens may take: 64 MiB.
const prefillWords = 1 << 24

// prefillRows is how many given tokens are computed at once: all of a context, if so many words hold their activations.
func (c Config) prefillRows(words int) int {
	token := 6*c.HiddenSize + c.qkvWidth() + c.Heads*(c.HeadDim+1) + 3*c.IntermediateSize + 3
	return min(max(Align, words/token), max(1024, c.MaxContext))
}

// prefillRows are those of the config by prefillWords, or by an eighth of them where buffers share a program's own memory.
func (m *Model) prefillRows() int {
	if m.Device.Shares() {
		return m.Config.prefillRows(prefillWords / 8)
	}
	return m.Config.prefillRows(prefillWords)
}

// newKV allocates the cache, words a layer: in one buffer if a kernel can bind it.
func (d *Decoder) newKV(words int) {
	dev, each := d.Device, (words+Align-1)/Align*Align
	if limit := min(dev.Limits.MaxBufferSize, dev.Limits.MaxStorageBufferBindingSize); 4*int64(each)*int64(d.Layers) <= limit {
		d.kvs = dev.Floats("kv", each*d.Layers)
	}
	for l := range d.Layers {
		if d.kvs != nil {
			d.kv = append(d.kv, d.kvs.Part(l*each, words))
		} else {
			d.kv = append(d.kv, dev.Floats("kv", words))
		}
	}
}

// newPass records a pass over n new tokens. A pass that samples also draws the next
// token of each sequence.
func (d *Decoder) newPass(N int, sample bool) *pass {
	dev := d.Device
	s := &pass{token: dev.Uints("token", N), at: dev.Uints("at", 4*N),
		acts: d.newActs(N, keepNothing), prog: dev.NewProgram("decode")}
	k := shape{d.Config, nn.Wide, func() int { return s.n }}
	switch {
	case sample && N <= 16:
		k.tile = nn.FewRows(dev)
	case sample && !dev.Info.Software:
		k.tile = nn.Narrow
	}
	p, a, T := s.prog, s.acts, uint32(d.MaxContext)
	d.embed(p, k, s.token, a.layers[0].x)
	for l, b := range a.layers {
		p.Add(nn.RMSNormFwd, k.norm, b.x, d.weight(layer(l, "norm1")), b.h1, b.rstd1)
		d.project(p, k, l, b, nn.QKV{Stride: 4, First: 1}, s.at) // positions are the second words of at
		p.Add(attn.KVStore, func() any {
			return attn.KVStoreShape{N: uint32(s.n), H: uint32(d.Heads), K: uint32(d.KVHeads), C: uint32(d.HeadDim), T: T}
		}, b.qkv, d.table, s.at, d.kv[l])
		p.Add(attn.Cached(d.HeadDim), func() any {
			return attn.CachedShape{N: uint32(s.n), H: uint32(d.Heads), K: uint32(d.KVHeads), T: T}
		}, b.qkv, d.kv[l], d.table, s.at, b.att)
		d.afterAttention(p, k, l, b, a.output(l))
	}
	if sample {
		p.Add(nn.RMSNormFwd, k.norm, a.x, d.weight("norm"), a.h, a.rstd)
		d.draws(p, k, s)
	}
	return s
}

// draws records the logits of a pass and the draw of the next tokens, some rows at a time.
func (d *Decoder) draws(p *gpu.Program, k shape, s *pass) {
	kernel := decode.Sample
	if d.rowSample() {
		kernel = decode.SampleRowFor(d.Device)
	}
	for _, c := range d.logitChunks {
		part := k
		part.n = func() int { return c.now(s.n) }
		d.Model.logits(p, part, c.part(s.acts.h, d.HiddenSize), d.logits)
		p.Add(kernel, func() any {
			how := d.draw()
			how.N = uint32(part.n())
			return how
		}, d.logits, c.part(s.at, 4), c.part(s.token, 1), c.part(d.state, 4), c.part(d.out, d.chunk), c.part(d.stat, 2*d.chunk))
	}
}

// draw is how to draw the tokens of this run.
func (d *Decoder) draw() decode.SampleParams {
	s := d.sampling
	eos := uint32(d.VocabSize) // none
	if ends := d.EndTokens(); len(ends) > 0 {
		eos = uint32(ends[0])
	}
	topP := s.TopP
	if topP <= 0 {
		topP = 1
	}
	return decode.SampleParams{N: uint32(d.step.n), V: uint32(d.VocabSize), M: uint32(d.chunk), Eos: eos,
		Seed: s.Seed, Step: s.Step, TopK: uint32(s.TopK), TopP: topP, Temperature: s.Temperature}
}

// sequence is an active request.
type sequence struct {
	Request
	index int // of the request
	slot  int
	path  []int32 // row of every position, given or still to be sampled
	known int     // rows of the path that are in the trie
	Rollout
}

// tokens returns the given and the sampled tokens.
func (s *sequence) tokens() []int {
	return append(s.Request.Tokens[:len(s.Request.Tokens):len(s.Request.Tokens)], s.Rollout.Tokens...)
}

// last returns the token to feed next.
func (s *sequence) last() int {
	if n := len(s.Rollout.Tokens); n > 0 {
		return s.Rollout.Tokens[n-1]
	}
	return s.Request.Tokens[len(s.Request.Tokens)-1]
}

func (s *sequence) done(c Config) bool {
	n := len(s.Rollout.Tokens)
	return n >= s.Max || n > 0 && c.Ends(s.Rollout.Tokens[n-1])
}

// Generate continues every request until EOS or its Max, and returns a rollout for
// each, in order. It calls onDone, if not nil, with each rollout as it finishes. A
// cancelled ctx stops between readbacks with ctx's error.
func (d *Decoder) Generate(ctx context.Context, requests []Request, s Sampling, onDone func(i int, r Rollout)) (rollouts []Rollout, err error) {
	for i, r := range requests {
		if err := d.checkRequest(r); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
	}
	if d.cache.version != d.version {
		d.cache.reset(d.version)
	}
	defer func() {
		if err != nil {
			d.cache.reset(d.version) // no sequence owns the rows of active ones any more
		}
	}()
	if d.Generated >= raceAfter {
		if _, err := d.Choose(); err != nil {
			return nil, err
		}
	}
	d.sampling = s
	rollouts = make([]Rollout, len(requests))
	var active []*sequence
	freeSlots := make([]int, 0, d.slots)
	for slot := d.slots - 1; slot >= 0; slot-- {
		freeSlots = append(freeSlots, slot)
	}
	for next := 0; next < len(requests) || len(active) > 0; {
		if err := ctx.Err(); err != nil {
			return rollouts, err
		}
		running := len(active)
		for next < len(requests) && len(freeSlots) > 0 {
			seq := d.admit(requests[next], active)
			if seq == nil {
				break // until other sequences finish
			}
			seq.index, seq.slot = next, freeSlots[len(freeSlots)-1]
			freeSlots = freeSlots[:len(freeSlots)-1]
			active = append(active, seq)
			next++
		}
		if err := d.fill(ctx, active[running:]); err != nil {
			return rollouts, err
		}
		if err := d.run(active); err != nil {
			return rollouts, err
		}
		if d.Watch != nil {
			for _, seq := range active {
				d.Watch(seq.index, seq.Rollout.Tokens)
			}
		}
		going := active[:0]
		for _, seq := range active {
			if !seq.done(d.Config) {
				going = append(going, seq)
				continue
			}
			d.retire(seq)
			freeSlots = append(freeSlots, seq.slot)
			rollouts[seq.index] = seq.Rollout
			if onDone != nil {
				onDone(seq.index, seq.Rollout)
			}
		}
		active = going
	}
	return rollouts, d.Device.Err()
}

func (d *Decoder) checkRequest(r Request) error {
	switch {
	case len(r.Tokens) == 0:
		return fmt.Errorf("model: a request has no tokens; give at least one")
	case r.Max < 1:
		return fmt.Errorf("model: %d new tokens are out of range; give at least 1", r.Max)
	case len(r.Tokens)+r.Max > d.MaxContext:
		return fmt.Errorf("model: %d given and %d new tokens do not fit the context of %d; shorten one of them", len(r.Tokens), r.Max, d.MaxContext)
	case r.Hide.Start < 0 || r.Hide.End < r.Hide.Start:
		return fmt.Errorf("model: the hidden range [%d,%d) is not valid; give a start below its end", r.Hide.Start, r.Hide.End)
	case len(r.Tokens)+r.Max > len(d.cache.rows):
		return fmt.Errorf("model: %d tokens do not fit a cache of %d rows; make a larger decoder", len(r.Tokens)+r.Max, len(d.cache.rows))
	}
	return d.checkTokens(r.Tokens)
}

// checkTokens returns an error for a token that the vocabulary does not have.
func (c Config) checkTokens(tokens []int) error {
	for i, token := range tokens {
		if token < 0 || token >= c.VocabSize {
			return fmt.Errorf("model: token %d at place %d is outside the vocabulary of %d", token, i, c.VocabSize)
		}
	}
	return nil
}

// admit finds rows for a request: cached rows for its beginning and free ones for the
// rest. Where too few are free, the cache drops what no active sequence needs; where
// there are still too few, admit returns nil.
func (d *Decoder) admit(r Request, active []*sequence) *sequence {
	// Sampling feeds the last given token, so that token needs a row of its own.
	given := r.Tokens[:len(r.Tokens)-1]
	path := d.cache.match(r.Hide, given)
	known := len(path)
	need := len(r.Tokens) + r.Max - known
	fresh := d.cache.take(need)
	if fresh == nil {
		paths := [][]int32{path}
		for _, seq := range active {
			paths = append(paths, seq.path[:seq.known])
		}
		d.cache.prune(paths)
		if fresh = d.cache.take(need); fresh == nil {
			return nil
		}
	}
	return &sequence{Request: r, path: append(path, fresh...), known: known}
}

// fill computes the given tokens of new sequences except the last of each. It computes
// a token that two of them share once. Between passes it looks whether ctx is done.
func (d *Decoder) fill(ctx context.Context, admitted []*sequence) error {
	var token, at []uint32
	flush := func() error {
		if len(token) == 0 {
			return nil
		}
		s := d.prefill
		s.n = len(token)
		s.token.WriteUints(0, token)
		s.at.WriteUints(0, at)
		d.Prefilled += len(token)
		token, at = token[:0], at[:0]
		if err := s.prog.Run(1); err != nil {
			return err
		}
		if d.Watch != nil {
			d.Watch(-1, nil)
		}
		return ctx.Err()
	}
	capacity := d.prefill.token.Len()
	for _, seq := range admitted {
		given := seq.Request.Tokens[:len(seq.Request.Tokens)-1]
		// Rows that earlier sequences of this batch have added since.
		if shared := d.cache.match(seq.Hide, given); len(shared) > seq.known {
			d.cache.put(seq.path[seq.known:len(shared)])
			copy(seq.path, shared)
			seq.known = len(shared)
		}
		d.writeTable(seq)
		for len(given) > seq.known {
			n := min(len(given)-seq.known, capacity-len(token))
			for t := seq.known; t < seq.known+n; t++ {
				token = append(token, uint32(given[t]))
				at = append(at, uint32(seq.slot), uint32(t), uint32(seq.Hide.Start), uint32(seq.Hide.End))
			}
			d.cache.insert(seq.Hide, given[:seq.known+n], seq.path, seq.known)
			seq.known += n
			if len(token) == capacity {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

func (d *Decoder) writeTable(seq *sequence) {
	rows := make([]uint32, len(seq.path))
	for i, r := range seq.path {
		rows[i] = uint32(r)
	}
	d.table.WriteUints(seq.slot*d.MaxContext, rows)
}

// write gives the device the state of active sequences and returns it, with the most tokens that one of them has left.
func (d *Decoder) write(active []*sequence) (state []uint32, longest int) {
	n := len(active)
	token, at, state := make([]uint32, n), make([]uint32, 4*n), make([]uint32, 4*n)
	for i, seq := range active {
		last, left := len(seq.Request.Tokens)+len(seq.Rollout.Tokens)-1, seq.Max-len(seq.Rollout.Tokens)
		token[i] = uint32(seq.last())
		copy(at[4*i:], []uint32{uint32(seq.slot), uint32(last), uint32(seq.Hide.Start), uint32(seq.Hide.End)})
		copy(state[4*i:], []uint32{uint32(left), 0, seq.ID, token[i]})
		longest = max(longest, left)
	}
	s := d.step
	s.n = n
	s.token.WriteUints(0, token)
	s.at.WriteUints(0, at)
	d.state.WriteUints(0, state)
	return state, longest
}

// run samples up to Chunk tokens for every active sequence in one submit and appends
// them.
func (d *Decoder) run(active []*sequence) error {
	n := len(active)
	state, longest := d.write(active)
	begun := time.Now()
	if err := d.advance(min(d.chunk, longest)); err != nil {
		return err
	}
	out, stat := make([]uint32, n*d.chunk), make([]float32, 2*n*d.chunk)
	if err := d.Device.Read(d.state.IntoUints(0, state), d.out.IntoUints(0, out), d.stat.Into(0, stat)); err != nil {
		return err
	}
	d.fused.pace(min(d.chunk, longest), time.Since(begun))
	for i, seq := range active {
		count := int(state[4*i+1])
		for k := i * d.chunk; k < i*d.chunk+count; k++ {
			seq.Rollout.Tokens = append(seq.Rollout.Tokens, int(out[k]))
			seq.LogProbs = append(seq.LogProbs, stat[2*k])
			seq.Entropy = append(seq.Entropy, stat[2*k+1])
			d.Generated++
			if d.Ends(int(out[k])) {
				break // the kernel knows one end token only, and may have drawn more after another
			}
		}
	}
	return nil
}

// retire adds the tokens of a finished sequence to the cache: all except the last,
// which was sampled and never fed.
func (d *Decoder) retire(seq *sequence) {
	all := seq.tokens()
	fed := len(all) - 1
	d.cache.insert(seq.Hide, all[:fed], seq.path[:fed], seq.known)
	d.cache.put(seq.path[fed:])
}

// Release frees the decoder's buffers, not the model.
func (d *Decoder) Release() {
	d.fused.release()
	d.given.release()
	for _, s := range []*pass{d.prefill, d.step} {
		s.release()
	}
	for _, b := range append(d.kv, d.table, d.state, d.logits, d.out, d.stat) {
		b.Release()
	}
}

func (s *pass) release() {
	s.prog.Release()
	s.acts.release()
	s.token.Release()
	s.at.Release()
}
