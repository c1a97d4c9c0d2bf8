package labtest

import "attnlab/app/session"

// Heads are measurements of the heads of [Trace]'s model, of which the second has no step to rank.
func Heads() session.HeadsView {
	of := func(x float64) *float64 { return &x }
	t := Trace()
	h := session.HeadsView{Number: 9, Layers: t.Layers, Heads: t.Heads, Ranked: 40, Position: of(0.6), PositionLow: of(0.5), PositionHigh: of(0.7)}
	for i := range h.Layers * h.Heads {
		x := 0.9 - 0.1*float64(i%6)
		if i == 1 {
			h.SRA, h.SRALow, h.SRAHigh = append(h.SRA, nil), append(h.SRALow, nil), append(h.SRAHigh, nil)
			continue
		}
		h.SRA, h.SRALow, h.SRAHigh = append(h.SRA, of(x)), append(h.SRALow, of(x-0.1)), append(h.SRAHigh, of(x+0.1))
	}
	return h
}
