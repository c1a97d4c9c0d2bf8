package score

// Published are heads that a paper found in a model whose weights anybody can get.
type Published struct {
	Model  string // as on the hub
	Layers int    // of the model
	PerRow int    // heads of a layer
	Heads  []Head // counted from 0
	What   string // they are
	Source string
}

// PublishedHeads lists what is known of such heads, so that whoever has the model can check them.
var PublishedHeads = []Published{
	{Model: "DeepSeek-R1-Distill-Qwen-1.5B", Layers: 28, PerRow: 12, Heads: []Head{{16, 2}, {20, 9}, {23, 2}}, What: "key-focus heads", Source: "ATTNPO, arXiv 2602.09953"},
}

// In reports whether a model has the shape of the published one.
func (p Published) In(layers, heads int) bool { return p.Layers == layers && p.PerRow == heads }
