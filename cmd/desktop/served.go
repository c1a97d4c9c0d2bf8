package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"attnlab/app/server"
	"attnlab/app/session"
	"attnlab/app/site"
)

// served is what the window shows: the served site and the engine in this program.
type served struct {
	home   *server.Home
	port   *session.Port // the window's own end of the session
	server *http.Server
	chosen chosen
	note   func(format string, values ...any)

	mu       sync.Mutex
	training string // the run that trains now
	resume   string // the run to resume once the engine lists it
}

// serve serves the lab at a listener of this machine, with an engine on a backend. Runs are saved in a folder; the run that is named is resumed.
func serve(built *site.Site, listener net.Listener, runs, backend, resume string, note func(format string, values ...any)) (*served, error) {
	s := &served{note: note, resume: resume}
	var err error
	// The engine ends with Close, so that the run that trains is known until then.
	if s.home, err = server.Start(context.Background(), server.Options{Site: built, Runs: runs, Backend: backend, Picked: s.chosen.picked}); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.home.Handler())
	mux.Handle(filesPath, &s.chosen)
	s.server = &http.Server{Handler: mux}
	s.port = s.home.Join()
	go s.follow()
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.note("the page cannot be served any more: %v", err)
		}
	}()
	return s, s.port.Send(session.Hello{})
}

// link is the address of the lab with its token.
func (s *served) link(listener net.Listener) string {
	u := url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/", RawQuery: url.Values{"engine": {"native"}, "token": {s.home.Token()}}.Encode()}
	return u.String()
}

// follow learns which run trains, and resumes the one that trained when the program ended last.
func (s *served) follow() {
	for message := range s.port.In {
		switch m := message.(type) {
		case session.Run:
			s.mu.Lock()
			s.training = ""
			if m.Info.State == "running" {
				s.training = m.Info.ID
			}
			s.mu.Unlock()
		case session.Runs:
			s.resumeFrom(m)
		}
	}
}

// resumeFrom resumes the run that trained when the program ended last. The first list that the engine sends has it, unless it was deleted since.
func (s *served) resumeFrom(list session.Runs) {
	s.mu.Lock()
	id := s.resume
	s.resume = ""
	s.mu.Unlock()
	if id == "" {
		return
	}
	i := slices.IndexFunc(list.Runs, func(r session.KeptRun) bool { return r.Info.ID == id })
	if i < 0 {
		s.note("the run %s trained when attnlab ended last; it is not in the folder of runs any more", id)
		return
	}
	if list.Runs[i].Info.State == "done" {
		return // it ended as the window was closed
	}
	s.note("run %s is resumed at step %d", list.Runs[i].Info.Name, list.Runs[i].Info.Step)
	for _, c := range []session.Command{session.ResumeRun{ID: id}, session.Advance{Run: id}} {
		_ = s.port.Send(c) // inside one process nothing fails
	}
}

// trains is the run that trains now, empty if none does.
func (s *served) trains() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.training
}

// close saves the run that trains, ends everything, and returns the run's id, empty if none trained.
func (s *served) close() (training string, err error) {
	training = s.trains()
	s.port.Close()
	err = s.home.Close()
	s.server.Close()
	return training, err
}

// runsFolder is where runs are saved unless --runs says otherwise.
func runsFolder() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find your home folder: %w; give the folder of runs by --runs", err)
	}
	return filepath.Join(home, "attnlab", "runs"), nil
}

// choose makes a folder, or one file of a folder, available to the engine, and returns its id.
func (c *chosen) choose(path string) (id string, err error) {
	files, err := filesAt(path)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id = fmt.Sprintf("dialog-%d", len(c.models)+1)
	c.models = append(c.models, files)
	return id, nil
}

// picked is what the engine asks for by the id of a dialog. Files of a page have other ids.
func (c *chosen) picked(_ context.Context, id string) (fs.FS, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n int
	if _, err := fmt.Sscanf(id, "dialog-%d", &n); err == nil && n >= 1 && n <= len(c.models) {
		return c.models[n-1], nil
	}
	return nil, errors.New("this was not chosen in a dialog; choose the model in the File menu")
}

// filesAt is a folder, or a folder of one file.
func filesAt(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return os.DirFS(path), nil
	}
	return one{os.DirFS(filepath.Dir(path)), filepath.Base(path)}, nil
}

// one is a single file of a folder.
type one struct {
	folder fs.FS
	name   string
}

// Open implements [fs.FS].
func (o one) Open(name string) (fs.File, error) {
	if name != o.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.folder.Open(name)
}

// ReadDir implements [fs.ReadDirFS] for the folder itself.
func (o one) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	info, err := fs.Stat(o.folder, o.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}
