//go:build js || desktop

package window

import (
	"fmt"
	"image"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/draw"

	"github.com/hajimehoshi/ebiten/v2"
)

// frameTime is how long each frame of a film is shown, in hundredths of a second.
const frameTime = 45

// SaveFilm asks for all frames of the figure as a moving picture. A figure without frames gives a picture.
func (g *Game) SaveFilm() {
	g.Do("save", func(*figures.Host, time.Time) { g.wantsFilm, g.repaint = true, true })
}

// exportFilm draws the frames beside the screen. The figure then stands where it stood.
func (g *Game) exportFilm(screen *ebiten.Image) {
	frames := g.figure.Frames()
	if frames < 2 {
		g.export(screen)
		return
	}
	size := screen.Bounds().Size()
	beside := ebiten.NewImage(size.X, size.Y)
	defer beside.Deallocate()
	var film []*image.RGBA
	for i := range frames {
		g.painter.paint(beside, g.figure.FrameScene(i, time.Now()), g.scale)
		frame := image.NewRGBA(image.Rectangle{Max: size})
		beside.ReadPixels(frame.Pix)
		film = append(film, frame)
	}
	data, err := draw.GIF(film, frameTime)
	if err != nil {
		panic(fmt.Sprintf("window: encode a film in memory: %v", err))
	}
	g.save(data)
}
