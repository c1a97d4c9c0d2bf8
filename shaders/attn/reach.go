package attn

// Reach is how much of the cache new tokens need: pairs of a token and a position that it attends to, distinct rows of the cache
// among them, distinct words of the table that name those rows, tokens whose own row is stored, and distinct positions of the tokens.
type Reach struct{ Pairs, Rows, Places, Stored, Positions int }

// ReachOf counts for tokens at [N,4] (slot, pos, –, –) and a table [S,T].
func ReachOf(table, at []uint32, T int) (r Reach) {
	rows, places, positions := map[uint32]bool{}, map[int]bool{}, map[uint32]bool{}
	for n := 0; n < len(at); n += 4 {
		first, pos := int(at[n])*T, int(at[n+1])
		positions[at[n+1]] = true
		if pos < T {
			r.Stored++
		}
		for t := range min(pos+1, T) {
			r.Pairs++
			rows[table[first+t]], places[first+t] = true, true
		}
	}
	r.Rows, r.Places, r.Positions = len(rows), len(places), len(positions)
	return r
}
