package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArchiveOfARelease(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "attnlab-1.0-plan9-mips")
	want := map[string]string{"attnlab": "program", "site/index.html": "page"}
	for name, text := range want {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return strings.TrimPrefix(name, "attnlab-1.0-plan9-mips/") }

	got := map[string]string{}
	var tarred bytes.Buffer
	if err := tarball(&tarred, folder); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&tarred)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(r)
		if got[in(h.Name)] = string(data); h.Mode&0o100 == 0 {
			t.Errorf("%s cannot be started", h.Name)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the tarball holds %v, want %v", got, want)
	}

	got = map[string]string{}
	var zip0 bytes.Buffer
	if err := zipped(&zip0, folder); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(zip0.Bytes()), int64(zip0.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		file, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(file)
		got[in(f.Name)] = string(data)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the zip holds %v, want %v", got, want)
	}

	file, sum, err := archive(folder, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil || sum != fmt.Sprintf("%x  %s", sha256.Sum256(data), filepath.Base(file)) {
		t.Errorf("checksum %q of %s, %v", sum, file, err)
	}
	if beside, err := os.ReadFile(file + ".sha256"); err != nil || string(beside) != sum+"\n" {
		t.Errorf("beside it lies %q, %v", beside, err)
	}
}
