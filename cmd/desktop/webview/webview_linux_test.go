package webview

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"attnlab/cmd/dev/xvfb"
)

func init() { runtime.LockOSThread() } // TestMain is then in the first thread

// child marks a process of this test that opens real windows. Windows need the first thread, which go test gives to no test.
const child = "ATTNLAB_WEBVIEW_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		os.Exit(windows())
	}
	os.Exit(m.Run())
}

// pages are those of the test's window, by path.
var pages = map[string]string{
	"/": `<!doctype html><title>first</title><body><script>
		webkit.messageHandlers.attnlab.postMessage("start " + window.started);
	</script>`,
	"/figure": `<!doctype html><title>figure</title><body><script>onload = () => new BroadcastChannel("test").postMessage("joined")</script>`,
}

// windows opens windows and prints a line for each thing that happens. It returns the exit status.
func windows() int {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, pages[r.URL.Path]) }))
	defer server.Close()
	saved := filepath.Join(os.Getenv("HOME"), "saved é.txt")
	var main *Window
	left := make(chan struct{}, 1)
	app, err := Open(Options{
		Name: "attnlab-test", Start: "window.started = 'before the page'",
		Message: func(_ *Window, text string) { fmt.Println("message:", text) },
		Leave: func(address string) {
			fmt.Println("leave:", address)
			left <- struct{}{}
		},
		Report: func(text string) { fmt.Println("report:", text) },
		Save:   func(_ *Window, name string) string { fmt.Println("save:", name); return saved },
		Opened: func(address string, _ func() *Window) WindowOptions {
			fmt.Println("opened:", strings.TrimPrefix(address, server.URL))
			return WindowOptions{Title: "figure", Width: 400, Height: 300}
		},
	})
	if err != nil {
		fmt.Println(err)
		return 3
	}
	chosen := ""
	menu := []Menu{{Title: "_File", Items: []Item{
		{Title: "_Press", Key: "<Control>p", Do: func() { fmt.Println("pressed") }}, {},
		{Title: "one", Group: "g", Do: func() { chosen += "1" }}, {Title: "two", Group: "g", Chosen: true, Do: func() { chosen += "2" }},
	}}}
	main = app.Window(WindowOptions{Title: "test", Address: server.URL + "/", Width: 700, Height: 500, Menu: menu,
		Closed: func(s Size) { fmt.Println("closed:", s); app.Quit() }})

	then := make(chan string)
	eval := func(script string) string {
		app.Do(func() {
			main.Eval(script, func(value string, ok bool) { then <- fmt.Sprint(value, " ", ok) })
		})
		return <-then
	}
	until := func(script string) {
		for !strings.HasPrefix(eval(script), "true") {
			time.Sleep(50 * time.Millisecond)
		}
	}
	go func() {
		time.AfterFunc(time.Minute, func() { fmt.Println("a minute has passed"); os.Exit(4) })
		until(`document.readyState === "complete" && document.title === "first"`)
		fmt.Println("value:", eval("6 * 7"))
		fmt.Println("broken:", eval("no such script"))
		fmt.Println("recovered:", fault())
		eval(`new BroadcastChannel("test").onmessage = ({ data }) => { window.heard = data }; 0`)
		eval(`open("/figure", "_blank"); 0`)
		until(`window.heard === "joined"`)
		fmt.Println("another window is in the session")
		eval(`location.href = "https://example.org/elsewhere"; 0`)
		<-left // a page goes to an address after its script has ended, and a press of a link in between takes the address back
		eval(`{ const a = document.createElement("a"); a.href = URL.createObjectURL(new Blob(["text"])); a.download = "figure.svg"; document.body.append(a); a.click() } 0`)
		for {
			if data, err := os.ReadFile(saved); err == nil && len(data) > 0 {
				fmt.Println("saved:", string(data))
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		app.Do(func() {
			main.items[0]()
			main.Zoom(1.5)
			gtkCheckItemSetActive(main.entries[1], 1) // chooses it, as a press does
		})
		until(`devicePixelRatio > 1.4 || innerWidth < 600`)
		fmt.Println("chosen:", chosen)
		app.Do(main.FullScreen)
		app.Do(main.Close)
	}()
	app.Run()
	fmt.Println("ended")
	return 0
}

// fault dereferences a nil pointer and recovers. Go learns of it by a signal that WebKit has a handler for too.
func fault() (recovered bool) {
	defer func() { recovered = recover() != nil }()
	var nothing *Size
	return nothing.Maximized
}

func TestWindows(t *testing.T) {
	if err := load(); err != nil {
		t.Skipf("WebKitGTK: %v", err)
	}
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("Xvfb is not installed: ", err)
	}
	out, err := onDisplay(t, os.Args[0], child+"=1").CombinedOutput()
	if err != nil {
		t.Errorf("the windows ended with %v", err)
	}
	for _, want := range []string{
		"message: start before the page", "value: 42 true", "broken:  false", "recovered: true", "opened: /figure", "another window is in the session",
		"leave: https://example.org/elsewhere", "save: figure.svg", "saved: text", "pressed", "chosen: 1", "closed: {700 500 false}", "ended",
	} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("no line %q", want)
		}
	}
	if strings.Contains(string(out), "JSC_SIGNAL_FOR_GC") || strings.Contains(string(out), "report:") || strings.Contains(string(out), "CRITICAL") {
		t.Error("WebKit complains")
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// Without a display the error says so, and the program can go on.
func TestWithoutADisplay(t *testing.T) {
	if err := load(); err != nil {
		t.Skipf("WebKitGTK: %v", err)
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), child+"=1", "DISPLAY=", "WAYLAND_DISPLAY=", "HOME="+t.TempDir())
	out, err := command.CombinedOutput()
	if err == nil || command.ProcessState.ExitCode() != 3 || !strings.Contains(string(out), "there is no display") {
		t.Errorf("%v: %s", err, out)
	}
}

// onDisplay is a program on a display of its own, with folders of its own, that ends with the test.
func onDisplay(t *testing.T, program string, env ...string) *exec.Cmd {
	t.Helper()
	display, end, err := xvfb.Start(1280, 800)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	command := exec.CommandContext(t.Context(), program)
	home := t.TempDir()
	command.Env = append(append(os.Environ(), "DISPLAY="+display, "WAYLAND_DISPLAY=", "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home), env...)
	return command
}
