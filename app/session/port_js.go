package session

import (
	"fmt"
	"slices"
	"syscall/js"
)

// Join opens this document's or Worker's end of a session: the BroadcastChannel with its name, which all documents and
// Workers of one origin share.
func Join(session string) *Port {
	return Listen(js.Global().Get("BroadcastChannel").New("attnlab:" + session))
}

// Listen makes an end of a BroadcastChannel that is already open. It replaces the channel's onmessage. Messages that arrive
// after Listen returns are received, but for two kinds: a list of runs that the engine repeats, which it does for every new screen
// and which takes long to read, and a [Run] or [Beside] that is not read yet when the next one is there. They have all steps, so that
// a page which read each one would fall ever further behind a fast run, until it answered nothing.
func Listen(channel js.Value) *Port {
	box := newMailbox()
	var runs js.Value // the newest list, as text
	take := func(data js.Value) {
		if data.Equal(runs) {
			return
		}
		message, err := Decode([]byte(data.String()))
		if err != nil {
			message = err
		}
		if _, is := message.(Runs); is {
			runs = data
		}
		box.put(message)
	}
	startsWith := js.Global().Get("String").Get("prototype").Get("startsWith")
	queue := newLatest(take, func(data js.Value) string {
		for _, kind := range []string{Kind(Run{}), Kind(Beside{})} {
			if startsWith.Call("call", data, opening+kind+middle).Bool() {
				return kind
			}
		}
		return ""
	})
	receive := js.FuncOf(func(_ js.Value, args []js.Value) any {
		data := args[0].Get("data")
		if data.Type() != js.TypeString {
			box.put(fmt.Errorf("session: a message is not text; reload the page so that all parts have one version"))
			return nil
		}
		queue.add(data)
		return nil
	})
	channel.Set("onmessage", receive)
	return &Port{
		In: box.out,
		send: func(message any) error {
			text, err := Encode(message)
			if err == nil {
				channel.Call("postMessage", string(text))
			}
			return err
		},
		leave: func() {
			channel.Set("onmessage", js.Null())
			channel.Call("close")
			receive.Release()
			queue.close()
			box.close()
		},
	}
}

// latest passes texts on in order, each in a task of its own from the first that has a kind on. Of those of a kind that wait, only the
// newest is passed on.
type latest struct {
	take      func(js.Value)
	kind      func(js.Value) string // empty for a text that is always passed on
	waiting   []waiting
	turn      js.Value // a MessagePort: the thread first does what it was asked for before
	turned    js.Value // its other end, where onTurn listens
	onTurn    js.Func
	scheduled bool
}

type waiting struct {
	data js.Value
	kind string
}

func newLatest(take func(js.Value), kind func(js.Value) string) *latest {
	l := &latest{take: take, kind: kind}
	ends := js.Global().Get("MessageChannel").New()
	l.turn, l.turned = ends.Get("port2"), ends.Get("port1")
	l.onTurn = js.FuncOf(func(js.Value, []js.Value) any {
		l.scheduled = false
		if len(l.waiting) > 0 {
			first := l.waiting[0].data
			l.waiting = l.waiting[1:]
			l.take(first)
			l.schedule()
		}
		return nil
	})
	l.turned.Set("onmessage", l.onTurn)
	return l
}

func (l *latest) add(data js.Value) {
	kind := l.kind(data)
	if kind == "" && len(l.waiting) == 0 {
		l.take(data)
		return
	}
	if kind != "" {
		l.waiting = slices.DeleteFunc(l.waiting, func(w waiting) bool { return w.kind == kind })
	}
	l.waiting = append(l.waiting, waiting{data, kind})
	l.schedule()
}

func (l *latest) schedule() {
	if len(l.waiting) > 0 && !l.scheduled {
		l.scheduled = true
		l.turn.Call("postMessage", 0)
	}
}

func (l *latest) close() {
	l.turned.Set("onmessage", js.Null())
	l.turn.Call("close")
	l.waiting = nil
	l.onTurn.Release()
}
