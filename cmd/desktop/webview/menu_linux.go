package webview

import (
	"unsafe"
)

// menuBar makes the menu bar of a window.
func (w *Window) menuBar(menus []Menu) handle {
	keys := gtkAccelGroupNew()
	gtkWindowAddAccelGroup(w.gtk, keys)
	bar := gtkMenuBarNew()
	for _, m := range menus {
		column := gtkMenuNew()
		groups := map[string]handle{}
		for _, item := range m.Items {
			gtkMenuShellAppend(column, w.menuItem(item, keys, groups))
		}
		title := gtkMenuItemNew(m.Title)
		gtkMenuItemSetSubmenu(title, column)
		gtkMenuShellAppend(bar, title)
	}
	return bar
}

// menuItem makes an entry. groups holds the last entry of each choice.
func (w *Window) menuItem(item Item, keys handle, groups map[string]handle) handle {
	var entry handle
	switch {
	case item.Title == "":
		return gtkSeparatorNew()
	case item.Group != "":
		var group handle
		if last := groups[item.Group]; last != 0 {
			group = gtkRadioItemGroup(last)
		}
		entry = gtkRadioItemNew(group, item.Title)
		groups[item.Group] = entry
		if item.Chosen {
			gtkCheckItemSetActive(entry, 1)
		}
	default:
		entry = gtkMenuItemNew(item.Title)
	}
	if item.Key != "" {
		var key, mods uint32
		gtkAcceleratorParse(item.Key, unsafe.Pointer(&key), unsafe.Pointer(&mods))
		if key == 0 {
			panic("webview: GTK has no key " + item.Key)
		}
		gtkWidgetAddAccelerator(entry, "activate", keys, key, mods, 1 /* shown */)
	}
	do := item.Do
	if item.Group != "" { // the entry that loses the choice is activated too
		do = func() {
			if gtkCheckItemGetActive(entry) != 0 {
				item.Do()
			}
		}
	}
	w.items, w.entries = append(w.items, do), append(w.entries, entry)
	connect(entry, "activate", onActivate, w.number<<16|uintptr(len(w.items)-1))
	return entry
}

func atActivate(_, data uintptr) uintptr {
	if w := window(data >> 16); w != nil {
		w.items[data&0xffff]()
	}
	return 0
}
