package site

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
)

// small is a site of a few files.
func small(t *testing.T) *Site {
	t.Helper()
	templates := map[string]string{}
	for _, name := range templateNames {
		templates[name] = "x"
	}
	templates["index.html"] = `<meta http-equiv="Content-Security-Policy" content="{{.Policy}}"><script id="site">{{.Site}}</script>{{.Page}}`
	templates["figure.html"] = `<meta http-equiv="Content-Security-Policy" content="{{.Policy}}">`
	s, err := assemble([]File{{Path: "models/a/config.json", Data: []byte("{}")}, {Path: "app.wasm", Data: []byte("wasm")}, {Path: "worker.js", Data: []byte("x")}}, templates, Options{Hub: "https://hub.example.org", Hosts: []string{"https://hub.example.org", "https://*.example.net"}}, func(string) (string, error) { return "page", nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is written is read again whole, with the policies of the pages, and without the files of another version.
func TestReadWhatWasWritten(t *testing.T) {
	want := small(t)
	files := fstest.MapFS{"web/00000000000000000000/app.wasm": {Data: []byte("old")}}
	for _, f := range want.Files {
		files[f.Path] = &fstest.MapFile{Data: f.Data}
	}
	got, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != want.Version || got.Hub != want.Hub || len(got.Files) != len(want.Files) {
		t.Errorf("read version %s with %d files, want %s with %d", got.Version, len(got.Files), want.Version, len(want.Files))
	}
	for _, f := range want.Files {
		data, ok := got.File(f.Path)
		if !ok || !bytes.Equal(data, f.Data) {
			t.Errorf("%s is %q, want %q", f.Path, data, f.Data)
		}
		for _, g := range got.Files {
			if g.Path == f.Path && g.policy != f.policy {
				t.Errorf("%s has the policy %q, want %q", f.Path, g.policy, f.policy)
			}
		}
	}
}

func TestReadADamagedSite(t *testing.T) {
	for name, want := range map[string]string{"index.html": "index.html", "sw.js": "sw.js", "figure.html": "policy", "": "version"} {
		files := fstest.MapFS{}
		for _, f := range small(t).Files {
			files[f.Path] = &fstest.MapFile{Data: f.Data}
		}
		switch name {
		case "":
			files["index.html"] = &fstest.MapFile{Data: []byte("another page")}
		case "figure.html":
			for path := range files {
				if strings.HasSuffix(path, name) {
					files[path] = &fstest.MapFile{Data: []byte("no policy")}
				}
			}
		default:
			delete(files, name)
		}
		if _, err := Read(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %q: %v, want an error with %q", name, err, want)
		}
	}
}
