package webview

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// handle is a pointer of C.
type handle = uintptr

// The functions of GTK 3, WebKitGTK, GLib and C that are called, by their names in C.
var (
	sigaction func(signal int32, action, old unsafe.Pointer) int32

	gFree              func(p handle)
	gIdleAdd           func(f, data uintptr) uint32
	gObjectUnref       func(o handle)
	gSignalConnectData func(o handle, signal string, f, data, destroy uintptr, flags int32) uint64
	gSetPrgname        func(name string)
	gSetApplication    func(name string)

	gdkPixbufLoaderNew   func() handle
	gdkPixbufLoaderWrite func(l handle, data unsafe.Pointer, n uintptr, err uintptr) int32
	gdkPixbufLoaderClose func(l handle, err uintptr) int32
	gdkPixbufLoaderGet   func(l handle) handle

	gtkInitCheck             func(argc, argv uintptr) int32
	gtkMain                  func()
	gtkMainQuit              func()
	gtkWindowNew             func(kind int32) handle
	gtkWindowSetTitle        func(w handle, title string)
	gtkWindowSetDefaultSize  func(w handle, width, height int32)
	gtkWindowGetSize         func(w handle, width, height unsafe.Pointer)
	gtkWindowMaximize        func(w handle)
	gtkWindowIsMaximized     func(w handle) int32
	gtkWindowFullscreen      func(w handle)
	gtkWindowUnfullscreen    func(w handle)
	gtkWindowPresent         func(w handle)
	gtkWindowSetDefaultIcon  func(icon handle)
	gtkWindowAddAccelGroup   func(w, group handle)
	gtkWidgetShowAll         func(w handle)
	gtkWidgetHide            func(w handle)
	gtkWidgetShow            func(w handle)
	gtkWidgetDestroy         func(w handle)
	gtkWidgetGrabFocus       func(w handle)
	gtkWidgetAddAccelerator  func(w handle, signal string, group handle, key, mods uint32, flags int32)
	gtkContainerAdd          func(c, w handle)
	gtkBoxNew                func(orientation, spacing int32) handle
	gtkBoxPackStart          func(b, w handle, expand, fill int32, padding uint32)
	gtkAccelGroupNew         func() handle
	gtkAcceleratorParse      func(text string, key, mods unsafe.Pointer)
	gtkMenuBarNew            func() handle
	gtkMenuNew               func() handle
	gtkMenuItemNew           func(label string) handle
	gtkMenuItemSetSubmenu    func(item, menu handle)
	gtkSeparatorNew          func() handle
	gtkRadioItemNew          func(group handle, label string) handle
	gtkRadioItemGroup        func(item handle) handle
	gtkCheckItemSetActive    func(item handle, on int32)
	gtkCheckItemGetActive    func(item handle) int32
	gtkMenuShellAppend       func(shell, item handle)
	gtkChooserNew            func(title string, parent handle, action int32, accept, cancel string) handle
	gtkDialogRun             func(d handle) int32
	gtkChooserFilename       func(c handle) handle
	gtkChooserSetCurrentName func(c handle, name string)
	gtkChooserSetOverwrite   func(c handle, on int32)
	gtkChooserAddFilter      func(c, filter handle)
	gtkChooserSetFolder      func(c handle, folder string) int32
	gtkFilterNew             func() handle
	gtkFilterSetName         func(f handle, name string)
	gtkFilterAddPattern      func(f handle, pattern string)

	webContextDefault      func() handle
	webViewNew             func() handle
	webViewNewRelated      func(v handle) handle
	webViewContent         func(v handle) handle
	webViewSettings        func(v handle) handle
	webViewLoad            func(v handle, address string)
	webViewReload          func(v handle)
	webViewURI             func(v handle) handle
	webViewTitle           func(v handle) handle
	webViewEvaluate        func(v handle, script string, n int, world, source, cancel, done, data uintptr)
	webViewEvaluated       func(v, result handle, err unsafe.Pointer) handle
	webViewZoom            func(v handle) float64
	webViewSetZoom         func(v handle, level float64)
	webSettingsSetOpen     func(s handle, on int32)
	contentAddScript       func(m, script handle)
	contentRegister        func(m handle, name string) int32
	userScriptNew          func(source string, frames, when int32, allow, block uintptr) handle
	resultValue            func(r handle) handle
	valueString            func(v handle) handle
	policyIgnore           func(d handle)
	policyUse              func(d handle)
	policyAction           func(d handle) handle
	actionRequest          func(a handle) handle
	requestURI             func(r handle) handle
	downloadSetDestination func(d handle, uri string)
	downloadAllowOverwrite func(d handle, on int32)
	downloadCancel         func(d handle)
)

// functions are where each function comes from.
var functions = map[string]map[string]any{
	"libc.so.6": {"sigaction": &sigaction},
	"libwebkit2gtk": { // it brings GTK and GLib
		"g_free": &gFree, "g_idle_add": &gIdleAdd, "g_object_unref": &gObjectUnref, "g_signal_connect_data": &gSignalConnectData,
		"g_set_prgname": &gSetPrgname, "g_set_application_name": &gSetApplication,
		"gdk_pixbuf_loader_new": &gdkPixbufLoaderNew, "gdk_pixbuf_loader_write": &gdkPixbufLoaderWrite,
		"gdk_pixbuf_loader_close": &gdkPixbufLoaderClose, "gdk_pixbuf_loader_get_pixbuf": &gdkPixbufLoaderGet,

		"gtk_init_check": &gtkInitCheck, "gtk_main": &gtkMain, "gtk_main_quit": &gtkMainQuit,
		"gtk_window_new": &gtkWindowNew, "gtk_window_set_title": &gtkWindowSetTitle, "gtk_window_set_default_size": &gtkWindowSetDefaultSize,
		"gtk_window_get_size": &gtkWindowGetSize, "gtk_window_maximize": &gtkWindowMaximize, "gtk_window_is_maximized": &gtkWindowIsMaximized,
		"gtk_window_fullscreen": &gtkWindowFullscreen, "gtk_window_unfullscreen": &gtkWindowUnfullscreen, "gtk_window_present": &gtkWindowPresent,
		"gtk_window_set_default_icon": &gtkWindowSetDefaultIcon, "gtk_window_add_accel_group": &gtkWindowAddAccelGroup,
		"gtk_widget_show_all": &gtkWidgetShowAll, "gtk_widget_hide": &gtkWidgetHide, "gtk_widget_show": &gtkWidgetShow,
		"gtk_widget_destroy": &gtkWidgetDestroy, "gtk_widget_grab_focus": &gtkWidgetGrabFocus, "gtk_widget_add_accelerator": &gtkWidgetAddAccelerator,
		"gtk_container_add": &gtkContainerAdd, "gtk_box_new": &gtkBoxNew, "gtk_box_pack_start": &gtkBoxPackStart,
		"gtk_accel_group_new": &gtkAccelGroupNew, "gtk_accelerator_parse": &gtkAcceleratorParse,
		"gtk_menu_bar_new": &gtkMenuBarNew, "gtk_menu_new": &gtkMenuNew, "gtk_menu_item_new_with_mnemonic": &gtkMenuItemNew,
		"gtk_menu_item_set_submenu": &gtkMenuItemSetSubmenu, "gtk_separator_menu_item_new": &gtkSeparatorNew,
		"gtk_radio_menu_item_new_with_label": &gtkRadioItemNew, "gtk_radio_menu_item_get_group": &gtkRadioItemGroup,
		"gtk_check_menu_item_set_active": &gtkCheckItemSetActive, "gtk_check_menu_item_get_active": &gtkCheckItemGetActive,
		"gtk_menu_shell_append": &gtkMenuShellAppend, "gtk_file_chooser_native_new": &gtkChooserNew, "gtk_native_dialog_run": &gtkDialogRun,
		"gtk_file_chooser_get_filename": &gtkChooserFilename, "gtk_file_chooser_set_current_name": &gtkChooserSetCurrentName,
		"gtk_file_chooser_set_do_overwrite_confirmation": &gtkChooserSetOverwrite, "gtk_file_chooser_add_filter": &gtkChooserAddFilter,
		"gtk_file_chooser_set_current_folder": &gtkChooserSetFolder, "gtk_file_filter_new": &gtkFilterNew, "gtk_file_filter_set_name": &gtkFilterSetName,
		"gtk_file_filter_add_pattern": &gtkFilterAddPattern,

		"webkit_web_context_get_default": &webContextDefault, "webkit_web_view_new": &webViewNew, "webkit_web_view_new_with_related_view": &webViewNewRelated,
		"webkit_web_view_get_user_content_manager": &webViewContent, "webkit_web_view_get_settings": &webViewSettings,
		"webkit_web_view_load_uri": &webViewLoad, "webkit_web_view_reload": &webViewReload, "webkit_web_view_get_uri": &webViewURI,
		"webkit_web_view_get_title": &webViewTitle, "webkit_web_view_evaluate_javascript": &webViewEvaluate,
		"webkit_web_view_evaluate_javascript_finish": &webViewEvaluated, "webkit_web_view_get_zoom_level": &webViewZoom,
		"webkit_web_view_set_zoom_level": &webViewSetZoom, "webkit_settings_set_javascript_can_open_windows_automatically": &webSettingsSetOpen,
		"webkit_user_content_manager_add_script": &contentAddScript, "webkit_user_content_manager_register_script_message_handler": &contentRegister,
		"webkit_user_script_new": &userScriptNew, "webkit_javascript_result_get_js_value": &resultValue, "jsc_value_to_string": &valueString,
		"webkit_policy_decision_ignore": &policyIgnore, "webkit_policy_decision_use": &policyUse,
		"webkit_navigation_policy_decision_get_navigation_action": &policyAction, "webkit_navigation_action_get_request": &actionRequest,
		"webkit_uri_request_get_uri": &requestURI, "webkit_download_set_destination": &downloadSetDestination,
		"webkit_download_set_allow_overwrite": &downloadAllowOverwrite, "webkit_download_cancel": &downloadCancel,
	},
}

// libraries are the names of WebKitGTK for GTK 3, the newer one first: they differ in the library for HTTP.
var libraries = []string{"libwebkit2gtk-4.1.so.0", "libwebkit2gtk-4.0.so.37"}

// load loads the libraries.
func load() error {
	var web uintptr
	for _, name := range libraries {
		var err error
		if web, err = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL); err == nil {
			break
		}
	}
	if web == 0 {
		return fmt.Errorf("%w: WebKitGTK is not installed (on Debian and Ubuntu: apt-get install libwebkit2gtk-4.1-0; on Fedora: dnf install webkit2gtk4.1)", ErrNone)
	}
	for library, names := range functions {
		from := web
		if library == "libc.so.6" {
			var err error
			if from, err = purego.Dlopen(library, purego.RTLD_NOW); err != nil {
				return fmt.Errorf("%w: %s cannot be loaded", ErrNone, library)
			}
		}
		for name, to := range names {
			address, err := purego.Dlsym(from, name)
			if err != nil {
				return fmt.Errorf("%w: the WebKitGTK of this system has no %s; install version 2.40 or newer", ErrNone, name)
			}
			purego.RegisterFunc(to, address)
		}
	}
	return nil
}

// text copies a string of C.
func text(p handle) string {
	if p == 0 {
		return ""
	}
	n := 0
	for *(*byte)(at(p + uintptr(n))) != 0 {
		n++
	}
	return strings.Clone(unsafe.String((*byte)(at(p)), n))
}

// owned is text of a string that the caller has to free.
func owned(p handle) string {
	s := text(p)
	gFree(p)
	return s
}

// at is a pointer of C as one of Go. The memory is C's, so the garbage collector does not move or free it.
func at(p handle) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// number is 1 for true.
func number(on bool) int32 {
	if on {
		return 1
	}
	return 0
}
