package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// besides is the folder of a built site that lies beside a program, as in the archives of a release.
const besides = "site"

// Open reads the site beside this program, or builds it from source where there is none.
func Open(ctx context.Context, o Options) (*Site, error) {
	program, err := os.Executable()
	if err != nil {
		return Build(ctx, o)
	}
	folder := filepath.Join(filepath.Dir(program), besides)
	if _, err := os.Stat(filepath.Join(folder, "index.html")); err != nil {
		return Build(ctx, o)
	}
	s, err := Read(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("the site in %s cannot be read: %w; unpack the archive again", folder, err)
	}
	return s, nil
}

var (
	versionOf = regexp.MustCompile(`"version":"([0-9a-f]{20})"`)
	hubOf     = regexp.MustCompile(`"hosts":(\[[^\]]*\]),"hub":("[^"]*")`)
	policyOf  = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`)
)

// Read reads a site that [Site.Write] has written: the version that its page names.
func Read(files fs.FS) (*Site, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, err
	}
	version := versionOf.FindSubmatch(index)
	if version == nil {
		return nil, errors.New("index.html names no version")
	}
	s := &Site{Version: string(version[1])}
	var hosts []string
	if from := hubOf.FindSubmatch(index); from == nil || json.Unmarshal(from[1], &hosts) != nil || json.Unmarshal(from[2], &s.Hub) != nil {
		return nil, errors.New("index.html does not say which hub it may ask")
	}
	add := func(name string) error {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		f := File{Path: name, Data: data}
		if strings.HasSuffix(name, ".html") {
			policy := policyOf.FindSubmatch(data)
			if policy == nil {
				return fmt.Errorf("%s has no content security policy", name)
			}
			f.policy = string(policy[1])
		}
		if name == s.Folder()+engineWorker {
			f.policy = workerPolicy(hosts)
		}
		s.Files = append(s.Files, f)
		return nil
	}
	if err := errors.Join(add("index.html"), add("sw.js")); err != nil {
		return nil, err
	}
	err = fs.WalkDir(files, strings.TrimSuffix(s.Folder(), "/"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return add(name)
	})
	return s, err
}
