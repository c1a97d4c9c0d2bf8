package hf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"attnlab/model"
)

// Save writes the folder and creates it if necessary. It writes every file completely
// under another name before it renames the first, so that a full disk does not harm the
// old checkpoint.
func (c *Checkpoint) Save(dir string) error {
	files, err := c.Files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("hf: make checkpoint folder: %w", err)
	}
	for _, name := range CheckpointFiles {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("hf: save checkpoint: %s is in the way and not a file", filepath.Join(dir, name))
		}
	}
	written := map[string]string{} // name to temporary path
	defer func() {
		for _, temporary := range written {
			os.Remove(temporary)
		}
	}()
	for name, data := range files {
		temporary, err := writeTemporary(dir, name, data)
		if err != nil {
			return fmt.Errorf("hf: save checkpoint, the old one is unharmed: %w", err)
		}
		written[name] = temporary
	}
	for _, name := range CheckpointFiles {
		path := filepath.Join(dir, name)
		if temporary, ok := written[name]; ok {
			err = os.Rename(temporary, path)
			delete(written, name)
		} else if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) { // left by an earlier checkpoint with more files
			err = nil
		}
		if err != nil {
			return fmt.Errorf("hf: save checkpoint: %w", err)
		}
	}
	return nil
}

// Save writes the files of adapters of a model of config c into a folder of their own: beside a config.json, transformers would take them
// for adapters of that model.
func (a *Adapters) Save(c model.Config, dir string) error {
	files, err := a.Files(c)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("hf: make the folder of adapters: %w", err)
	}
	for _, name := range AdapterFiles {
		temporary, err := writeTemporary(dir, name, files[name])
		if err == nil {
			err = os.Rename(temporary, filepath.Join(dir, name))
		}
		if err != nil {
			os.Remove(temporary)
			return fmt.Errorf("hf: save adapters: %w", err)
		}
	}
	return nil
}

func writeTemporary(dir, name string, data []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, name+".*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// Load reads the checkpoint in a folder.
func Load(dir string) (*Checkpoint, error) {
	c, err := LoadFS(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", dir, err)
	}
	return c, nil
}

// OpenPath opens a model of the file system: a folder of Hugging Face's form, as [Open], or a GGUF file, as [OpenGGUF].
func OpenPath(path string) (*Source, error) {
	s, err := openPath(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	return s, nil
}

func openPath(path string) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		f.Close()
		return Open(os.DirFS(path))
	}
	var s *Source
	if err == nil {
		s, err = OpenGGUF(f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	s.closers = append(s.closers, f)
	return s, nil
}
