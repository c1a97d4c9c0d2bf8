//go:build linux

// Package displaytest is an X server without a screen (Xvfb) with hands and eyes: it presses keys as a person does, by the XTEST extension, closes
// windows as a window manager does, and takes pictures.
package displaytest

import (
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"attnlab/cmd/dev/xvfb"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// Width and Height of the screen, pixels.
const Width, Height = 1440, 900

// Display is one server. Its methods fail the test where the server does not answer.
type Display struct {
	Name string // for DISPLAY
	t    testing.TB
	conn *xgb.Conn
	root xproto.Window
	keys map[xproto.Keysym]key
}

// key is a place on the keyboard.
type key struct {
	code  xproto.Keycode
	shift bool
}

// Open starts a server that ends with the test. It skips the test where Xvfb is not installed.
func Open(t testing.TB) *Display {
	t.Helper()
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("Xvfb is not installed: ", err)
	}
	name, end, err := xvfb.Start(Width, Height)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	d := &Display{Name: name, t: t, keys: map[xproto.Keysym]key{}}
	xgb.Logger.SetOutput(io.Discard) // it says that no password is needed
	if d.conn, err = xgb.NewConnDisplay(d.Name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.conn.Close)
	if err := xtest.Init(d.conn); err != nil {
		t.Fatal(err)
	}
	setup := xproto.Setup(d.conn)
	d.root = setup.DefaultScreen(d.conn).Root
	first, last := setup.MinKeycode, setup.MaxKeycode
	all, err := xproto.GetKeyboardMapping(d.conn, first, byte(last-first+1)).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for i, symbol := range all.Keysyms {
		code, level := first+xproto.Keycode(i/int(all.KeysymsPerKeycode)), i%int(all.KeysymsPerKeycode)
		if _, known := d.keys[symbol]; !known && level < 2 {
			d.keys[symbol] = key{code, level == 1}
		}
	}
	return d
}

// shift is the symbol of the left Shift key.
const shift = 0xffe1

// Press presses keys one after another, each by the letter that it writes.
func (d *Display) Press(letters ...rune) {
	d.t.Helper()
	for _, letter := range letters {
		symbol := xproto.Keysym(letter) // of Latin letters
		k, ok := d.keys[symbol]
		if !ok {
			d.t.Fatalf("the keyboard has no key %#x", symbol)
		}
		if k.shift {
			d.input(xproto.KeyPress, byte(d.keys[shift].code))
		}
		d.input(xproto.KeyPress, byte(k.code))
		d.input(xproto.KeyRelease, byte(k.code))
		if k.shift {
			d.input(xproto.KeyRelease, byte(d.keys[shift].code))
		}
	}
}

func (d *Display) input(kind, detail byte) {
	d.t.Helper()
	if err := xtest.FakeInputChecked(d.conn, kind, detail, 0, d.root, 0, 0, 0).Check(); err != nil {
		d.t.Fatal(err)
	}
}

// Window waits for a window of a program, and gives it the keyboard, as nothing else does without a window manager.
func (d *Display) Window(program string) xproto.Window {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		tree, err := xproto.QueryTree(d.conn, d.root).Reply()
		if err != nil {
			d.t.Fatal(err)
		}
		for _, w := range tree.Children {
			attributes, err := xproto.GetWindowAttributes(d.conn, w).Reply()
			if err != nil || attributes.MapState != xproto.MapStateViewable || !strings.HasPrefix(d.programOf(w), program+"\x00") {
				continue
			}
			if err := xproto.SetInputFocusChecked(d.conn, xproto.InputFocusParent, w, xproto.TimeCurrentTime).Check(); err == nil {
				return w
			}
		}
	}
	d.t.Fatalf("no window of %s is shown", program)
	return 0
}

// programOf is the name of the program that a window is of, and then its class.
func (d *Display) programOf(w xproto.Window) string {
	p, err := xproto.GetProperty(d.conn, false, w, xproto.AtomWmClass, xproto.GetPropertyTypeAny, 0, 64).Reply()
	if err != nil {
		return ""
	}
	return string(p.Value)
}

// Close asks a window to close, as the cross in its corner does.
func (d *Display) Close(w xproto.Window) {
	d.t.Helper()
	atom := func(name string) xproto.Atom {
		a, err := xproto.InternAtom(d.conn, false, uint16(len(name)), name).Reply()
		if err != nil {
			d.t.Fatal(err)
		}
		return a.Atom
	}
	message := xproto.ClientMessageEvent{Format: 32, Window: w, Type: atom("WM_PROTOCOLS"),
		Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(atom("WM_DELETE_WINDOW")), xproto.TimeCurrentTime, 0, 0, 0})}
	if err := xproto.SendEventChecked(d.conn, false, w, 0, string(message.Bytes())).Check(); err != nil {
		d.t.Fatal(err)
	}
}

// Picture is what the screen shows.
func (d *Display) Picture() *image.RGBA {
	d.t.Helper()
	got, err := xproto.GetImage(d.conn, xproto.ImageFormatZPixmap, xproto.Drawable(d.root), 0, 0, Width, Height, 1<<32-1).Reply()
	if err != nil || len(got.Data) != 4*Width*Height {
		d.t.Fatalf("no picture of the screen: %v", err)
	}
	picture := image.NewRGBA(image.Rect(0, 0, Width, Height))
	for i := 0; i < len(got.Data); i += 4 { // blue, green, red, nothing
		picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3] = got.Data[i+2], got.Data[i+1], got.Data[i], 255
	}
	return picture
}

// Save writes a picture of the screen into a file.
func (d *Display) Save(path string) {
	d.t.Helper()
	f, err := os.Create(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, d.Picture()); err != nil {
		d.t.Fatal(err)
	}
}
