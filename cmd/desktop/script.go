package main

import (
	"encoding/json"
	"strconv"
	"strings"

	"attnlab/cmd/desktop/webview"
)

// themeMessage is before a theme in a page's message.
const themeMessage = "theme:"

// startScript gives each page the theme of the last start, before its own scripts, and reports when the user chooses another. It also hides the
// Service Worker: the program has the whole site, and a stored copy could be of an older program.
func startScript(theme string) string {
	return `(() => {
	delete Navigator.prototype.serviceWorker;
	const theme = ` + strconv.Quote(theme) + `, name = "attnlab-theme";
	try {
		if (!sessionStorage.getItem("attnlab-started")) { // once for each window: the page may be loaded again
			if (theme) localStorage.setItem(name, theme); else localStorage.removeItem(name);
			sessionStorage.setItem("attnlab-started", "1");
		}
	} catch { return; }
	let last = theme;
	const report = () => {
		const now = (localStorage.getItem(name) ?? "").replaceAll('"', "");
		if (now !== last) webkit.messageHandlers.attnlab.postMessage("` + themeMessage + `" + (last = now));
	};
	new MutationObserver(report).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
})();`
}

// heard takes a message of a page.
func (d *desktop) heard(_ *webview.Window, text string) {
	if theme, ok := strings.CutPrefix(text, themeMessage); ok && (theme == "" || theme == "light" || theme == "dark") {
		d.memory.Theme = theme
		d.remember()
	}
}

// doScript takes an action of the page, as its buttons do.
func doScript(action string) string {
	name, err := json.Marshal(action)
	if err != nil {
		panic(err) // text always encodes
	}
	return `dispatchEvent(new CustomEvent("attnlab-do", { detail: ` + string(name) + ` }))`
}
