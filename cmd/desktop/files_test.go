package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAChosenFolderIsServedOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "attnpo-1")
	for _, name := range []string{"run.json", "base/config.json"} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c chosen
	list, err := c.offer(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	get := func(url string) (int, string) {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		return w.Code, w.Body.String()
	}
	for _, f := range list {
		names = append(names, f.Path)
		if code, body := get(f.URL); code != http.StatusOK || body != "of "+strings.TrimPrefix(f.Path, "attnpo-1/") {
			t.Errorf("%s: %d %q", f.Path, code, body)
		}
		if code, _ := get(f.URL); code != http.StatusNotFound {
			t.Errorf("%s was served again: %d", f.Path, code)
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{"attnpo-1/base/config.json", "attnpo-1/run.json"}) {
		t.Errorf("offered %q", names)
	}
	for _, url := range []string{filesPath, filesPath + "run.json", filesPath + "../" + folder + "/run.json"} {
		if code, _ := get(url); code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", url, code)
		}
	}
}

func TestAFolderOfTooManyFilesIsRefused(t *testing.T) {
	folder := t.TempDir()
	for i := range mostFiles + 1 {
		if err := os.WriteFile(filepath.Join(folder, "f"+strings.Repeat("x", i/100)+string(rune('a'+i%10))+string(rune('a'+i/10%10))), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c chosen
	if _, err := c.offer(folder); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("offer of %d files = %v", mostFiles+1, err)
	}
}
