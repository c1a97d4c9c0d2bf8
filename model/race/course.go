package race

import (
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
)

// Sampling is measured by one token of samplingRows sequences after cachedTokens tokens of each; training by trainingSequences
// sequences of sequenceTokens tokens, forward and backward.
const (
	samplingRows      = 16
	cachedTokens      = 32
	trainingSequences = 4
	sequenceTokens    = 64
)

// course is what a device runs in a race: the products and the attention of a model, with zeros for its weights.
type course struct {
	model.Config
	device  *gpu.Device
	program *gpu.Program
	buffers []*gpu.Buffer
}

func newCourse(d *gpu.Device, c model.Config) *course {
	return &course{Config: c, device: d, program: d.NewProgram("race")}
}

func (c *course) release() {
	c.program.Release()
	for _, b := range c.buffers {
		b.Release()
	}
}

func (c *course) floats(n int) *gpu.Buffer {
	b := c.device.Floats("race", n)
	c.buffers = append(c.buffers, b)
	return b
}

func (c *course) uints(words []uint32) *gpu.Buffer {
	b := c.device.Uints("race", len(words))
	b.WriteUints(0, words)
	c.buffers = append(c.buffers, b)
	return b
}

// width is the row length of queries, keys and values.
func (c *course) width() int { return (c.Heads + 2*c.KVHeads) * c.HeadDim }

// layer returns the outputs and inputs of a layer's matrix products.
func (c *course) layer() [][2]int {
	return [][2]int{{c.width(), c.HiddenSize}, {c.HiddenSize, c.Heads * c.HeadDim}, {2 * c.IntermediateSize, c.HiddenSize}, {c.HiddenSize, c.IntermediateSize}}
}

// widest returns the longest row of a product's operands and the words of its largest weight.
func (c *course) widest() (row, weight int) {
	for _, s := range append(c.layer(), [2]int{c.VocabSize, c.HiddenSize}) {
		row, weight = max(row, s[0]+4, s[1]), max(weight, s[0]*s[1])
	}
	return row, weight
}

// sampling returns the tokens a second of decoding.
func (c *course) sampling() (float64, error) {
	defer c.release()
	const rows = samplingRows
	row, weight := c.widest()
	x, w, y := c.floats(rows*row), c.floats(weight), c.floats(rows*row)
	kv := c.floats(rows * cachedTokens * 2 * c.KVHeads * c.HeadDim)
	var table, at []uint32
	for i := range uint32(rows * cachedTokens) {
		table = append(table, i)
	}
	for n := range uint32(rows) {
		at = append(at, n, cachedTokens-1, 0, 0)
	}
	tables, ats := c.uints(table), c.uints(at)
	qkv, out := c.floats(rows*c.width()), c.floats(rows*c.Heads*c.HeadDim)
	product := func(outputs, inputs int) {
		shape := nn.Matmul{N: rows, O: uint32(outputs), I: uint32(inputs)}
		c.program.Add(nn.MatmulNT(nn.Narrow), func() any { return shape }, x, w, y)
	}
	for range c.Layers {
		for _, s := range c.layer() {
			product(s[0], s[1])
		}
		shape := attn.CachedShape{N: rows, H: uint32(c.Heads), K: uint32(c.KVHeads), T: cachedTokens}
		c.program.Add(attn.Cached(c.HeadDim), func() any { return shape }, qkv, kv, tables, ats, out)
	}
	product(c.VocabSize, c.HiddenSize)
	took, err := c.shortest()
	return rows / took, err
}

// training returns the tokens a second of a training step.
func (c *course) training() (float64, error) {
	defer c.release()
	const rows = trainingSequences * sequenceTokens
	tile := nn.TileNamed(c.device.Products)
	row, weight := c.widest()
	x, w, y := c.floats(rows*row), c.floats(weight), c.floats(rows*row)
	dx, part := c.floats(rows*row), c.floats(weight)
	var span []uint32
	for n := range uint32(rows) {
		start := n / sequenceTokens * sequenceTokens
		span = append(span, start, start+sequenceTokens, 0, 0)
	}
	spans := c.uints(span)
	heads := rows * c.Heads
	qkv, dqkv := c.floats(rows*c.width()), c.floats(rows*c.width())
	out, dout, lse, delta := c.floats(heads*c.HeadDim), c.floats(heads*c.HeadDim), c.floats(heads), c.floats(heads)
	shape := attn.Shape{N: rows, H: uint32(c.Heads), K: uint32(c.KVHeads)}
	attention := func() any { return shape }
	product := func(outputs, inputs int) {
		O, I := uint32(outputs), uint32(inputs)
		c.program.Add(nn.MatmulNT(tile), func() any { return nn.Matmul{N: rows, O: O, I: I} }, x, w, y)
		c.program.Add(nn.LinearBwd(tile), func() any { return nn.LinearGrad{N: rows, O: O, I: I, Z: 1, Stride: O * I} }, y, w, x, dx, part)
	}
	for range c.Layers {
		for _, s := range c.layer() {
			product(s[0], s[1])
		}
		c.program.Add(attn.Fwd(c.HeadDim), attention, qkv, spans, out, lse)
		c.program.Add(attn.BwdQ(c.HeadDim), attention, qkv, spans, out, lse, dout, dqkv, delta)
		c.program.Add(attn.BwdKV(c.HeadDim), attention, qkv, spans, lse, delta, dout, dqkv)
	}
	product(c.VocabSize, c.HiddenSize)
	took, err := c.shortest()
	return rows / took, err
}

// A measurement ends when no pass was faster by a tenth for settled, or after longest. A browser compiles WebAssembly again, and
// better, while it runs: on a busy machine the first passes can take ten times as long as those that follow.
const (
	settled = 40 * time.Millisecond
	longest = 400 * time.Millisecond
)

// shortest returns the shortest time of several passes, in seconds.
func (c *course) shortest() (float64, error) {
	pass := func() (time.Duration, error) {
		begun := time.Now()
		if err := c.program.Run(1); err != nil {
			return 0, err
		}
		err := c.device.Wait()
		return time.Since(begun), err
	}
	if _, err := pass(); err != nil { // compiles
		return 1, err
	}
	best, begun := time.Duration(0), time.Now()
	for improved := begun; best == 0 || time.Since(improved) < settled && time.Since(begun) < longest; {
		took, err := pass()
		if err != nil {
			return 1, err
		}
		if best == 0 || took < best-best/10 {
			improved = time.Now()
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return max(best, time.Nanosecond).Seconds(), nil
}
