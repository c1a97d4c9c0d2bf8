package decode

import (
	"testing"

	"attnlab/gpu"
	"attnlab/shaders/attn"
)

// TestDecodeWork compares counts with sums by hand: three tokens of two slots at positions 2, 2 and 5, the last of which is beyond the table of
// four positions. The slots share their first row.
func TestDecodeWork(t *testing.T) {
	table := []uint32{7, 1, 2, 3, 7, 4, 5, 6}
	at := []uint32{0, 2, 0, 0, 1, 2, 0, 0, 1, 5, 0, 0}
	row := []uint32{3, 0, 0, 9, 1, 1, 1, 9, 0, 2, 2, 8} // the last has no tokens left
	if got, want := attn.ReachOf(table, at, 4), (attn.Reach{Pairs: 3 + 3 + 4, Rows: 6, Places: 7, Stored: 2, Positions: 2}); got != want {
		t.Fatalf("reach %+v, want %+v", got, want)
	}
	z := Sizes{D: 8, F: 12, H: 2, K: 1, C: 4, V: 6, R: 1, Lanes: 32}
	heads, feeds := 4*3*8+2*3*8*16+3*3*3*4+10*2*(4*4+4), 4*3*8+2*3*(64+3*8*12)+2*3*8+6*3*12
	for _, c := range []struct {
		kernel     *gpu.Kernel
		params     any
		words      map[int][]uint32
		operations int
		count      int // of words
	}{
		{attn.KVStore, attn.KVStoreShape{N: 3, H: 2, K: 1, C: 4, T: 4}, map[int][]uint32{1: table, 2: at}, 0, 2*(2*8+1) + 2*3},
		{attn.Cached(4), attn.CachedShape{N: 3, H: 2, K: 1, T: 4}, map[int][]uint32{2: table, 3: at}, 10 * 2 * (4*4 + 4), 2*3*8 + 6*8 + 7 + 12},
		{Sample, SampleParams{N: 3, V: 6, M: 2, Temperature: 1}, map[int][]uint32{3: row}, 11 * 2 * 6, 2*(6+10) + 12},
		{Sample, SampleParams{N: 3, V: 6, M: 2}, map[int][]uint32{3: row}, 6 * 2 * 6, 2*(6+10) + 12},
		{Attend(z), AttendParams{N: 3, T: 4}, map[int][]uint32{2: table, 3: at, 4: row}, heads, 3*8 + 8 + 8*16 + 2*4 + 7 + 12 + 6*8 + 3*8},
		{Attend(z), AttendParams{N: 3, T: 4, First: 1}, map[int][]uint32{2: table, 3: at, 4: row}, heads, 3 + 2*8 + 3*8 + 8 + 8*16 + 2*4 + 7 + 12 + 6*8 + 3*8},
		{Feed(z), FeedParams{N: 3}, nil, feeds, 8 + 64 + 3*8*12 + 3*3*8},
		{Next(z), NextParams{N: 3, M: 2, Temperature: 1}, map[int][]uint32{3: row}, 4*2*8 + 2*2*8*6 + 11*2*6, 8 + 6*8 + 3*8 + 12 + 2*10},
	} {
		got, counted := c.kernel.Work(c.params, func(i int) []uint32 { return c.words[i] })
		if want := gpu.Does(c.operations, c.count); !counted || got != want {
			t.Errorf("%s %+v: %+v, want %+v", c.kernel.Name, c.params, got, want)
		}
	}
}

// TestTokensWork compares the operations of several tokens in one dispatch with those of its parts, token by token.
func TestTokensWork(t *testing.T) {
	z := Sizes{D: 8, F: 12, H: 2, K: 1, C: 4, V: 6, R: 1, Lanes: 32}
	table := []uint32{7, 1, 2, 3, 7, 4, 5, 6}
	at, row := []uint32{0, 1, 0, 0, 1, 1, 0, 0}, []uint32{2, 0, 0, 9, 1, 0, 1, 9} // two tokens of one row, one of the other
	words := func(at, row []uint32) func(int) []uint32 {
		return func(i int) []uint32 { return map[int][]uint32{2: table, 3: at, 4: row}[i] }
	}
	got, _ := Tokens(z).Work(TokensParams{N: 2, T: 4, M: 4, Times: 3, Layers: 2, Temperature: 1}, words(at, row))
	want := 0.0
	for _, step := range [][2][]uint32{{at, row}, {{0, 2, 0, 0}, {1, 1, 0, 9}}} {
		at, row := step[0], step[1]
		N := uint32(len(at) / 4)
		attend, _ := Attend(z).Work(AttendParams{N: N, T: 4}, words(at, row))
		feed, _ := Feed(z).Work(FeedParams{N: N}, nil)
		next, _ := Next(z).Work(NextParams{N: N, M: 4, Temperature: 1}, func(int) []uint32 { return row })
		want += 2*attend.Operations + 2*feed.Operations + next.Operations
	}
	if got.Operations != want {
		t.Errorf("%g operations, want %g", got.Operations, want)
	}
}
