package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// remoteWindow is how much of a file is asked for at once: the header of a GGUF file, with its tokens, has some of these.
const remoteWindow = 1 << 20

// Remote is a file of a model that is read by ranges where it lies, such as the header of one that is not downloaded yet. Only one goroutine may read
// it. It ends with ctx.
func (h Hub) Remote(ctx context.Context, m *Model, f File) io.ReaderAt {
	return &remote{hub: h, ctx: ctx, m: m, f: f}
}

type remote struct {
	hub    Hub
	ctx    context.Context
	m      *Model
	f      File
	window []byte // the part that was read last
	from   int64  // where it begins
}

// ReadAt implements [io.ReaderAt].
func (r *remote) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at < 0 || at >= r.f.Size {
			return n, io.EOF
		}
		if at < r.from || at >= r.from+int64(len(r.window)) {
			if err := r.load(at); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], r.window[at-r.from:])
	}
	return n, nil
}

// load asks for the window from at on.
func (r *remote) load(at int64) error {
	answer, err := r.hub.Get(r.ctx, r.m.address(r.f.Path), at)
	if err != nil {
		return r.hub.unreached(r.ctx, err)
	}
	defer answer.Body.Close()
	if err := r.hub.status(r.m, r.f.Path, answer.Status); err != nil {
		return err
	}
	if at > 0 && answer.Status != 206 {
		return fmt.Errorf("hub: %s sends %s only as a whole; download it another way and open it as a file", r.m.Base, r.f.Path)
	}
	r.from, r.window = at, make([]byte, min(remoteWindow, r.f.Size-at))
	if _, err = io.ReadFull(answer.Body, r.window); err == nil {
		return nil
	}
	r.window = nil
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the line was dropped")
	}
	return r.hub.unreached(r.ctx, err)
}
