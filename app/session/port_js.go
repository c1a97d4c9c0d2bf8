package session

import (
	"fmt"
	"syscall/js"
)

// Join opens this document's or Worker's end of a session: the BroadcastChannel with its name, which all documents and
// Workers of one origin share.
func Join(session string) *Port {
	return Listen(js.Global().Get("BroadcastChannel").New("attnlab:" + session))
}

// Listen makes an end of a BroadcastChannel that is already open. It replaces the channel's onmessage. Messages that arrive
// after Listen returns are received, but for a list of runs that the engine repeats: it does so for every new screen, and the
// list takes long to read.
func Listen(channel js.Value) *Port {
	box := newMailbox()
	var runs js.Value // the newest list, as text
	receive := js.FuncOf(func(_ js.Value, args []js.Value) any {
		data := args[0].Get("data")
		if data.Type() != js.TypeString {
			box.put(fmt.Errorf("session: a message is not text; reload the page so that all parts have one version"))
			return nil
		}
		if data.Equal(runs) {
			return nil
		}
		message, err := Decode([]byte(data.String()))
		if err != nil {
			message = err
		}
		if _, is := message.(Runs); is {
			runs = data
		}
		box.put(message)
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
			box.close()
		},
	}
}
