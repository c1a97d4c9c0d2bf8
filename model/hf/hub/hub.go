// Package hub downloads models by their names, such as "owner/name", from a hub: a server with the addresses of huggingface.co. It asks for
// config.json first, so that a model can be judged before its weights are loaded. Weights come by HTTP Range, continue where a dropped line
// left them, and are checked by size and, where the hub has it, by SHA-256. The page and the command line both use it; each brings its own way
// to ask ([Get]) and to store ([Folder]). It sends no token and no cookie.
package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Default is the address of the hub that is used unless another one is given.
const Default = "https://huggingface.co"

// Hub is where models are downloaded from.
type Hub struct {
	Base  string // its address, see [CheckBase]
	Get   Get
	Pause func(attempt int) time.Duration // before attempt number 1, 2, … to continue a file; nil is [Pause]
}

// Get asks for the bytes of an address from byte from on: by a Range header if from is not 0. It follows redirects. The error is one of the
// network: an answer of any status is none.
type Get func(ctx context.Context, address string, from int64) (*Answer, error)

// Answer is what a server answers.
type Answer struct {
	Status int
	Header func(name string) string // empty where it is missing, or where a browser hides it
	Body   io.ReadCloser
}

// Name names a model at a hub.
type Name struct {
	Owner, Model string
	File         string // the one GGUF file that is wanted; empty for a model in safetensors
	Revision     string // a branch, a tag or a commit
}

func (n Name) String() string {
	name := n.Owner + "/" + n.Model
	if n.File != "" {
		name += "/" + n.File
	}
	if n.Revision == mainRevision {
		return name
	}
	return name + "@" + n.Revision
}

const mainRevision = "main"

var (
	part     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)
	revision = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$`)
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sum      = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ParseName reads owner/name or owner/name/file.gguf, each with @revision or without.
func ParseName(text string) (Name, error) {
	name, at, given := strings.Cut(strings.TrimSpace(text), "@")
	n := Name{Revision: mainRevision}
	var slash bool
	n.Owner, n.Model, slash = strings.Cut(name, "/")
	n.Model, n.File, _ = strings.Cut(n.Model, "/")
	switch {
	case n.File != "" && (!part.MatchString(n.File) || !isGGUF(n.File)):
		return Name{}, fmt.Errorf("hub: %.100q is no GGUF file; write owner/name, or owner/name/file.gguf", n.File)
	case strings.HasSuffix(name, "/") || !slash || !part.MatchString(n.Owner) || !part.MatchString(n.Model) || strings.Contains(name, ".."):
		return Name{}, fmt.Errorf("hub: %.100q is no name of a model; write owner/name, such as HuggingFaceTB/SmolLM2-135M-Instruct", text)
	case given && (!revision.MatchString(at) || strings.Contains(at, "..")):
		return Name{}, fmt.Errorf("hub: %.100q is no revision; write a branch, a tag or a commit", at)
	case given:
		n.Revision = at
	}
	return n, nil
}

// CheckBase returns the address of a hub without a slash at its end. It returns an error if it is none.
func CheckBase(address string) (string, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(address), "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(address, " ;,'\"") {
		return "", fmt.Errorf("hub: %.100q is no address of a hub; write one such as %s", address, Default)
	}
	return u.String(), nil
}

// Hosts are the addresses that a download from a hub may lead to, for a content security policy: the hub's own, and for [Default] those where it
// stores large files. An empty address has none.
func Hosts(base string) []string {
	switch base {
	case "":
		return nil
	case Default:
		return []string{Default, "https://*.hf.co"}
	}
	return []string{base + "/"} // without a slash, a path would match only itself
}

// Model is a model that was found at a hub.
type Model struct {
	Name
	Base   string
	Commit string // that its revision stands for now, empty where the hub does not say
	Config []byte // config.json
	Files  []File // that it needs, config.json among them
}

// File is a file at a hub.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`             // bytes, -1 while it is unknown
	SHA256 string `json:"sha256,omitempty"` // empty where the hub does not have it
	May    bool   `json:"may,omitempty"`    // it may be missing
}

// Bytes is the size of all files whose size is known.
func (m *Model) Bytes() (n int64) {
	for _, f := range m.Files {
		n += max(0, f.Size)
	}
	return n
}

// Files of a model by their names. Shards have any number of digits.
const (
	configFile  = "config.json"
	weightsFile = "model.safetensors"
	indexFile   = "model.safetensors.index.json"
)

var (
	optional = []string{"generation_config.json", "tokenizer.json", "tokenizer_config.json"}
	shard    = regexp.MustCompile(`^[A-Za-z0-9._-]+\.safetensors$`)
)

// maxSmall bounds what is read whole: config, index and the list of files.
const maxSmall = 64 << 20

func isGGUF(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".gguf") }

// Find asks for a model's config.json and then for the list of its files; of a GGUF file, which holds its config, only for that list. It returns an
// error for a model that is not there, or not for everyone, or whose weights are in no form that is read.
func (h Hub) Find(ctx context.Context, name Name) (*Model, error) {
	m := &Model{Name: name, Base: h.Base}
	if name.File != "" {
		return m, h.findGGUF(ctx, m)
	}
	data, header, err := h.small(ctx, m, configFile)
	if err != nil {
		return nil, err
	}
	m.Config = data
	if c := header("X-Repo-Commit"); commit.MatchString(c) {
		m.Commit = c
	}
	listed, err := h.list(ctx, m)
	if err != nil {
		return nil, err
	}
	if listed == nil {
		return m, h.guess(ctx, m, int64(len(data)))
	}
	return m, m.choose(listed)
}

// findGGUF asks for a GGUF file: for what its revision stands for, its size, and its checksum in the list.
func (h Hub) findGGUF(ctx context.Context, m *Model) error {
	answer, err := h.Get(ctx, m.address(m.File), 0)
	if err != nil {
		return h.unreached(ctx, err)
	}
	answer.Body.Close()
	if err := h.status(m, m.File, answer.Status); err != nil {
		return err
	}
	if c := answer.Header("X-Repo-Commit"); commit.MatchString(c) {
		m.Commit = c
	}
	listed, err := h.list(ctx, m)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(listed, func(f File) bool { return f.Path == m.File }); at >= 0 {
		m.Files = []File{listed[at]}
		return nil
	}
	size, err := strconv.ParseInt(answer.Header("Content-Length"), 10, 64)
	if err != nil || answer.Header("Content-Encoding") != "" {
		return fmt.Errorf("hub: %s does not say how large %s is; download it another way and open it as a file", h.Base, m.File)
	}
	m.Files = []File{{Path: m.File, Size: size}}
	return nil
}

// at is the revision to ask for: the commit, so that all files are of one.
func (m *Model) at() string {
	if m.Commit != "" {
		return m.Commit
	}
	return m.Revision
}

// address is that of a file.
func (m *Model) address(file string) string {
	return m.Base + "/" + m.Owner + "/" + m.Model + "/resolve/" + url.PathEscape(m.at()) + "/" + file
}

// errMissing is that of a file that the hub does not have.
var errMissing = errors.New("it is not there")

// small reads a whole file.
func (h Hub) small(ctx context.Context, m *Model, file string) (data []byte, header func(string) string, err error) {
	answer, err := h.Get(ctx, m.address(file), 0)
	if err != nil {
		return nil, nil, h.unreached(ctx, err)
	}
	defer answer.Body.Close()
	if err := h.status(m, file, answer.Status); err != nil {
		return nil, nil, err
	}
	if data, err = readAll(answer.Body); err != nil {
		return nil, nil, h.unreached(ctx, err)
	}
	return data, answer.Header, nil
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("more than %d MB came", maxSmall>>20)
	}
	return data, err
}

// unreached is the error of a hub that cannot be asked.
func (h Hub) unreached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &UnreachedError{h.Base, err}
}

// UnreachedError says that a hub gave no answer.
type UnreachedError struct {
	Base string
	Err  error
}

func (e *UnreachedError) Error() string {
	return fmt.Sprintf("hub: %s cannot be reached (%v); check the connection and try again", e.Base, e.Err)
}

func (e *UnreachedError) Unwrap() error { return e.Err }

// status is the error of an answer that brings no file, or nil.
func (h Hub) status(m *Model, file string, status int) error {
	switch {
	case status == 200 || status == 206:
		return nil
	case status == 401 || status == 403:
		return fmt.Errorf("hub: %s does not give %s to everyone (it answered %d): the model is gated or private, or there is none of that name; download it with your account and open its folder", h.Base, m.Name, status)
	case status == 404 && file == configFile:
		return fmt.Errorf("hub: %s has no model %s with a %s", h.Base, m.Name, configFile)
	case status == 404 || status == 410:
		return fmt.Errorf("hub: %s has no file %s of %s: %w", h.Base, file, m.Name, errMissing)
	case status == 429:
		return fmt.Errorf("hub: %s asks to wait (it answered 429); try again in some minutes", h.Base)
	}
	return fmt.Errorf("hub: %s answered %d for %s of %s; try again later", h.Base, status, file, m.Name)
}

// list asks for the names, sizes and checksums of a model's files. It returns none where the hub has no such list.
func (h Hub) list(ctx context.Context, m *Model) ([]File, error) {
	answer, err := h.Get(ctx, m.Base+"/api/models/"+m.Owner+"/"+m.Model+"/tree/"+url.PathEscape(m.at()), 0)
	if err != nil {
		return nil, h.unreached(ctx, err)
	}
	defer answer.Body.Close()
	if answer.Status != 200 {
		return nil, nil
	}
	data, err := readAll(answer.Body)
	if err != nil {
		return nil, h.unreached(ctx, err)
	}
	var rows []struct {
		Type string `json:"type"`
		Path string `json:"path"`
		Size int64  `json:"size"`
		LFS  *struct {
			ID   string `json:"oid"`
			Size int64  `json:"size"`
		} `json:"lfs"`
	}
	if json.Unmarshal(data, &rows) != nil {
		return nil, nil
	}
	files := []File{}
	for _, row := range rows {
		f := File{Path: row.Path, Size: row.Size}
		if row.LFS != nil {
			f.Size = row.LFS.Size
			if id := strings.TrimPrefix(row.LFS.ID, "sha256:"); sum.MatchString(id) {
				f.SHA256 = id
			}
		}
		if row.Type == "file" && row.Size >= 0 {
			files = append(files, f)
		}
	}
	return files, nil
}

// choose takes the files of a list that the model needs.
func (m *Model) choose(listed []File) error {
	find := func(name string) int { return slices.IndexFunc(listed, func(f File) bool { return f.Path == name }) }
	weights := 0
	for _, f := range listed {
		switch {
		case f.Path == configFile, slices.Contains(optional, f.Path):
		case f.Path == weightsFile, f.Path == indexFile && find(weightsFile) < 0, shard.MatchString(f.Path) && strings.HasPrefix(f.Path, "model-") && find(indexFile) >= 0 && find(weightsFile) < 0:
			weights++
		default:
			continue
		}
		m.Files = append(m.Files, f)
	}
	if weights > 0 {
		return nil
	}
	for _, f := range listed {
		if isGGUF(f.Path) {
			return fmt.Errorf("hub: %s has no safetensors, only GGUF files; add the name of one, such as %s/%s/%s", m.Name, m.Owner, m.Model, f.Path)
		}
	}
	return fmt.Errorf("hub: %s has no safetensors, and other forms of weights are not read", m.Name)
}

// guess takes the usual files where the hub has no list.
func (h Hub) guess(ctx context.Context, m *Model, config int64) error {
	m.Files = []File{{Path: configFile, Size: config}}
	for _, name := range optional {
		m.Files = append(m.Files, File{Path: name, Size: -1, May: true})
	}
	data, _, err := h.small(ctx, m, indexFile)
	if errors.Is(err, errMissing) {
		m.Files = append(m.Files, File{Path: weightsFile, Size: -1})
		return nil
	}
	if err != nil {
		return err
	}
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return fmt.Errorf("%s: hub: %w", indexFile, err)
	}
	m.Files = append(m.Files, File{Path: indexFile, Size: int64(len(data))})
	var names []string
	for _, name := range index.Files {
		if !shard.MatchString(name) {
			return fmt.Errorf("%s: hub: it names %.80q, which is not a safetensors file of the same folder", indexFile, name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		m.Files = append(m.Files, File{Path: name, Size: -1})
	}
	return nil
}
