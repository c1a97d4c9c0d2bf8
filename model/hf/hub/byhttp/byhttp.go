// Package byhttp asks a hub by package net/http. It is a package of its own, so that the page's programs are not linked with that.
package byhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"attnlab/model/hf/hub"
)

// quiet is how long a server may send nothing.
const quiet = time.Minute

// New asks by package net/http, without cookies. It follows redirects to other hosts, as hubs store large files elsewhere, but none from https
// to http. Proxies are those of the environment.
func New() hub.Get {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = quiet
	transport.DisableCompression = true // sizes and ranges are those of the file
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= 10:
			return errors.New("it redirects without end")
		case via[0].URL.Scheme == "https" && next.URL.Scheme != "https":
			return fmt.Errorf("it redirects to %s, which is not encrypted", next.URL.Host)
		}
		return nil
	}}
	return func(ctx context.Context, address string, from int64) (*hub.Answer, error) {
		ctx, stop := context.WithCancel(ctx)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			stop()
			return nil, err
		}
		request.Header.Set("User-Agent", "attnlab")
		if from > 0 {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		}
		var linked string // only the first answer of a redirect has it
		once := *client
		once.CheckRedirect = func(next *http.Request, via []*http.Request) error {
			if next.Response != nil && linked == "" {
				linked = next.Response.Header.Get("X-Linked-Etag")
			}
			return client.CheckRedirect(next, via)
		}
		response, err := once.Do(request)
		if err != nil {
			stop()
			return nil, err
		}
		header := func(name string) string {
			if name == "X-Linked-Etag" && linked != "" {
				return linked
			}
			return response.Header.Get(name)
		}
		return &hub.Answer{Status: response.StatusCode, Header: header, Body: &watched{response.Body, time.AfterFunc(quiet, stop), stop}}, nil
	}
}

// watched ends a body that brings nothing for [quiet].
type watched struct {
	io.ReadCloser
	timer *time.Timer
	stop  func()
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(quiet)
	return w.ReadCloser.Read(p)
}

func (w *watched) Close() error {
	w.timer.Stop()
	err := w.ReadCloser.Close()
	w.stop()
	return err
}
