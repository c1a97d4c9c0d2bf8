package panels

import (
	"errors"
	"strings"
	"testing"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func pageCompareBench(t *testing.T) (*Page, *session.Port) {
	v := lab.Start()
	v.Page = lab.PageCompare
	l, engine := pageReady(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// pageTreeBench is a bench on the Tree page whose engine rests.
func pageTreeBench(t *testing.T) (*Page, *session.Port) {
	v := lab.Start()
	v.Page = lab.PageTree
	l, engine := pageReady(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Trace())
	l.GrownFor = l.PromptText() // it does not grow by itself
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// pageBench is a page with a fake screen and an engine's end of its session.
func pageBench(t *testing.T, v lab.View) (l *Page, engine *session.Port) {
	t.Helper()
	var hub session.Hub
	engine = hub.Join()
	port := hub.Join()
	l = NewPage(lab.Link{Session: "s", Port: port, Version: "v"}, v.String(), lab.Example{Trace: labtest.Trace()})
	l.Open(&labtest.Screen{}, func(string, any) error { return errors.New("nothing is stored") })
	labtest.Sent(t, engine, 1) // Hello
	t.Cleanup(engine.Close)
	t.Cleanup(port.Close)
	return l, engine
}

// ready is a bench whose engine has opened and has the view.
func pageReady(t *testing.T, v lab.View) (*Page, *session.Port) {
	l, engine := pageBench(t, v)
	l.Receive(session.Capabilities{Adapter: "test adapter", Backend: "host", Why: "It was asked for.", Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
	return l, engine
}

// panelText is the HTML of a panel by its id.
func (p *Page) panelText(id string) string {
	_, after, _ := strings.Cut(app.HTMLString(p), `id="`+id+`"`)
	inside, _, _ := strings.Cut(after, "</section>")
	return inside
}

// pageTrainer is a bench on the Train page whose engine is at rest and has sent its table.
func pageTrainer(t *testing.T) (*Page, *session.Port) {
	v := lab.Start()
	v.Page = lab.PageTrain
	l, engine := pageReady(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Methods())
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// viewOf is the view of a link.
func viewOf(hash string) lab.View {
	v, _ := lab.ParseLink(hash)
	return v
}
