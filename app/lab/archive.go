package lab

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// packZip packs files, in order of their names. Weights do not get smaller, so nothing is compressed.
func packZip(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: name, Method: zip.Store}
		if h.SetMode(0o644); strings.HasSuffix(name, ".sh") { // of the shell: it can be run
			h.SetMode(0o755)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func isGzip(data []byte) bool { return bytes.HasPrefix(data, []byte{0x1f, 0x8b}) }
func isTar(data []byte) bool  { return len(data) > 262 && string(data[257:262]) == "ustar" }

// isArchive reports whether data begins like a zip, a tar or a gzip file.
func isArchive(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || isGzip(data) || isTar(data)
}

// unpack reads an archive that common tools pack: a zip or a tar, which may be gzipped, of at most maxFile bytes in
// all. An error continues a sentence that begins with the archive's name.
func unpack(data []byte) (map[string][]byte, error) {
	switch {
	case isGzip(data):
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, errDamaged
		}
		plain, err := readAtMost(z, maxFile)
		if err != nil {
			return nil, err
		}
		if !isTar(plain) {
			return nil, errors.New("holds one gzipped file and no folder. Unpack it and choose what it holds.")
		}
		return untar(plain)
	case isTar(data):
		return untar(data)
	}
	return unzip(data)
}

var errDamaged = errors.New("is damaged or is no archive that this page reads. Choose a zip or tar file, or the folder itself.")

func untar(data []byte) (map[string][]byte, error) {
	files, r, left := map[string][]byte{}, tar.NewReader(bytes.NewReader(data)), int64(maxFile)
	for {
		h, err := r.Next()
		switch {
		case err == io.EOF:
			return files, nil
		case err != nil:
			return nil, errDamaged
		case h.Typeflag != tar.TypeReg || junk(h.Name):
			continue
		}
		if err := unpackOne(files, h.Name, r, &left); err != nil {
			return nil, err
		}
	}
}

func unzip(data []byte) (map[string][]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // cleanName makes paths safe
		return nil, errDamaged
	}
	for method, open := range decompressors {
		r.RegisterDecompressor(method, open)
	}
	files, left := map[string][]byte{}, int64(maxFile)
	for _, f := range r.File {
		if f.FileInfo().IsDir() || strings.HasSuffix(f.Name, `\`) || junk(f.Name) {
			continue
		}
		if f.Flags&1 != 0 {
			return nil, errors.New("is encrypted. Pack it without a password.")
		}
		in, err := openZipped(f)
		if errors.Is(err, zip.ErrAlgorithm) {
			return nil, fmt.Errorf("packs %s by compression method %d, which this page does not read. Pack it again with Deflate, or choose the folder itself.", f.Name, f.Method)
		}
		if err != nil {
			return nil, errDamaged
		}
		err = unpackOne(files, f.Name, in, &left)
		in.Close()
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// The methods of zip files besides Store and Deflate, by APPNOTE.TXT 4.4.5. Zstandard is not read: it would make the page 115 KB
// larger, and no common tool uses it for zip files by default.
const (
	zipBzip2 = 12
	zipLZMA  = 14
	zipXZ    = 95
)

var decompressors = map[uint16]zip.Decompressor{
	zipBzip2: func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) },
	zipXZ: func(r io.Reader) io.ReadCloser {
		in, err := xz.ReaderConfig{SingleStream: true}.NewReader(r)
		return failing(in, err)
	},
}

// failing is a reader, or an error in its place.
func failing(r io.Reader, err error) io.ReadCloser {
	if err != nil {
		return io.NopCloser(io.MultiReader(failure{err}))
	}
	return io.NopCloser(r)
}

type failure struct{ err error }

func (f failure) Read([]byte) (int, error) { return 0, f.err }

// openZipped opens a file of a zip. LZMA has its properties in a header of its own (APPNOTE.TXT 5.8.8), and needs the size
// of the file, which a decompressor is not given.
func openZipped(f *zip.File) (io.ReadCloser, error) {
	if f.Method != zipLZMA {
		return f.Open()
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	var head [9]byte // version (2), size of properties (2), properties (5)
	if _, err := io.ReadFull(raw, head[:]); err != nil || head[2] != 5 || head[3] != 0 {
		return nil, zip.ErrAlgorithm
	}
	// The header of a file of its own: properties, and the size, which is unknown if an end marker follows.
	classic := append([]byte{}, head[4:]...)
	size := f.UncompressedSize64
	if f.Flags&2 != 0 {
		size = 1<<64 - 1
	}
	for i := range 8 {
		classic = append(classic, byte(size>>(8*i)))
	}
	if dictionary := uint64(classic[1]) | uint64(classic[2])<<8 | uint64(classic[3])<<16 | uint64(classic[4])<<24; dictionary > maxFile {
		return nil, zip.ErrAlgorithm
	}
	r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(classic), raw))
	return failing(r, err), err
}

// unpackOne reads a file of an archive. left is what may still be unpacked, in bytes.
func unpackOne(files map[string][]byte, name string, in io.Reader, left *int64) error {
	body, err := readAtMost(in, *left)
	if err != nil {
		return err
	}
	*left -= int64(len(body))
	files[cleanName(name)] = body
	return nil
}

// readAtMost reads all of in, or returns an error if that is more than a number of bytes.
func readAtMost(in io.Reader, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, most+1))
	switch {
	case err != nil:
		return nil, errDamaged
	case int64(len(body)) > most:
		return nil, fmt.Errorf("unpacks to more than %d MB, which this page does not read.", maxFile>>20)
	}
	return body, nil
}

// cleanName is a path inside an archive with / between folders, without ./ and without a way out of the archive.
func cleanName(name string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/")
}

// junk reports whether a file is one that an operating system adds by itself.
func junk(name string) bool {
	name = cleanName(name)
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/") || strings.HasPrefix(base, "._") ||
		slices.Contains([]string{".DS_Store", "Thumbs.db", "desktop.ini"}, base)
}
