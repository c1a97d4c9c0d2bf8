package panels

import (
	"strconv"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// pointing tells the figures which step of the trace the mouse or the focus is at. The page is not drawn for it: CSS
// colours its own row.
func (l *Lab) pointing(document app.Value) {
	at := -1
	point := app.FuncOf(func(_ app.Value, args []app.Value) any {
		step := -1
		if target := args[0].Get("target"); target.Get("closest").Truthy() {
			if row := target.Call("closest", ".row[data-do]"); row.Truthy() {
				step = parse(strings.TrimPrefix(row.Get("dataset").Get("do").String(), "step:"), -1, strconv.Atoi)
			}
		}
		if step != at {
			at = step
			l.link.Port.Send(session.Hover{Step: at})
		}
		return nil
	})
	for _, event := range []string{"mouseover", "focusin"} {
		document.Call("addEventListener", event, point)
	}
}

// touch asks an engine that computes where the page is drawn for a moment.
func (l *Lab) touch() {
	if l.status.Busy && l.capabilities.Software {
		l.link.Port.Send(session.Touch{})
	}
}

// touching touches when a key or the pointer goes down.
func (l *Lab) touching(document app.Value) {
	touch := app.FuncOf(func(app.Value, []app.Value) any {
		l.touch()
		return nil
	})
	for _, event := range []string{"keydown", "pointerdown"} {
		document.Call("addEventListener", event, touch, map[string]any{"capture": true, "passive": true})
	}
}
