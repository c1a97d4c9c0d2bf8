//go:build !js

package engine

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/model/hf/hub"
	"attnlab/model/hf/hub/byhttp"
	"attnlab/model/hf/hub/hubtest"
	"attnlab/rl/rltest"
)

// shelves stores models in folders of the system.
type shelves struct {
	root    string
	allowed int64
}

func (s shelves) List(context.Context) (ids []string, err error) {
	entries, err := os.ReadDir(s.root)
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids, err
}

func (s shelves) Folder(_ context.Context, id string) (hub.Folder, error) {
	return hub.NewDir(filepath.Join(s.root, id))
}

func (s shelves) Remove(_ context.Context, id string) error {
	return os.RemoveAll(filepath.Join(s.root, id))
}

func (s shelves) Space(context.Context) (used, allowed int64) {
	_ = filepath.WalkDir(s.root, func(_ string, d fs.DirEntry, err error) error {
		if info, failed := d.Info(); failed == nil && !d.IsDir() {
			used += info.Size()
		}
		return err
	})
	return used, s.allowed
}

// A model that is kept is offered at the next visit without its files, opened by its name in a link, and deleted.
func TestKeptModel(t *testing.T) {
	library := Library{Models: shelves{root: t.TempDir()}}
	s := startWith(t, library, parrots(t), openHost, session.NewProblem{Seed: 1})
	if s.models.Number == 0 || len(s.models.Models) > 0 {
		t.Errorf("at first %+v", s.models)
	}
	files := filesOf(t, rltest.Rambler())
	files["pytorch_model.bin"] = []byte{1}
	s.must(s.look("rambler", hf.Memory(files)))
	open := s.proposed()
	open.Storage, open.Keep = "bf16", true
	s.must(open)
	kept := s.models.Models
	if len(kept) != 1 || kept[0].Name != "rambler" || !kept[0].Whole || kept[0].Have != kept[0].Bytes || s.models.Used <= kept[0].Bytes || !slices.Contains(s.stages, "storing") {
		t.Fatalf("%+v, stages %q", s.models, s.stages)
	}
	s.leave()

	s = startWith(t, library, parrots(t), openHost, session.NewProblem{Seed: 1})
	if !slices.Equal(s.models.Models, kept) {
		t.Fatalf("at the next visit %+v", s.models)
	}
	s.must(session.LookAt{From: session.ModelPlace{Kind: session.FromBrowser, ID: kept[0].ID}})
	if s.offer.Name != "rambler" || s.offer.Download != 0 {
		t.Errorf("%+v", s.offer)
	}
	open = s.proposed()
	open.Storage = "f16"
	s.must(open)
	if s.able.Model.Name != "rambler" {
		t.Fatalf("%+v", s.able.Model)
	}
	s.refused(session.DropModel{ID: kept[0].ID}, "is in use")
	s.must(session.UseModel{Name: "chain-small"})
	s.must(session.NewProblem{Seed: 1})
	s.must(session.Restore{Model: "rambler", Selection: session.NoSelection}) // a link
	if s.able.Model.Name != "rambler" || s.offer.Name != "" || s.status.Text != "" {
		t.Errorf("by a link: %+v, offer %q, %q", s.able.Model, s.offer.Name, s.status.Text)
	}
	s.must(session.UseModel{Name: "chain-small"})
	s.must(session.NewProblem{Seed: 1})
	s.must(session.DropModel{ID: kept[0].ID})
	if len(s.models.Models) > 0 || s.models.Used > 0 {
		t.Errorf("after it was deleted %+v", s.models)
	}
	s.refused(session.DropModel{ID: kept[0].ID}, "no such model")
	s.refused(session.LookAt{From: session.ModelPlace{Kind: session.FromBrowser, ID: kept[0].ID}}, "no such model")
}

// What does not fit, or fails in its middle, is not kept, and the old model stays.
func TestModelThatCannotBeKept(t *testing.T) {
	library := Library{Models: shelves{root: t.TempDir(), allowed: 1000}}
	s := startWith(t, library, parrots(t), openHost, session.NewProblem{Seed: 1})
	s.must(s.look("rambler", hf.Memory(filesOf(t, rltest.Rambler()))))
	open := s.proposed()
	open.Keep = true
	s.refused(open, "delete a stored model or free some space")
	if s.able.Model.Name != "chain-small" || s.offer.Name != "rambler" || len(s.models.Models) > 0 {
		t.Errorf("model %+v, offer %q, stored %+v", s.able.Model, s.offer.Name, s.models)
	}
	open.Keep = false
	s.must(open)
	s.refused(session.LookAt{From: session.ModelPlace{Kind: session.FromHub, ID: "me/m"}}, "cannot be opened here")
}

// atHub is a library with a hub that serves the rambler as me/m.
func atHub(t *testing.T) (*hubtest.Hub, Library) {
	files := filesOf(t, rltest.Rambler())
	delete(files, "README.md")
	h := hubtest.New(t, "me/m", files)
	return h, Library{Models: shelves{root: t.TempDir()}, Hub: hub.Hub{Base: h.URL, Get: byhttp.New(), Pause: func(int) time.Duration { return 0 }}}
}

var fromHub = session.LookAt{From: session.ModelPlace{Kind: session.FromHub, ID: " me/m@v1 "}}

// A model at a hub is planned by its config alone, downloaded through dropped lines, opened, and not downloaded again.
func TestModelAtHub(t *testing.T) {
	h, library := atHub(t)
	s := startWith(t, library, parrots(t), openHost, session.NewProblem{Seed: 1})
	if s.models.Hub != h.URL || len(h.Requests()) > 0 {
		t.Errorf("before anyone asked: %+v, requests %q", s.models, h.Requests())
	}
	s.must(fromHub)
	o := s.offer
	if o.Name != "me/m@v1" || o.Kind != "llama" || o.Download == 0 || o.From.Kind != session.FromHub || len(o.Contexts) == 0 || o.Stored != "f32" {
		t.Fatalf("%+v", o)
	}
	if asked := strings.Join(h.Requests(), "\n"); strings.Contains(asked, "model.safetensors") || len(s.models.Models) > 0 {
		t.Errorf("before it is wanted: %s; %+v", asked, s.models)
	}
	h.Set(func(h *hubtest.Hub) { h.Drops = 2 })
	s.must(s.proposed())
	if s.able.Model.Name != "me/m@v1" || s.offer.Name != "" || !slices.Contains(s.stages, "downloading") {
		t.Fatalf("%+v, offer %+v, stages %q", s.able.Model, s.offer, s.stages)
	}
	if m := s.models.Models; len(m) != 1 || !m[0].Whole || m[0].Name != "me/m@v1" || m[0].From != h.URL || m[0].Bytes != o.Download {
		t.Errorf("stored %+v", m)
	}
	ranges := 0
	for _, asked := range h.Requests() {
		if strings.Contains(asked, "model.safetensors bytes=") {
			ranges++
		}
	}
	if ranges != 2 {
		t.Errorf("continued %d times: %q", ranges, h.Requests())
	}
	s.must(fromHub)
	if s.offer.From.Kind != session.FromBrowser || s.offer.Download != 0 || len(s.offer.Notes) != 1 {
		t.Errorf("again: %+v", s.offer)
	}
	s.must(session.UseModel{Name: "chain-small"})
	s.must(session.NewProblem{Seed: 1})
	h.Close()
	s.must(fromHub)
	if s.offer.From.Kind != session.FromBrowser || !strings.Contains(s.offer.Notes[0], "cannot be reached") {
		t.Errorf("without a network: %+v", s.offer)
	}
	s.must(s.proposed())
	s.must(session.UseModel{Name: "chain-small"})
	s.must(session.NewProblem{Seed: 1})
	s.must(session.Restore{Model: "me/m@v1", Selection: session.NoSelection})
	if s.able.Model.Name != "me/m@v1" {
		t.Errorf("by a link without a network: %+v", s.able.Model)
	}
}

// A download that is stopped continues where it was; wrong names and damaged files are refused, each in a sentence.
func TestModelAtHubFails(t *testing.T) {
	h, library := atHub(t)
	s := startWith(t, library, parrots(t), openHost, session.NewProblem{Seed: 1})
	for id, want := range map[string]string{"": "no name of a model", "m": "no name of a model", "me/../m": "no GGUF file", "me/m@": "no revision", "you/m": "has no model you/m"} {
		s.refused(session.LookAt{From: session.ModelPlace{Kind: session.FromHub, ID: id}}, want)
	}
	s.must(session.Restore{Model: "you/n", Selection: session.NoSelection}) // a link asks no hub
	if !strings.Contains(s.status.Text, "open a model of your own by this name") || s.able.Model.Name != "chain-small" {
		t.Errorf("a link to a model that is not here: %q", s.status.Text)
	}
	h.Set(func(h *hubtest.Hub) { h.Wrong = true })
	s.must(fromHub)
	s.refused(s.proposed(), "checksum")
	if s.able.Model.Name != "chain-small" || s.offer.Name == "" || s.models.Models[0].Whole {
		t.Errorf("model %+v, offer %q, stored %+v", s.able.Model, s.offer.Name, s.models.Models)
	}
	h.Set(func(h *hubtest.Hub) { h.Wrong, h.Slow = false, make(chan bool) })
	slow := h.Slow
	s.must(fromHub)
	s.send(s.proposed())
	half := func() bool {
		folder := os.DirFS(filepath.Join(library.Models.(shelves).root, s.models.Models[0].ID))
		r := hub.ReadRecord(folder)
		return r.Have(folder) > r.Bytes()/4
	}
	for end := time.Now().Add(time.Minute); !half() && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	s.send(session.Cancel{Command: "OpenModel"})
	s.rests()
	close(slow)
	partly := s.models.Models[0]
	if partly.Whole || partly.Have == 0 || partly.Have >= partly.Bytes {
		t.Fatalf("after a stop: %+v", partly)
	}
	s.refused(session.LookAt{From: session.ModelPlace{Kind: session.FromBrowser, ID: partly.ID}}, "download the rest")
	h.Set(func(h *hubtest.Hub) { h.Slow = nil })
	s.must(fromHub)
	if s.offer.Download != partly.Bytes-partly.Have {
		t.Errorf("%d bytes are left of %+v", s.offer.Download, partly)
	}
	s.must(s.proposed())
	if s.able.Model.Name != "me/m@v1" || !s.models.Models[0].Whole {
		t.Errorf("model %+v, stored %+v", s.able.Model, s.models.Models)
	}
}

// A GGUF file at a hub is planned by its header, which is read by ranges, then downloaded and opened.
func TestGGUFAtHub(t *testing.T) {
	data, err := os.ReadFile("../../testdata/models/qwen3-q5_0.gguf")
	if err != nil {
		t.Fatal(err)
	}
	h := hubtest.New(t, "me/m", map[string][]byte{"a.gguf": data, "b.gguf": []byte("GGUF")})
	library := Library{Models: shelves{root: t.TempDir()}, Hub: hub.Hub{Base: h.URL, Get: byhttp.New(), Pause: func(int) time.Duration { return 0 }}}
	s := startWith(t, library, parrots(t), openHost, session.NewProblem{Seed: 1})
	look := func(id string) session.LookAt {
		return session.LookAt{From: session.ModelPlace{Kind: session.FromHub, ID: id}}
	}
	s.refused(look("me/m/b.gguf"), "b.gguf: ")
	s.refused(look("me/m/c.gguf"), "no file c.gguf")
	s.refused(look("me/m/a.bin"), "is no GGUF file")
	s.must(look("me/m/a.gguf"))
	if o := s.offer; o.Kind != "qwen3" || o.Download != int64(len(data)) || o.Layers != 2 || len(s.models.Models) > 0 {
		t.Fatalf("%+v", o)
	}
	s.must(s.proposed())
	if s.able.Model.Name != "me/m/a.gguf" || !s.models.Models[0].Whole {
		t.Errorf("model %+v, stored %+v", s.able.Model, s.models.Models)
	}
}
