package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"attnlab/app/session"
	"attnlab/cmd/desktop/webview"
)

// chosen are the files that the user has chosen in a dialog of the system. A page cannot read paths, so it asks for them by an address that only it was
// given, and takes them as if they were dropped on it.
type chosen struct {
	mu    sync.Mutex
	paths map[string]string // of files for the page, by id

	models []fs.FS // for the engine, by the number in their id
}

// filesPath is below it that chosen files are served.
const filesPath = "/desktop/files/"

// mostFiles bounds the files of a folder that are offered to the page. A run has fewer.
const mostFiles = 1000

// offered is a file as the page sees it.
type offered struct {
	URL  string `json:"url"`
	Path string `json:"path"` // from the folder that was chosen, with slashes
	Size int64  `json:"size"`
}

// offer makes a file, or the files of a folder and its subfolders, available to the page.
func (c *chosen) offer(path string) ([]offered, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paths == nil {
		c.paths = map[string]string{}
	}
	var list []offered
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		if len(list) == mostFiles {
			return fmt.Errorf("%s has more than %d files; choose the folder of one run or one model", path, mostFiles)
		}
		name, err := filepath.Rel(filepath.Dir(path), file)
		if err != nil {
			return err
		}
		id := rand.Text()
		c.paths[id] = file
		list = append(list, offered{URL: filesPath + id, Path: filepath.ToSlash(name), Size: info.Size()})
		return nil
	})
	return list, err
}

// ServeHTTP serves a chosen file, once.
func (c *chosen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, filesPath)
	c.mu.Lock()
	path, ok := c.paths[id]
	delete(c.paths, id)
	c.mu.Unlock()
	if !ok || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	http.ServeFile(w, r, path)
}

// open gives the page a file or a folder that the user chose, as if it was dropped. An empty path is none.
func (d *desktop) open(w *webview.Window, path string) {
	if path == "" {
		return
	}
	list, err := d.served.chosen.offer(path)
	if err != nil {
		d.note("%s cannot be opened: %v", path, err)
		return
	}
	w.Eval(dropScript(list), nil)
}

// dropScript fetches offered files and gives them to the page.
func dropScript(list []offered) string {
	files, err := json.Marshal(list)
	if err != nil {
		panic(err) // text and numbers always encode
	}
	return `(async (list) => {
	const files = [];
	for (const { url, path } of list) {
		const response = await fetch(url);
		if (!response.ok) throw new Error(path + " cannot be read");
		const file = new File([await response.blob()], path.split("/").at(-1));
		file.droppedPath = path;
		files.push(file);
	}
	dispatchEvent(new CustomEvent("attnlab-drop", { detail: files }));
})(` + string(files) + `)`
}

// openModel lets the engine look at a model on disk, and the page show what it is. An empty path is none.
func (d *desktop) openModel(w *webview.Window, path string) {
	if path == "" {
		return
	}
	id, err := d.served.chosen.choose(path)
	if err != nil {
		d.note("%s cannot be opened: %v", path, err)
		return
	}
	w.Eval(doScript("open-model"), nil)
	_ = d.served.port.Send(session.LookAt{From: session.ModelPlace{Kind: session.FromFiles, ID: id, Name: filepath.Base(path)}}) // inside one process nothing fails
}
