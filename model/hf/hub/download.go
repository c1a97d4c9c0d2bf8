package hub

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Folder stores the files of one model. All methods take names without slashes.
type Folder interface {
	fs.FS
	// Put writes a whole small file.
	Put(name string, data []byte) error
	// Append opens a file for writing at its end. It makes the file if necessary.
	Append(name string) (io.WriteCloser, error)
	// Remove deletes a file, if it is there.
	Remove(name string) error
}

// RecordFile is the file in a folder that says what the folder holds.
const RecordFile = "attnlab.json"

// Record says what a folder holds. It is written before the first byte of a model and after each of its files.
type Record struct {
	Name   string   `json:"name"`             // for people
	From   string   `json:"from,omitempty"`   // address of the hub
	Commit string   `json:"commit,omitempty"` // or the revision, where the hub does not say which commit that is
	Files  []Stored `json:"files"`
}

// Stored is a file of a record.
type Stored struct {
	File
	Tag  string `json:"tag,omitempty"` // ETag of the answer that brought its first byte
	Done bool   `json:"done"`          // it is whole and checked
}

// Whole reports whether every file is there.
func (r Record) Whole() bool {
	for _, f := range r.Files {
		if !f.Done {
			return false
		}
	}
	return len(r.Files) > 0
}

// Of reports whether a record is of a model at the same hub and of the same commit.
func (r Record) Of(m *Model) bool {
	return r.From == m.Base && r.Name == m.Name.String() && r.Commit == m.at() && len(r.Files) == len(m.Files)
}

// learn takes what the hub's list says of the files that are not whole yet.
func (r Record) learn(listed []File) {
	for i := range r.Files {
		f := &r.Files[i]
		at := slices.IndexFunc(listed, func(l File) bool { return l.Path == f.Path })
		if f.Done || at < 0 {
			continue
		}
		if listed[at].Size >= 0 {
			f.Size = listed[at].Size
		}
		f.SHA256 = cmp.Or(listed[at].SHA256, f.SHA256)
	}
}

// Bytes is the size of all files whose size is known.
func (r Record) Bytes() (n int64) {
	for _, f := range r.Files {
		n += max(0, f.Size)
	}
	return n
}

// ReadRecord reads the record of a folder. Without one, or with one that cannot be read, the folder holds nothing.
func ReadRecord(folder fs.FS) (r Record) {
	data, err := fs.ReadFile(folder, RecordFile)
	if err != nil || json.Unmarshal(data, &r) != nil {
		return Record{}
	}
	return r
}

// Write writes the record into a folder.
func (r Record) Write(folder Folder) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return folder.Put(RecordFile, append(data, '\n'))
}

// attempts is how often a file is asked for without a new byte before the download gives up.
const attempts = 6

// Pause is a quarter of a second before the first attempt, and doubles up to 8 seconds.
func Pause(attempt int) time.Duration {
	return min(8*time.Second, 250*time.Millisecond<<min(max(attempt-1, 0), 10))
}

// Download brings the files of a model into a folder. What the folder has of the same commit already is not loaded again: a file continues at
// its last byte. It calls progress with the bytes that are there and those of all files whose size is known. After an error what is
// there stays.
func (h Hub) Download(ctx context.Context, m *Model, into Folder, progress func(done, total int64)) error {
	r := ReadRecord(into)
	if !r.Of(m) {
		fresh := Record{Name: m.Name.String(), From: m.Base, Commit: m.at()}
		for _, f := range m.Files {
			fresh.Files = append(fresh.Files, Stored{File: f})
		}
		for _, f := range append(r.Files, fresh.Files...) { // also what no record speaks of
			if err := into.Remove(f.Path); err != nil {
				return err
			}
		}
		r = fresh
	}
	r.learn(m.Files)
	if err := r.Write(into); err != nil {
		return err
	}
	var before int64
	for i := range r.Files {
		f := &r.Files[i]
		if !f.Done {
			d := download{hub: h, m: m, r: &r, f: f, into: into, progress: func(done int64) {
				if progress != nil {
					progress(before+done, max(before+done, r.Bytes()))
				}
			}}
			if err := d.run(ctx); err != nil {
				return err
			}
			if err := r.Write(into); err != nil {
				return err
			}
		}
		before += max(0, f.Size)
	}
	return nil
}

// download is the state of one file.
type download struct {
	hub      Hub
	m        *Model
	r        *Record
	f        *Stored
	into     Folder
	progress func(done int64)
	have     int64 // bytes in the folder
	sum      hash.Hash
}

// run loads the file, in as many attempts as that takes.
func (d *download) run(ctx context.Context) error {
	if err := d.resume(); err != nil {
		return err
	}
	pause := d.hub.Pause
	if pause == nil {
		pause = Pause
	}
	for attempt := 0; ; {
		before := d.have
		whole, err := d.ask(ctx)
		switch {
		case err == nil && whole:
			return d.check()
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.As(err, new(*dropped)):
			return err
		}
		if attempt++; d.have > before {
			attempt = 1
		}
		if attempt >= attempts {
			return fmt.Errorf("hub: the line to %s was dropped %d times without a new byte of %s (%v); what is there stays, so a later download continues it", d.m.Base, attempt, d.f.Path, err)
		}
		timer := time.NewTimer(pause(attempt))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// dropped is the error of a line that ended before the file did.
type dropped struct{ err error }

func (e *dropped) Error() string { return e.err.Error() }
func (e *dropped) Unwrap() error { return e.err }

// resume reads what the folder has of the file.
func (d *download) resume() error {
	d.have, d.sum = 0, sha256.New()
	f, err := d.into.Open(d.f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d.have, err = io.CopyBuffer(d.sum, struct{ io.Reader }{f}, make([]byte, 1<<20))
	f.Close()
	if err == nil && d.f.Size >= 0 && d.have > d.f.Size {
		err = d.restart()
	}
	return err
}

// restart forgets what the folder has of the file.
func (d *download) restart() error {
	d.have, d.f.Tag = 0, ""
	d.sum.Reset()
	return d.into.Remove(d.f.Path)
}

// ask asks for the rest of the file and stores what comes. It reports whether the file is whole.
func (d *download) ask(ctx context.Context) (whole bool, err error) {
	if d.have > 0 && d.have == d.f.Size {
		return true, nil
	}
	answer, err := d.hub.Get(ctx, d.m.address(d.f.Path), d.have)
	if err != nil {
		return false, &dropped{err}
	}
	defer answer.Body.Close()
	switch {
	case answer.Status == 416: // the folder has more than the hub
		return false, errors.Join(d.restart(), &dropped{errors.New("the hub has another file now")})
	case answer.Status >= 500:
		return false, &dropped{d.hub.status(d.m, d.f.Path, answer.Status)}
	}
	if err := d.hub.status(d.m, d.f.Path, answer.Status); err != nil {
		if d.f.May && errors.Is(err, errMissing) {
			d.f.Size = 0
			return true, nil
		}
		return false, err
	}
	size, err := d.begin(answer)
	if err != nil {
		return false, err
	}
	if err := d.store(ctx, answer.Body, size); err != nil {
		return false, err
	}
	if size >= 0 && d.have < size {
		return false, &dropped{fmt.Errorf("%d of %d bytes came", d.have, size)}
	}
	d.f.Size = d.have
	return true, nil
}

// begin compares an answer with what is known of the file: where it begins, how long the file is, and whether it is still the same one. It
// returns the size of the whole file, -1 if nobody knows it.
func (d *download) begin(answer *Answer) (size int64, err error) {
	tag := strings.TrimPrefix(answer.Header("ETag"), "W/")
	if linked := strings.Trim(answer.Header("X-Linked-Etag"), `"`); d.f.SHA256 == "" && sum.MatchString(linked) {
		d.f.SHA256 = linked
	}
	size = -1
	if answer.Status == 206 {
		from, of, ok := contentRange(answer.Header("Content-Range"))
		switch {
		case ok && from != d.have:
			return 0, fmt.Errorf("hub: %s sent bytes from %d on where %d were asked for; it cannot be used to continue %s", d.m.Base, from, d.have, d.f.Path)
		case ok:
			size = of
		case d.f.Size >= 0: // a browser may hide the header
			size = d.f.Size
		}
		if d.have > 0 && d.f.Tag != "" && tag != "" && tag != d.f.Tag {
			return 0, errors.Join(d.restart(), &dropped{errors.New("the file has changed at the hub")})
		}
	} else {
		if d.have > 0 { // it sends the whole file again
			if err := d.restart(); err != nil {
				return 0, err
			}
		}
		if n, err := strconv.ParseInt(answer.Header("Content-Length"), 10, 64); err == nil && answer.Header("Content-Encoding") == "" {
			size = n
		}
	}
	switch {
	case size >= 0 && d.f.Size >= 0 && size != d.f.Size:
		return 0, fmt.Errorf("hub: %s has %d bytes by the hub's list and %d by its answer; it may be changing, try again later", d.f.Path, d.f.Size, size)
	case size < 0:
		size = d.f.Size
	}
	if d.f.Size, d.f.Tag = size, tag; d.have == 0 {
		return size, d.r.Write(d.into) // so that a later visit knows what it continues
	}
	return size, nil
}

// contentRange reads "bytes 5-9/10".
func contentRange(header string) (from, of int64, ok bool) {
	text, found := strings.CutPrefix(header, "bytes ")
	span, total, slash := strings.Cut(text, "/")
	first, _, dash := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	of, errOf := strconv.ParseInt(total, 10, 64)
	return from, of, found && slash && dash && err == nil && errOf == nil
}

// store writes what comes to the end of the file.
func (d *download) store(ctx context.Context, body io.Reader, size int64) (err error) {
	w, err := d.into.Append(d.f.Path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := w.Close(); err == nil {
			err = closed
		}
	}()
	buffer := make([]byte, 1<<18)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := body.Read(buffer)
		if size >= 0 && d.have+int64(n) > size {
			return fmt.Errorf("hub: more than the %d bytes of %s came; it may be changing, try again later", size, d.f.Path)
		}
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return stored(d.f.Path, err)
			}
			d.sum.Write(buffer[:n])
			d.have += int64(n)
			d.progress(d.have)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return &dropped{err}
		}
	}
}

// check compares the whole file with its checksum.
func (d *download) check() error {
	if got := hex.EncodeToString(d.sum.Sum(nil)); d.f.SHA256 != "" && got != d.f.SHA256 {
		if err := d.restart(); err != nil {
			return err
		}
		return fmt.Errorf("hub: %s came with checksum %.12s…, and the hub's list says %.12s…: it was damaged on the way and is deleted; try again", d.f.Path, got, d.f.SHA256)
	}
	d.f.Done = true
	return nil
}
