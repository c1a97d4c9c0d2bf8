package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"attnlab/model/hf/hub"
	"attnlab/model/hf/hub/byhttp"
)

// atHub begins a --model that is the name of a model at a hub.
const atHub = "hf:"

// fetchModel downloads the model of --model if that is a name at a hub, and puts its folder in the name's place. Nothing else in this program
// uses the network.
func (c *console) fetchModel(ctx context.Context) error {
	text, is := strings.CutPrefix(c.model, atHub)
	if !is {
		if _, given := c.given["hub"]; given && c.given["model"] != "" {
			return wrongUsage("--hub is for a --model that begins with %s, and --model is %s", atHub, c.model)
		}
		return nil
	}
	name, err := hub.ParseName(text)
	if err != nil {
		return wrongUsage("--model: %w", err)
	}
	base, err := hub.CheckBase(c.hub)
	if err != nil {
		return wrongUsage("--hub: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("models are stored in your cache folder: %w; download the model another way and give its folder by --model", err)
	}
	c.model, err = c.download(ctx, hub.Hub{Base: base, Get: byhttp.New()}, name, filepath.Join(cache, "attnlab", "models"))
	return err
}

// download brings a model into a folder below root, unless it is there, and returns that folder. Where the hub cannot be reached, it takes what an
// earlier download of the same revision brought.
func (c *console) download(ctx context.Context, h hub.Hub, name hub.Name, root string) (folder string, err error) {
	u, err := url.Parse(h.Base)
	if err != nil {
		return "", err
	}
	root = filepath.Join(root, url.PathEscape(u.Host+u.Path), name.Owner, name.Model, name.File)
	latest := filepath.Join(root, "revision-"+url.PathEscape(name.Revision)) // holds the commit that the revision stood for
	m, err := h.Find(ctx, name)
	if errors.As(err, new(*hub.UnreachedError)) {
		if commit, failed := os.ReadFile(latest); failed == nil {
			folder = filepath.Join(root, string(commit))
			if hub.ReadRecord(os.DirFS(folder)).Whole() {
				c.note("%s cannot be reached; %s is what was downloaded before (%.12s)", h.Base, name, commit)
				return filepath.Join(folder, name.File), nil
			}
		}
	}
	if err != nil {
		return "", err
	}
	commit := m.Commit
	if commit == "" {
		commit = url.PathEscape(name.Revision)
	}
	into, err := hub.NewDir(filepath.Join(root, commit))
	if err != nil {
		return "", err
	}
	if !hub.ReadRecord(into).Whole() {
		c.note("downloading %s from %s to %s", name, h.Base, string(into))
	}
	bar := c.progress("downloading MB")
	defer bar.end()
	if err := h.Download(ctx, m, into, func(done, total int64) { bar.set(int(done>>20), int(total>>20), "") }); err != nil {
		return "", err
	}
	return filepath.Join(string(into), name.File), os.WriteFile(latest, []byte(commit), 0o644)
}
