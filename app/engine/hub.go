package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/model/hf/hub"
)

// findAtHub asks the hub for a model's config. What was downloaded before of the same commit is opened, also where the hub cannot be reached.
func (e *Engine) findAtHub(ctx context.Context, o *offer) error {
	name, err := hub.ParseName(o.From.ID)
	if err != nil {
		return err
	}
	o.Name = name.String()
	o.From.ID, o.From.Name = o.Name, o.Name
	id := storedID(e.library.Hub.Base, o.Name)
	folder, r, err := e.stored(ctx, id)
	if err != nil {
		return err
	}
	m, err := e.library.Hub.Find(ctx, name)
	switch {
	case errors.As(err, new(*hub.UnreachedError)) && r.Whole():
		o.Notes = append(o.Notes, e.library.Hub.Base+" cannot be reached. This is what was downloaded before.")
	case err != nil:
		return err
	case r.Of(m) && r.Whole():
		o.Notes = append(o.Notes, "It was downloaded before and has not changed since.")
	default:
		o.at = m
		if !slices.ContainsFunc(m.Files, func(f hub.File) bool { return f.Size < 0 && !f.May }) {
			o.Download = m.Bytes()
		}
		if r.Of(m) {
			o.Download -= r.Have(folder)
		} else if r.Whole() {
			o.Notes = append(o.Notes, "The model has changed at the hub. The download replaces what this browser has of it.")
		}
		return e.openAnnounced(ctx, o)
	}
	o.From.Kind, o.From.ID, o.files = session.FromBrowser, id, folder
	return o.open()
}

// openAnnounced reads what a model at the hub is: its config, or the header of its GGUF file.
func (e *Engine) openAnnounced(ctx context.Context, o *offer) (err error) {
	if o.at.File == "" {
		o.source, err = hf.Announced(o.at.Config, o.at.Bytes())
		return err
	}
	f := o.at.Files[0]
	if o.source, err = hf.OpenGGUF(e.library.Hub.Remote(ctx, o.at, f), f.Size); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

// downloadOffer brings the files of a model at the hub into this browser and opens them. What is there after an error stays, so that the next
// attempt continues it.
func (e *Engine) downloadOffer(ctx context.Context, o *offer) error {
	if err := e.fits(ctx, o.Name, o.Download); err != nil {
		return err
	}
	id := storedID(o.at.Base, o.Name)
	into, err := e.library.Models.Folder(ctx, id)
	if err != nil {
		return err
	}
	err = e.library.Hub.Download(ctx, o.at, into, e.bytesOf("downloading"))
	e.listModels(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	e.persist(ctx)
	o.files = into
	if err := o.open(); err != nil {
		return err
	}
	o.at, o.From.Kind, o.From.ID = nil, session.FromBrowser, id
	return nil
}
