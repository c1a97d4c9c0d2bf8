//go:build js || desktop

package window

import (
	"fmt"
	"image"
	"time"

	"attnlab/app/figures/draw"

	"github.com/hajimehoshi/ebiten/v2"
)

// exportFilm draws the frames beside the screen, of its size in pixels. The figure then shows again the frame that it showed before.
func (g *Game) exportFilm(size image.Point) {
	beside := ebiten.NewImage(size.X, size.Y)
	defer beside.Deallocate()
	var film []*image.RGBA
	for i := range g.figure.Frames() {
		g.painter.paint(beside, g.figure.FrameScene(i, time.Now()), g.scale)
		frame := image.NewRGBA(image.Rectangle{Max: size})
		beside.ReadPixels(frame.Pix)
		film = append(film, frame)
	}
	data, err := draw.GIF(film, draw.FrameTime)
	if err != nil {
		panic(fmt.Sprintf("window: encode a film in memory: %v", err))
	}
	g.save(GIF, data)
}
