package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// shipped are the programs of a release: the package below cmd, the name that the program gets, and its tags.
var shipped = []struct{ command, name, tags string }{
	{"attnlab", "attnlab", ""},
	{"desktop", "attnlab-desktop", ""},
	{"figure", "attnlab-figure", "desktop"},
}

// runRelease is `dev release`: an archive of the programs and the site for this system, with its checksum.
func runRelease(ctx context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	out := flags.String("out", "dist", "the `FOLDER` to write to")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2, err
	}
	dist, err := filepath.Abs(*out)
	if err != nil {
		return 1, err
	}
	if err := toRoot(); err != nil {
		return 1, err
	}
	work, err := os.MkdirTemp("", "attnlab-release-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(work)
	name := "attnlab-" + releaseVersion(ctx) + "-" + runtime.GOOS + "-" + runtime.GOARCH
	if err := buildRelease(ctx, filepath.Join(work, name)); err != nil {
		return 1, err
	}
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return 1, err
	}
	file, sum, err := archive(filepath.Join(work, name), dist)
	if err != nil {
		return 1, err
	}
	fmt.Printf("%s\n%s\n", file, sum)
	return 0, nil
}

// releaseVersion is the newest tag without its v, and how far the source is from it.
func releaseVersion(ctx context.Context) string {
	text, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty").Output()
	version := strings.TrimPrefix(strings.TrimSpace(string(text)), "v")
	if err != nil || version == "" {
		return "unknown"
	}
	return strings.ReplaceAll(version, "/", "-")
}

// buildRelease fills a folder with programs, site and texts.
func buildRelease(ctx context.Context, folder string) error {
	run := func(arguments ...string) error {
		command := exec.CommandContext(ctx, "go", arguments...)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		return command.Run()
	}
	for _, p := range shipped {
		file := filepath.Join(folder, p.name)
		if runtime.GOOS == "windows" {
			file += ".exe"
		}
		fmt.Println("building", p.name)
		if err := run("build", "-trimpath", "-ldflags=-s -w", "-tags="+p.tags, "-o", file, "./cmd/"+p.command); err != nil {
			return fmt.Errorf("build %s: %w", p.name, err)
		}
	}
	if err := run("run", "./cmd/attnlab", "build", "--out", filepath.Join(folder, "site")); err != nil {
		return fmt.Errorf("build the site: %w", err)
	}
	for _, name := range []string{"README.md", "LICENSE", "CHANGELOG.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// archive packs a folder under its own name, as zip on Windows, else as tar.gz, and writes the checksum beside it in the form of sha256sum.
func archive(folder, dist string) (file, sum string, err error) {
	file = filepath.Join(dist, filepath.Base(folder))
	pack := tarball
	if file += ".tar.gz"; runtime.GOOS == "windows" {
		file, pack = strings.TrimSuffix(file, ".tar.gz")+".zip", zipped
	}
	var data bytes.Buffer
	if err := pack(&data, folder); err != nil {
		return "", "", fmt.Errorf("pack %s: %w", folder, err)
	}
	if err := os.WriteFile(file, data.Bytes(), 0o644); err != nil {
		return "", "", err
	}
	sum = fmt.Sprintf("%x  %s", sha256.Sum256(data.Bytes()), filepath.Base(file))
	return file, sum, os.WriteFile(file+".sha256", []byte(sum+"\n"), 0o644)
}

// each calls do for each file of a folder, with its name in the archive.
func each(folder string, do func(name string, info fs.FileInfo, data []byte) error) error {
	return filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return do(path.Join(filepath.Base(folder), filepath.ToSlash(below)), info, data)
	})
}

func tarball(w io.Writer, folder string) error {
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	err := each(folder, func(name string, info fs.FileInfo, data []byte) error {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: int64(len(data))}); err != nil {
			return err
		}
		_, err := t.Write(data)
		return err
	})
	if err == nil {
		err = t.Close()
	}
	if err == nil {
		err = z.Close()
	}
	return err
}

func zipped(w io.Writer, folder string) error {
	z := zip.NewWriter(w)
	err := each(folder, func(name string, _ fs.FileInfo, data []byte) error {
		file, err := z.Create(name)
		if err == nil {
			_, err = file.Write(data)
		}
		return err
	})
	if err == nil {
		err = z.Close()
	}
	return err
}
