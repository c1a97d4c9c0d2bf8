package lab

import (
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func compareBench(t *testing.T) (*Lab, *session.Port) {
	v := Start()
	v.Page = PageCompare
	l, engine := ready(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// treeBench is a bench on the Tree page whose engine rests. Its tree does not grow by itself.
func treeBench(t *testing.T) (*Lab, *session.Port) {
	v := Start()
	v.Page = PageTree
	l, engine := ready(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Trace())
	l.GrownFor = l.PromptText()
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// bench is a page with an engine's end of its session.
func bench(t *testing.T, v View) (l *Lab, engine *session.Port) {
	t.Helper()
	var hub session.Hub
	engine = hub.Join()
	l = New(Link{Session: "s", Port: hub.Join(), Version: "v"}, v.String(), Example{Trace: labtest.Trace()})
	l.screen = &labtest.Screen{}
	t.Cleanup(engine.Close)
	t.Cleanup(l.Link.Port.Close)
	return l, engine
}

// ready is a bench whose engine has opened and has the view.
func ready(t *testing.T, v View) (*Lab, *session.Port) {
	l, engine := bench(t, v)
	l.Receive(session.Capabilities{Adapter: "test adapter", Backend: "host", Why: "It was asked for.", Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
	return l, engine
}

// trainer is a bench on the Train page whose engine is at rest and has sent its table.
func trainer(t *testing.T) (*Lab, *session.Port) {
	v := Start()
	v.Page = PageTrain
	l, engine := ready(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Methods())
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// viewOf is the view of a link.
func viewOf(hash string) View {
	v, _ := ParseLink(hash)
	return v
}
