package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

const (
	plotWidth  = 64 // characters
	plotHeight = 18 // lines
	baseMark   = "*"
)

// mark is the letter of a row in table and plot.
func mark(row int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return letters[row%len(letters):][:1]
}

// dot is a place in the plot, with half the lengths of its error bars.
type dot struct {
	mark         string
	x, y, dx, dy float64
}

// dots are the bases and the rows whose accuracy and think tokens are known. unknown are the marks of the other rows.
func (d comparison) dots() (dots []dot, unknown []string) {
	var all []dot
	for _, b := range d.Bases {
		all = append(all, dot{mark: baseMark, x: float64(b.ThinkTokens), y: float64(b.Accuracy)})
	}
	for i, r := range d.Rows {
		p := dot{mark: mark(i), x: float64(r.ThinkTokens), y: float64(r.Accuracy)}
		if dx := float64(r.ThinkTokensSD); r.Seeds > 1 && !math.IsNaN(dx) {
			p.dx = dx
		}
		if dy := float64(r.AccuracySD); r.Seeds > 1 && !math.IsNaN(dy) {
			p.dy = dy
		}
		all = append(all, p)
	}
	for _, p := range all {
		if math.IsNaN(p.x) || math.IsNaN(p.y) {
			unknown = append(unknown, p.mark)
			continue
		}
		dots = append(dots, p)
	}
	return dots, unknown
}

// plot draws accuracy against think tokens in text: a letter at each mean, bars one standard deviation long to each side. Up and left is
// better. A letter whose place is taken is drawn to the right. Rows with an unknown mean are not drawn but listed.
func (d comparison) plot(w io.Writer) {
	dots, unknown := d.dots()
	if len(unknown) > 0 {
		fmt.Fprintf(w, "Not in the plot, because accuracy or think tokens are unknown: %s.\n", strings.Join(unknown, ", "))
	}
	if len(dots) == 0 {
		return
	}
	loX, hiX, loY, hiY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range dots {
		loX, hiX = min(loX, p.x-p.dx), max(hiX, p.x+p.dx)
		loY, hiY = min(loY, p.y-p.dy), max(hiY, p.y+p.dy)
	}
	spanX, spanY := max(hiX-loX, 1), max(hiY-loY, 0.01)
	column := func(x float64) int { return int(math.Round((x - loX) / spanX * (plotWidth - 1))) }
	line := func(y float64) int { return int(math.Round((hiY - y) / spanY * (plotHeight - 1))) }

	var cells [plotHeight][plotWidth]string
	for _, p := range dots {
		for x := column(p.x - p.dx); x <= column(p.x+p.dx) && p.dx > 0; x++ {
			cells[line(p.y)][x] = "─"
		}
		for y := line(p.y + p.dy); y <= line(p.y-p.dy) && p.dy > 0; y++ {
			cells[y][column(p.x)] = "│"
		}
	}
	taken := map[[2]int]bool{}
	for _, p := range dots {
		at := [2]int{line(p.y), column(p.x)}
		for taken[at] && at[1] < plotWidth-1 {
			at[1]++
		}
		taken[at] = true
		cells[at[0]][at[1]] = p.mark
	}

	fmt.Fprintln(w, "accuracy")
	for i, row := range cells {
		label, text := "", ""
		if i%4 == 0 || i == plotHeight-1 {
			label = fmt.Sprintf("%.3f", hiY-spanY*float64(i)/(plotHeight-1))
		}
		for _, cell := range row {
			if cell == "" {
				cell = " "
			}
			text += cell
		}
		fmt.Fprintf(w, "%6s ┤%s\n", label, strings.TrimRight(text, " "))
	}
	left, right := fmt.Sprintf("%.1f", loX), fmt.Sprintf("%.1f think tokens", loX+spanX)
	fmt.Fprintf(w, "%6s └%s\n%8s%s%*s\n", "", strings.Repeat("─", plotWidth), "", left, plotWidth-len(left), right)
}
