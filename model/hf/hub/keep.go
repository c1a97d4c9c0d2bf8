package hub

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// Keep copies the files of a model into a folder, which then has a [Record] as after a download. It reads from as it is: a folder without folders
// in it. Files of the folder that the model lacks are removed first, and files that can run code, such as pytorch_model.bin, are not copied. It
// calls progress, which may be nil, with the bytes that are there and those of all files. After an error the record says what is missing.
func Keep(ctx context.Context, name string, from fs.FS, into Folder, progress func(done, total int64)) error {
	r, old := Record{Name: name}, ReadRecord(into)
	entries, err := fs.ReadDir(from, ".")
	if err != nil {
		return fmt.Errorf("hub: the files of %s cannot be listed: %w", name, err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("hub: %w", err)
		}
		if !e.IsDir() && path.Ext(e.Name()) != ".bin" {
			r.Files = append(r.Files, Stored{File: File{Path: e.Name(), Size: info.Size()}})
		}
	}
	for _, f := range append(old.Files, r.Files...) {
		if err := into.Remove(f.Path); err != nil {
			return err
		}
	}
	if err := r.Write(into); err != nil {
		return err
	}
	var done int64
	buffer := make([]byte, 1<<20)
	for i := range r.Files {
		f := &r.Files[i]
		copied, err := copyFile(ctx, from, into, f.Path, buffer, func(n int64) {
			if progress != nil {
				progress(done+n, r.Bytes())
			}
		})
		if err == nil && copied != f.Size {
			err = fmt.Errorf("hub: %s had %d bytes and has %d now; choose the model again", f.Path, f.Size, copied)
		}
		if err != nil {
			return err
		}
		done += copied
		f.Done = true
		if err := r.Write(into); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file, which the folder does not have, and returns its bytes.
func copyFile(ctx context.Context, from fs.FS, into Folder, name string, buffer []byte, progress func(int64)) (done int64, err error) {
	r, err := from.Open(name)
	if err != nil {
		return 0, fmt.Errorf("hub: %w", err)
	}
	defer r.Close()
	w, err := into.Append(name)
	if err != nil {
		return 0, stored(name, err)
	}
	defer func() {
		if closed := w.Close(); err == nil && closed != nil {
			err = stored(name, closed)
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return done, stored(name, err)
			}
			done += int64(n)
			progress(done)
		}
		switch {
		case err == io.EOF:
			return done, nil
		case err != nil:
			return done, fmt.Errorf("hub: %w", err)
		}
	}
}

// stored is the error of a file that cannot be stored.
func stored(name string, err error) error {
	return fmt.Errorf("hub: %s cannot be stored: %w", name, err)
}

// Have counts the bytes of a record's files that a folder has.
func (r Record) Have(folder fs.FS) (n int64) {
	for _, f := range r.Files {
		if info, err := fs.Stat(folder, f.Path); err == nil {
			n += info.Size()
		}
	}
	return n
}
