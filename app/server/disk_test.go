//go:build !js

package server

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/web"
)

// rooted makes a folder with a model and a run, and a secret beside it, with links that lead to it.
func rooted(t *testing.T) (root string) {
	t.Helper()
	dir := t.TempDir()
	root = filepath.Join(dir, "root")
	write := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		data, err := web.FS.ReadFile("models/chain-tiny/" + file)
		if err != nil {
			t.Fatal(err)
		}
		write("root/models/tiny/"+file, data)
		write("secret/"+file, data)
	}
	write("root/runs/one/metrics.jsonl", []byte("{\"step\":1,\"method\":\"grpo\",\"accuracy\":0.5}\n{\"step\":2,\"method\":\"grpo\",\"accuracy\":0.75}\n"))
	write("secret/metrics.jsonl", []byte("{\"step\":1,\"method\":\"grpo\",\"accuracy\":0.5}\n"))
	write("root/models/%2e%2e/note.txt", []byte("a folder of that very name"))
	if runtime.GOOS != "windows" {
		for link, to := range map[string]string{"link": filepath.Join(dir, "secret"), "up": "../secret", "models/far": "../../secret", "file.gguf": filepath.Join(dir, "secret", "model.safetensors")} {
			if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("models", filepath.Join(root, "inside")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestBrowsesOneFolder(t *testing.T) {
	h := start(t, func(o *Options) { o.Root = rooted(t) })
	g := join(t, h.Link())
	if c := next(g, func(c session.Capabilities) bool { return c.Model.Name != "" }); !c.Disk {
		t.Error("the page does not know that there is a folder")
	}
	next(g, idle)
	list := func(at string) (names []string, entries []session.Entry) {
		t.Helper()
		g.send(session.Browse{Path: at})
		l := next(g, func(l session.Listing) bool { return l.Path == at })
		for _, e := range l.Entries {
			names = append(names, e.Name)
		}
		return names, l.Entries
	}
	if names, _ := list(""); !slices.Equal(names, []string{"inside", "models", "runs"}) && runtime.GOOS != "windows" {
		t.Errorf("the root has %q: links that lead out must not be listed, and those inside must", names)
	}
	if _, entries := list("models"); len(entries) != 2 || !entries[1].Model || entries[1].Name != "tiny" {
		t.Errorf("models has %+v", entries)
	}
	if _, entries := list("runs"); len(entries) != 1 || !entries[0].Run {
		t.Errorf("runs has %+v", entries)
	}
	g.send(session.LookAt{From: session.ModelPlace{Kind: session.FromDisk, ID: "models/tiny", Name: "tiny"}})
	if o := next(g, func(o session.Offer) bool { return o.Name != "" }); o.Name != "tiny" || o.Layers == 0 {
		t.Errorf("the offer is %+v", o)
	}
	g.send(session.LeaveOffer{})
	g.send(session.OpenRun{Path: "runs/one"})
	if r := next(g, func(r session.Runs) bool { return len(r.Runs) == 1 }); r.Runs[0].Info.Step != 2 || r.Runs[0].Info.From != "imported" {
		t.Errorf("the run is %+v", r.Runs[0].Info)
	}
}

// TestReachesNothingOutsideTheRoot asks for a folder beside the root in every way.
func TestReachesNothingOutsideTheRoot(t *testing.T) {
	root := rooted(t)
	h := start(t, func(o *Options) { o.Root = root })
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	secret := filepath.Join(filepath.Dir(root), "secret")
	for _, at := range []string{"../secret", "models/../../secret", "models/tiny/../../../secret", "..", "/", secret, "link", "up", "models/far", "file.gguf", "link/../link",
		"%2e%2e/secret", "models/%2e%2e/%2e%2e/secret", "..%2fsecret", `..\secret`, "models//../../secret", "./../secret", "\x00/../secret", "../root/../secret", "inside/../../secret", "inside/far", strings.Repeat("../", 40) + "etc"} {
		for _, c := range []session.Command{session.Browse{Path: at}, session.LookAt{From: session.ModelPlace{Kind: session.FromDisk, ID: at, Name: "x"}}, session.OpenRun{Path: at}} {
			g.send(c)
			f := next(g, func(session.Failure) bool { return true })
			if f.Command != session.Kind(c) || strings.Contains(f.Text, filepath.Dir(root)+string(filepath.Separator)+"root") {
				t.Errorf("%s of %q: %+v", session.Kind(c), at, f)
			}
			next(g, idle)
		}
	}
	runs := h.library().Store
	if ids, err := runs.List(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("runs were read: %v, %v", ids, err)
	}
}

// TestWithoutARoot asks for a folder that nobody offered.
func TestWithoutARoot(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	for _, c := range []session.Command{session.Browse{}, session.OpenRun{Path: "x"}, session.LookAt{From: session.ModelPlace{Kind: session.FromDisk, ID: "."}}} {
		g.send(c)
		if f := next(g, func(session.Failure) bool { return true }); !strings.Contains(f.Text, "--root") {
			t.Errorf("%s: %+v", session.Kind(c), f)
		}
	}
	if _, err := Start(t.Context(), Options{Site: h.options.Site, Root: filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "root folder") {
		t.Errorf("a root that does not exist: %v", err)
	}
}
