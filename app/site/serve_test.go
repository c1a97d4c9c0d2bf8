package site

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A file arrives compressed for who takes gzip, whole for who does not, and in parts as it is.
func TestHandlerCompresses(t *testing.T) {
	page := strings.Repeat("program ", 1000)
	s := smallSite(t, page, "")
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	address := server.URL + "/" + s.Folder() + "app.wasm"
	get := func(header, value string) (*http.Response, []byte) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "identity")
		r.Header.Set(header, value)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, body
	}
	packed, body := get("Accept-Encoding", "br, gzip;q=0.8")
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil || packed.Header.Get("Content-Encoding") != "gzip" || len(body) > len(page)/10 || packed.Header.Get("Content-Type") != "application/wasm" {
		t.Fatalf("%v: %d bytes of %d, %v", err, len(body), len(page), packed.Header)
	}
	if unpacked, _ := io.ReadAll(z); string(unpacked) != page {
		t.Error("the file does not unpack to itself")
	}
	for _, refused := range []string{"identity", "gzip;q=0", "br"} {
		if whole, body := get("Accept-Encoding", refused); whole.Header.Get("Content-Encoding") != "" || string(body) != page {
			t.Errorf("%q: %d bytes, %v", refused, len(body), whole.Header)
		}
	}
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Range", "bytes=8-14")
	part, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer part.Body.Close()
	if body, _ := io.ReadAll(part.Body); part.StatusCode != http.StatusPartialContent || string(body) != "program" {
		t.Errorf("a part: %d, %q", part.StatusCode, body)
	}
}
