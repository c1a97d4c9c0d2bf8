package race

import (
	"errors"
	"testing"

	"attnlab/shaders/nn"
)

// TestRefusedTile drops a fast tile of which an adapter refuses a product, and takes the next. An error ends the choice.
func TestRefusedTile(t *testing.T) {
	measured := func() Products {
		return Products{{Tile: nn.Wide.String(), GFLOPs: 1}, {Tile: nn.Narrow.String(), GFLOPs: 2}, {Tile: nn.Staged.String(), GFLOPs: 3}}
	}
	for _, c := range []struct {
		refused map[nn.Tile]bool
		want    nn.Tile
		left    int
	}{{nil, nn.Staged, 3}, {map[nn.Tile]bool{nn.Staged: true}, nn.Narrow, 2}, {map[nn.Tile]bool{nn.Staged: true, nn.Narrow: true}, nn.Wide, 1}} {
		got, err := measured().chooseCompiled(func(tile nn.Tile) (bool, error) { return c.refused[tile], nil })
		if err != nil || got.Chosen() != c.want.String() || len(got) != c.left {
			t.Errorf("refused %v: %+v, %v; want %s of %d", c.refused, got, err, c.want, c.left)
		}
	}
	lost := errors.New("lost")
	if _, err := measured().chooseCompiled(func(nn.Tile) (bool, error) { return true, lost }); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}
