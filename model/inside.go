package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Inside is one sequence of T tokens with the states of a forward pass over it: L layers, H query heads of C features, a residual stream of D.
type Inside struct {
	*Inspector
	Tokens []int
	X      [][]float32 // [L+1][T·D] the residual stream at the input of each layer, and after the last
	Mid    [][]float32 // [L][T·D] after attention
	QKV    [][]float32 // [L][T·(H+2K)·C] after RoPE
	Heads  [][]float32 // [L][T·H·C] what each head draws from values
	gain   []float32   // [D] of the last norm
}

// Inside runs a pass over a sequence and reads all of its states back. It returns an error where the sequence does not fit.
func (i *Inspector) Inside(tokens []int) (*Inside, error) {
	s := &Inside{Inspector: i, Tokens: slices.Clone(tokens), gain: make([]float32, i.HiddenSize)}
	err := i.Run(Pack(tokens), Hooks{
		Residual: func(_ int, x []float32) bool { s.X = append(s.X, x); return false },
		QKV:      func(_ int, x []float32) { s.QKV = append(s.QKV, x) },
		Heads:    func(_ int, x []float32) bool { s.Heads = append(s.Heads, x); return false },
		Middle:   func(_ int, x []float32) { s.Mid = append(s.Mid, x) },
	})
	if err == nil {
		err = i.weight("norm").Read(0, s.gain)
	}
	return s, err
}

// Read is what a head reads at a key token j ≤ t.
type Read struct {
	Key    int       `json:"key"`
	Dot    float64   `json:"dot"`    // q·k, after RoPE
	Scaled float64   `json:"scaled"` // q·k / √C: what the softmax is over
	Weight float64   `json:"weight"` // softmax of Scaled over the keys up to the query; later keys are masked
	Value  float64   `json:"value"`  // length of the value vector
	Added  float64   `json:"added"`  // length of what this key adds to the residual stream, weight · o·v
	Logits []float64 `json:"logits"` // [targets] what that adds to the logit of each target, the last norm's scale held fixed
}

// HeadView is what a head does at a query token t, key by key. Sums over Reads are the head's own numbers.
type HeadView struct {
	Layer  int       `json:"layer"`
	Head   int       `json:"head"`
	Query  int       `json:"query"`
	Reads  []Read    `json:"reads"`  // [t+1]
	Added  float64   `json:"added"`  // length of what the head adds to the residual stream
	Logits []float64 `json:"logits"` // [targets] what that adds to the logits
}

// Head opens head h of layer l at query token t. targets are tokens of the vocabulary whose logits are followed.
func (s *Inside) Head(l, h, t int, targets []int) (v HeadView, err error) {
	if err := s.checkAt(t, targets); err != nil {
		return v, err
	}
	if err := s.checkHead(l, h); err != nil {
		return v, err
	}
	v = HeadView{Layer: l, Head: h, Query: t, Reads: s.reads(l, h, t), Logits: make([]float64, len(targets))}
	H, C := s.Model.Heads, s.HeadDim
	rows := make([][]float32, t+1)
	for j := range v.Reads {
		_, value := s.keyValue(l, h, j)
		v.Reads[j].Value = length(value)
		rows[j] = make([]float32, H*C)
		for c, x := range value {
			rows[j][h*C+c] = float32(v.Reads[j].Weight) * x
		}
	}
	added, err := s.Project(l, rows)
	if err != nil {
		return v, err
	}
	logits, err := s.shares(t, added, targets)
	if err != nil {
		return v, err
	}
	whole := make([]float32, s.HiddenSize)
	for j := range v.Reads {
		v.Reads[j].Added, v.Reads[j].Logits = length(added[j]), logits[j]
		for d, x := range added[j] {
			whole[d] += x
		}
		for n, x := range logits[j] {
			v.Logits[n] += x
		}
	}
	v.Added = length(whole)
	return v, nil
}

// query is q of head h of layer l at token t, [C]; keyValue are k and v of the key head that it shares, at token j.
func (s *Inside) query(l, h, t int) []float32 { return s.block(l, t, h) }
func (s *Inside) keyValue(l, h, j int) (k, v []float32) {
	shared := h / (s.Model.Heads / s.KVHeads)
	return s.block(l, j, s.Model.Heads+shared), s.block(l, j, s.Model.Heads+s.KVHeads+shared)
}

func (s *Inside) block(l, t, n int) []float32 {
	return s.QKV[l][t*s.qkvWidth()+n*s.HeadDim:][:s.HeadDim]
}

// reads are the keys up to token t with q·k and its softmax, [t+1].
func (s *Inside) reads(l, h, t int) []Read {
	reads, q, top, sum := make([]Read, t+1), s.query(l, h, t), math.Inf(-1), 0.0
	for j := range reads {
		k, _ := s.keyValue(l, h, j)
		reads[j] = Read{Key: j, Dot: dot(q, k)}
		reads[j].Scaled = reads[j].Dot / math.Sqrt(float64(s.HeadDim))
		top = max(top, reads[j].Scaled)
	}
	for j := range reads {
		reads[j].Weight = math.Exp(reads[j].Scaled - top)
		sum += reads[j].Weight
	}
	for j := range reads {
		reads[j].Weight /= sum
	}
	return reads
}

// Strongest are the keys that a head reads most at every token, the largest weight first: [T], at most n each, without length and effect of their
// values. It returns an error where there is no such head.
func (s *Inside) Strongest(l, h, n int) ([][]Read, error) {
	if err := s.checkHead(l, h); err != nil {
		return nil, err
	}
	all := make([][]Read, len(s.Tokens))
	for t := range all {
		reads := s.reads(l, h, t)
		slices.SortStableFunc(reads, func(a, b Read) int { return cmp.Compare(b.Weight, a.Weight) })
		all[t] = slices.Clone(reads[:min(n, len(reads))])
	}
	return all, nil
}

// Products are the terms of q·k between query token t and key token j in head h of layer l, [C]. Their sum is [Read.Dot].
func (s *Inside) Products(l, h, t, j int) []float64 {
	q := s.query(l, h, t)
	k, _ := s.keyValue(l, h, j)
	products := make([]float64, len(q))
	for c := range q {
		products[c] = float64(q[c]) * float64(k[c])
	}
	return products
}

// Shares is what each part of the model adds to the logits of targets at a token t, the scale of the last norm held fixed at what it is there. The
// sum over all parts is the logit.
type Shares struct {
	Query  int           `json:"query"`
	Embed  []float64     `json:"embed"`        // [targets]
	Heads  [][][]float64 `json:"heads"`        // [L][H][targets]
	Feed   [][]float64   `json:"feed_forward"` // [L][targets] the feed-forward part
	Logits []float64     `json:"logits"`       // [targets] of the model
}

// Sum is the sum of all parts, [targets].
func (s Shares) Sum() []float64 {
	sum := slices.Clone(s.Embed)
	add := func(x []float64) {
		for n := range sum {
			sum[n] += x[n]
		}
	}
	for l := range s.Heads {
		for _, h := range s.Heads[l] {
			add(h)
		}
		add(s.Feed[l])
	}
	return sum
}

// Shares computes them for token t.
func (s *Inside) Shares(t int, targets []int) (v Shares, err error) {
	if err := s.checkAt(t, targets); err != nil {
		return v, err
	}
	D, H, C := s.HiddenSize, s.Model.Heads, s.HeadDim
	parts := [][]float32{s.X[0][t*D:][:D]}
	for l := range s.Layers {
		rows := make([][]float32, H)
		for h := range rows {
			rows[h] = make([]float32, H*C)
			copy(rows[h][h*C:][:C], s.Heads[l][(t*H+h)*C:][:C])
		}
		added, err := s.Project(l, rows)
		if err != nil {
			return v, err
		}
		feed := make([]float32, D)
		for d := range feed {
			feed[d] = s.X[l+1][t*D+d] - s.Mid[l][t*D+d]
		}
		parts = append(append(parts, added...), feed)
	}
	logits, err := s.shares(t, parts, targets)
	if err != nil {
		return v, err
	}
	v.Query, v.Embed = t, logits[0]
	for l := range s.Layers {
		of := logits[1+l*(H+1):]
		v.Heads, v.Feed = append(v.Heads, of[:H]), append(v.Feed, of[H])
	}
	whole, err := s.lens(s.Layers, t)
	if err != nil {
		return v, err
	}
	for _, target := range targets {
		v.Logits = append(v.Logits, float64(whole[target]))
	}
	return v, nil
}

// shares are the logits of targets that parts of the residual stream at token t give, [parts][targets].
func (s *Inside) shares(t int, parts [][]float32, targets []int) ([][]float64, error) {
	scale := s.scale(s.Layers, t)
	states := make([][]float32, len(parts))
	for n, part := range parts {
		states[n] = s.scaled(part, scale)
	}
	logits, err := s.Unembed(states)
	if err != nil {
		return nil, err
	}
	shares := make([][]float64, len(parts))
	for n := range shares {
		for _, target := range targets {
			shares[n] = append(shares[n], float64(logits[n][target]))
		}
	}
	return shares, nil
}

// Lens is what the residual stream at token t says before each layer and after the last, read by the model's last norm and output matrix (the
// logit lens): log-probabilities of all tokens, [L+1][V].
func (s *Inside) Lens(t int) (logProbs [][]float64, err error) {
	if err := s.checkAt(t, nil); err != nil {
		return nil, err
	}
	for l := range s.Layers + 1 {
		logits, err := s.lens(l, t)
		if err != nil {
			return nil, err
		}
		logProbs = append(logProbs, LogSoftmax(logits))
	}
	return logProbs, nil
}

// lens are the logits of the residual stream before layer l at token t, [V].
func (s *Inside) lens(l, t int) ([]float32, error) {
	logits, err := s.Unembed([][]float32{s.scaled(s.X[l][t*s.HiddenSize:][:s.HiddenSize], s.scale(l, t))})
	if err != nil {
		return nil, err
	}
	return logits[0], nil
}

// scale is 1/√(mean x² + ε) of the residual stream before layer l at token t.
func (s *Inside) scale(l, t int) float64 {
	square, x := 0.0, s.X[l][t*s.HiddenSize:][:s.HiddenSize]
	for _, v := range x {
		square += float64(v) * float64(v)
	}
	return 1 / math.Sqrt(square/float64(len(x))+s.RMSNormEps)
}

// scaled is x by the last norm with a given scale.
func (s *Inside) scaled(x []float32, scale float64) []float32 {
	y := make([]float32, len(x))
	for d, v := range x {
		y[d] = float32(float64(v) * scale * float64(s.gain[d]))
	}
	return y
}

func (s *Inside) checkHead(l, h int) error {
	if l < 0 || l >= s.Layers || h < 0 || h >= s.Model.Heads {
		return fmt.Errorf("model: there is no head %d in layer %d; there are %d layers of %d heads", h, l, s.Layers, s.Model.Heads)
	}
	return nil
}

func (s *Inside) checkAt(t int, targets []int) error {
	if t < 0 || t >= len(s.Tokens) {
		return fmt.Errorf("model: there is no token %d to look into; there are %d", t, len(s.Tokens))
	}
	for _, target := range targets {
		if target < 0 || target >= s.VocabSize {
			return fmt.Errorf("model: token %d is outside the vocabulary of %d", target, s.VocabSize)
		}
	}
	return nil
}

// LogSoftmax are the log-probabilities of logits.
func LogSoftmax(logits []float32) []float64 {
	top, sum := float64(slices.Max(logits)), 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	logProbs := make([]float64, len(logits))
	for v, x := range logits {
		logProbs[v] = float64(x) - top - math.Log(sum)
	}
	return logProbs
}

func dot(a, b []float32) (sum float64) {
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

func length(x []float32) float64 { return math.Sqrt(dot(x, x)) }
