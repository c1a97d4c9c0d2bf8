package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Handler serves the site and the line. The site's files are no secret; what they may do is. So every request needs a Host that is
// this machine's, against other names that lead here (DNS rebinding), and the line needs an origin that is this site and a token.
func (h *Home) Handler() http.Handler {
	files := h.options.Site.Handler()
	prefix := strings.TrimSuffix(h.options.Under, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Frame-Options", "SAMEORIGIN")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !h.knows(r.Host) {
			http.Error(w, "This name is not one of the machine that the lab runs on. Open the link that attnlab printed.", http.StatusForbidden)
			return
		}
		path, ok := strings.CutPrefix(r.URL.Path, prefix)
		switch {
		case !ok:
			http.NotFound(w, r)
		case path == "/line":
			h.line(w, r)
		case (path == "/" || path == "/index.html") && r.Method == http.MethodGet && !r.URL.Query().Has("engine"):
			query := r.URL.Query()
			query.Set("engine", "native")
			http.Redirect(w, r, prefix+"/?"+query.Encode(), http.StatusTemporaryRedirect)
		default:
			http.StripPrefix(prefix, files).ServeHTTP(w, r)
		}
	})
}

// knows reports whether a Host is this machine. An address in numbers is nobody's name, so no other site can be behind it. The port may be
// another: that of a tunnel.
func (h *Home) knows(host string) bool {
	name := host
	if bare, _, err := net.SplitHostPort(host); err == nil {
		name = bare
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	if h.local() {
		return ip != nil && ip.IsLoopback()
	}
	own := strings.ToLower(machine())
	return ip != nil || name == own || name == own+".local"
}

// local reports whether only this machine can reach the lab.
func (h *Home) local() bool {
	if h.options.Listener == nil {
		return true
	}
	tcp, ok := h.options.Listener.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// role is what a token allows.
type role int

const (
	nobody role = iota
	watcher
	owner
)

// subprotocol is that of the line. A browser cannot add headers to a WebSocket, so the token travels as another one.
const subprotocol, tokenProtocol = "attnlab", "token."

// admit says who asks for the line, or why not: a status and a sentence.
func (h *Home) admit(r *http.Request) (as role, status int, why string) {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.EqualFold(u.Host, r.Host) {
			return nobody, http.StatusForbidden, "Another site's page asks for the engine. Only the lab's own page may."
		}
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	for list := range strings.SplitSeq(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if given, ok := strings.CutPrefix(strings.TrimSpace(list), tokenProtocol); ok {
			token = given
		}
	}
	switch {
	case same(token, h.token):
		return owner, 0, ""
	case same(token, h.watch):
		return watcher, 0, ""
	case token == "":
		return nobody, http.StatusUnauthorized, "The address lacks its token. Open the link that attnlab printed when it started."
	}
	return nobody, http.StatusUnauthorized, "The token is not this engine's. Open the link that attnlab printed when it started."
}

// same compares secrets in a time that does not tell how much of them agrees.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// tokenFile holds the token of a folder of runs.
const tokenFile = ".token"

// tokenOf is the token of the options, or of the folder of runs, which gets one if it has none.
func tokenOf(o Options) (string, error) {
	if o.Token != "" || o.Runs == "" {
		if o.Token != "" {
			return o.Token, nil
		}
		return random(), nil
	}
	path := filepath.Join(o.Runs, tokenFile)
	data, err := os.ReadFile(path)
	if token := strings.TrimSpace(string(data)); err == nil && len(token) >= len(random()) {
		return token, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the token of the link cannot be read: %w", err)
	}
	token := random()
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("the token of the link cannot be saved: %w", err)
	}
	return token, nil
}

// watchToken follows from the token; the token does not follow from it.
func watchToken(token string) string {
	sum := hmac.New(sha256.New, []byte(token))
	sum.Write([]byte("watch"))
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))[:22]
}

// random is a secret of 132 bits.
func random() string {
	data := make([]byte, 17)
	rand.Read(data) // never fails
	return base64.RawURLEncoding.EncodeToString(data)[:22]
}
