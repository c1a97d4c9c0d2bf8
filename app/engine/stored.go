package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/model/hf/hub"
)

// Models stores models of others from one visit to the next, a folder each.
type Models interface {
	// List returns the ids of the folders.
	List(context.Context) ([]string, error)
	// Folder returns the folder of an id. It makes it if necessary. Its files can be read by ranges.
	Folder(ctx context.Context, id string) (hub.Folder, error)
	// Remove deletes a folder and what is in it.
	Remove(ctx context.Context, id string) error
	// Space returns the bytes that are in use and those that are allowed, which are 0 where nobody knows.
	Space(context.Context) (used, allowed int64)
}

// storedID is the folder of a model by its hub, which is empty for a visitor's own files, and its name. Names are unique, so that a link can name
// a model.
func storedID(from, name string) string {
	sum := sha256.Sum256([]byte(from + "\n" + name))
	return hex.EncodeToString(sum[:8])
}

// stored is a folder of a model with its record. It returns no folder if there is none.
func (e *Engine) stored(ctx context.Context, id string) (hub.Folder, hub.Record, error) {
	if e.library.Models == nil {
		return nil, hub.Record{}, nil
	}
	ids, err := e.library.Models.List(ctx)
	if err != nil || !slices.Contains(ids, id) {
		return nil, hub.Record{}, err
	}
	folder, err := e.library.Models.Folder(ctx, id)
	if err != nil {
		return nil, hub.Record{}, err
	}
	return folder, hub.ReadRecord(folder), nil
}

// listModels publishes what is stored. A browser that stores nothing is no failure of a command: the list says so.
func (e *Engine) listModels(ctx context.Context) {
	if e.library.Models == nil {
		return
	}
	list := session.Models{Hub: e.library.Hub.Base, Models: []session.StoredModel{}}
	ids, err := e.library.Models.List(ctx)
	for _, id := range ids {
		folder, r, failed := e.stored(ctx, id)
		if failed != nil || folder == nil {
			err = errors.Join(err, failed)
			continue
		}
		one := session.StoredModel{ID: id, Name: r.Name, From: r.From, Bytes: r.Bytes(), Have: r.Have(folder), Whole: r.Whole()}
		if one.Name == "" { // it ended before its record was written
			one.Name = "a model without a name"
		}
		list.Models = append(list.Models, one)
	}
	slices.SortStableFunc(list.Models, func(a, b session.StoredModel) int { return strings.Compare(a.Name, b.Name) })
	if err != nil {
		list.Closed = sentence(err)
	}
	list.Used, list.Quota = e.library.Models.Space(ctx)
	list.Number = e.next()
	e.publish(list)
}

// storedNamed is the id of the stored model of a name that can be opened, or empty.
func (e *Engine) storedNamed(ctx context.Context, name string) string {
	if e.library.Models == nil {
		return ""
	}
	for _, from := range []string{"", e.library.Hub.Base} {
		id := storedID(from, name)
		if _, r, err := e.stored(ctx, id); err == nil && r.Whole() {
			return id
		}
	}
	return ""
}

// useStored opens a stored model as it is proposed.
func (e *Engine) useStored(ctx context.Context, id string) error {
	if err := e.lookAt(ctx, session.LookAt{From: session.ModelPlace{Kind: session.FromBrowser, ID: id}}); err != nil {
		return err
	}
	o := e.offer
	for _, c := range o.Contexts {
		if c.Tokens == o.Context && c.Choice >= 0 {
			err := e.openModel(ctx, session.OpenModel{Storage: c.Needs[c.Choice].Storage, Context: c.Tokens})
			if err != nil {
				e.leaveOffer()
			}
			return err
		}
	}
	e.leaveOffer()
	return fmt.Errorf("the model %s does not fit this adapter in any storage", o.Name)
}

// keepOffer stores the files of the offer in this browser.
func (e *Engine) keepOffer(ctx context.Context, o *offer) error {
	if e.library.Models == nil || o.From.Kind != session.FromFiles {
		return nil
	}
	if err := e.fits(ctx, o.Name, o.Bytes); err != nil {
		return err
	}
	id := storedID("", o.Name)
	into, err := e.library.Models.Folder(ctx, id)
	if err == nil {
		err = hub.Keep(ctx, o.Name, o.files, into, e.bytesOf("storing"))
	}
	if err != nil {
		if into != nil {
			err = errors.Join(err, e.library.Models.Remove(context.WithoutCancel(ctx), id)) // half a copy is of no use
		}
		e.listModels(context.WithoutCancel(ctx))
		return err
	}
	e.persist(ctx)
	e.listModels(ctx)
	return nil
}

// fits returns an error where a browser says that it has no room for so many bytes.
func (e *Engine) fits(ctx context.Context, name string, bytes int64) error {
	if used, allowed := e.library.Models.Space(ctx); allowed > 0 && used+bytes > allowed {
		return fmt.Errorf("%s takes %d MB, and this browser has %d MB left for this page; delete a stored model or free some space", name, bytes>>20, max(0, allowed-used)>>20)
	}
	return nil
}

// bytesEvery is the pause between two reports of bytes.
const bytesEvery = 100 * time.Millisecond

// bytesOf reports the bytes of a stage, some times a second.
func (e *Engine) bytesOf(stage string) func(done, total int64) {
	var last time.Time
	return func(done, total int64) {
		if now := time.Now(); done == total || now.Sub(last) >= bytesEvery {
			last = now
			e.busy(stage, int(done), int(total))
		}
	}
}

// dropModel deletes a stored model.
func (e *Engine) dropModel(ctx context.Context, id string) error {
	folder, r, err := e.stored(ctx, id)
	switch {
	case err != nil:
		return err
	case folder == nil:
		return errors.New("no such model is stored in this browser any more")
	case e.held != nil && e.held.source != nil && e.held.from == id:
		return fmt.Errorf("the model %s is in use, and its files are needed where the GPU is lost; open another model first", r.Name)
	}
	if e.offer != nil && e.offer.From.ID == id {
		e.leaveOffer()
	}
	if err := e.library.Models.Remove(ctx, id); err != nil {
		e.listModels(ctx)
		return err
	}
	e.listModels(ctx)
	return nil
}
