package panels

// ending is how a lesson last ended in this browser, in the words of that time.
type ending struct {
	Numbers string `json:"numbers"`
	Says    string `json:"says"`
}

// endingsKey names them in the browser's storage, where they are by the lessons' titles.
const endingsKey = "attnlab-lessons"

// noteEnding keeps how the lesson at work ended, once its experiment is over.
func (l *Lab) noteEnding() {
	c, _, r, ok := l.lessonNow()
	if !ok || !r.tried || r.gathering.going() || l.status.Busy {
		return
	}
	f := c.find(c.measure(l.state), r.guess)
	if end := (ending{f.numbers, f.says}); f.numbers != "" && l.endings[c.title] != end {
		l.endings[c.title] = end
		l.screen.keep(endingsKey, l.endings)
	}
}
