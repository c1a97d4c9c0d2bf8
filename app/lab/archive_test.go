package lab

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

var ofRun = map[string][]byte{"metrics.jsonl": []byte(`{"step":1}` + "\n"), "run.json": []byte(`{}`), "model.safetensors": {0, 1, 2, 255}, "base/config.json": []byte(`{"a":1}`)}

// entry is a file of an archive that is packed for a test.
type entry struct {
	name string
	data []byte
}

// packed is a zip of entries by a compression method.
func packed(t testing.TB, method uint16, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zipXZ, func(out io.Writer) (io.WriteCloser, error) { return &xzZip{out: out}, nil })
	w.RegisterCompressor(zipLZMA, func(out io.Writer) (io.WriteCloser, error) { return &lzmaZip{out: out}, nil })
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: method}
		if method == zipLZMA {
			h.Flags |= 2 // with an end marker
		}
		f, err := w.CreateHeader(h) // with a data descriptor, as Go always writes
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lzmaZip writes LZMA as zip has it: its own header before the stream.
type lzmaZip struct {
	out  io.Writer
	data bytes.Buffer
}

func (z *lzmaZip) Write(p []byte) (int, error) { return z.data.Write(p) }
func (z *lzmaZip) Close() error {
	var classic bytes.Buffer
	w, err := lzma.NewWriter(&classic) // with an end marker and an unknown size
	if err != nil {
		return err
	}
	if _, err := w.Write(z.data.Bytes()); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	stream := classic.Bytes()
	_, err = z.out.Write(append(append([]byte{9, 20, 5, 0}, stream[:5]...), stream[13:]...))
	return err
}

// xzZip begins to write at the end, as the writer of a zip makes its compressor before the file's header.
type xzZip struct {
	out  io.Writer
	data bytes.Buffer
}

func (z *xzZip) Write(p []byte) (int, error) { return z.data.Write(p) }
func (z *xzZip) Close() error {
	w, err := xz.NewWriter(z.out)
	if err != nil {
		return err
	}
	if _, err := w.Write(z.data.Bytes()); err != nil {
		return err
	}
	return w.Close()
}

// inside are the entries of the run below a prefix.
func inside(prefix string) (entries []entry) {
	for name, data := range ofRun {
		entries = append(entries, entry{prefix + name, data})
	}
	return entries
}

func tarred(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// A run that people's own tools packed again opens as the one that the page exported.
func TestArchivesOfOtherToolsOpen(t *testing.T) {
	exported, err := packZip(ofRun)
	if err != nil {
		t.Fatal(err)
	}
	mac := append(inside("my run/"), entry{"__MACOSX/._my run", []byte("x")}, entry{"__MACOSX/my run/._metrics.jsonl", []byte("x")}, entry{"my run/.DS_Store", []byte("x")}, entry{"my run/._run.json", []byte("x")})
	windows := []entry{}
	for _, e := range inside("my run/") {
		windows = append(windows, entry{strings.ReplaceAll(e.name, "/", `\`), e.data})
	}
	for name, archive := range map[string][]byte{
		"exported":        exported,
		"stored":          packed(t, zip.Store, inside("")...),
		"deflated":        packed(t, zip.Deflate, inside("")...),
		"xz":              packed(t, zipXZ, inside("")...),
		"lzma":            packed(t, zipLZMA, inside("")...),
		"a top folder":    packed(t, zip.Deflate, inside("my run/")...),
		"two top folders": packed(t, zip.Deflate, inside("runs/my run/")...),
		"macOS":           packed(t, zip.Deflate, mac...),
		"Windows":         packed(t, zip.Deflate, windows...),
		"./":              packed(t, zip.Deflate, inside("./")...),
		"./ and folder":   packed(t, zip.Deflate, inside("./my run/")...),
		"absolute":        packed(t, zip.Deflate, inside("/home/me/run/")...),
		"folders listed":  packed(t, zip.Store, append([]entry{{"my run/", nil}, {"my run/base/", nil}}, inside("my run/")...)...),
		"a note beside":   packed(t, zip.Deflate, append(inside("my run/"), entry{"read me.txt", []byte("hello")})...),
		"tar":             tarred(t, inside("./run/")...),
		"tar.gz":          gzipped(tarred(t, inside("run/")...)),
		"something first": append([]byte("MZ this program cannot be run"), exported...),
	} {
		t.Run(name, func(t *testing.T) {
			l, engine := idle(t)
			l.OpenFiles("open-run", chosen(map[string][]byte{"run 7.zip": archive}))
			if l.Failure.Text != "" {
				t.Fatal(l.Failure.Text)
			}
			got := labtest.Sent(t, engine, 1)[0].(session.ImportRun)
			if got.Name != "run 7" || !reflect.DeepEqual(got.Files, ofRun) {
				t.Errorf("the run %q has %v", got.Name, got.Files)
			}
		})
	}
	// bzip2 can only be read here, so these are made by Python's zipfile; so is one by its LZMA.
	for _, name := range []string{"bzip2.zip", "lzma.zip"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		l, engine := idle(t)
		if l.OpenFiles("open-run", chosen(map[string][]byte{name: data})); l.Failure.Text != "" {
			t.Errorf("%s: %s", name, l.Failure.Text)
			continue
		}
		got := labtest.Sent(t, engine, 1)[0].(session.ImportRun).Files
		if want := strings.Repeat(`{"step":1}`+"\n", 50); string(got["metrics.jsonl"]) != want {
			t.Errorf("%s: %d files, metrics of %d bytes", name, len(got), len(got["metrics.jsonl"]))
		}
	}
}

// Every folder with a log is a run; what a run has inside it belongs to it.
func TestSeveralRunsInOneChoice(t *testing.T) {
	l, engine := idle(t)
	l.OpenFiles("open-run", chosen(map[string][]byte{"both.zip": packed(t, zip.Deflate, append(inside("a/"), inside("b/")...)...)}))
	for i, m := range labtest.Sent(t, engine, 2) {
		if got := m.(session.ImportRun); got.Name != []string{"a", "b"}[i] || !reflect.DeepEqual(got.Files, ofRun) {
			t.Errorf("run %d is %q with %v", i, got.Name, got.Files)
		}
	}
	inFolder := map[string][]byte{"a/base/metrics.jsonl": []byte("of the base")}
	for name, data := range ofRun {
		inFolder["a/"+name] = data
	}
	inFolder["a/rollouts.jsonl.gz"] = []byte{0x1f, 0x8b, 8} // gzipped, and no archive
	want := maps.Clone(ofRun)
	want["base/metrics.jsonl"], want["rollouts.jsonl.gz"] = []byte("of the base"), []byte{0x1f, 0x8b, 8}
	l.OpenFiles("open-run-folder", chosen(inFolder))
	if got := labtest.Sent(t, engine, 1)[0].(session.ImportRun); got.Name != "a" || !reflect.DeepEqual(got.Files, want) {
		t.Errorf("the folder is the run %q with %v", got.Name, got.Files)
	}
}

// What is no archive, or damaged, or packed by a method that is not known, is refused with its name in one sentence.
func TestArchivesThatAreRefused(t *testing.T) {
	whole := packed(t, zip.Deflate, inside("")...)
	of := func(method byte) []byte { // with the method in each header
		data := packed(t, zip.Store, inside("")...)
		for i := range len(data) - 12 {
			if string(data[i:i+4]) == "PK\x01\x02" {
				data[i+10] = method
			}
		}
		return data
	}
	encrypted := packed(t, zip.Store, inside("")...)
	for i := range len(encrypted) - 12 {
		if string(encrypted[i:i+4]) == "PK\x01\x02" {
			encrypted[i+8] |= 1
		}
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"a.zip":         {[]byte("no zip"), "no archive"},
		"cut.zip":       {whole[:len(whole)-8], "no archive"},
		"deflate64.zip": {of(9), "compression method 9"},
		"zstd.zip":      {of(93), "compression method 93"},
		"locked.zip":    {encrypted, "without a password"},
		"other.zip":     {packed(t, zip.Deflate, entry{"notes.txt", []byte("x")}), "no metrics.jsonl"},
		"one.gz":        {gzipped([]byte("one file")), "one gzipped file"},
		"short.tar":     {tarred(t, entry{"metrics.jsonl", make([]byte, 2000)})[:700], "no archive"},
		"empty.zip":     {nil, "no archive"},
		"notes.jsonl":   {nil, ""},
	} {
		l, _ := idle(t)
		l.OpenFiles("open-run", chosen(map[string][]byte{name: c.data}))
		if c.want == "" {
			continue
		}
		if sentence(t, l.Failure.Text); !strings.Contains(l.Failure.Text, c.want) {
			t.Errorf("%s: %q, want %q", name, l.Failure.Text, c.want)
		}
	}
}

// FuzzRunArchive opens any file as a run: the engine gets it, or it is refused in one sentence.
func FuzzRunArchive(f *testing.F) {
	f.Add("run.zip", packed(f, zip.Deflate, inside("run/")...))
	f.Add("run.zip", packed(f, zipLZMA, inside("")...))
	f.Add("run.zip", packed(f, zipXZ, inside("")...))
	f.Add("run.tar.gz", gzipped(tarred(f, inside("run/")...)))
	f.Add("run.tar", tarred(f, inside("run/")...))
	f.Add("metrics.jsonl", []byte("{\"step\":1}\n"))
	f.Add("", []byte("PK\x03\x04"))
	f.Add("../../x.zip", []byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		l, engine := idle(t)
		l.OpenFiles("open-run", chosen(map[string][]byte{name: data}))
		if l.Failure.Text != "" {
			sentence(t, strings.ReplaceAll(strings.TrimPrefix(l.Failure.Text, name), "\n", " "))
			return
		}
		for path := range labtest.Sent(t, engine, 1)[0].(session.ImportRun).Files {
			if strings.HasPrefix(path, "/") || strings.Contains("/"+path+"/", "/../") {
				t.Errorf("the path %q leads out of the run", path)
			}
		}
	})
}

// Scripts of the shell can be run once they are unpacked.
func TestPackedScriptsRun(t *testing.T) {
	archive, err := packZip(map[string][]byte{"run.sh": []byte("true"), "train.py": nil})
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if want := map[string]fs.FileMode{"run.sh": 0o755, "train.py": 0o644}[f.Name]; f.Mode() != want {
			t.Errorf("%s has the mode %v, want %v", f.Name, f.Mode(), want)
		}
	}
}
