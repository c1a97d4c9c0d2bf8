package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// header reads the numbers and texts of a header one after another. After the first error everything it reads is zero.
type header struct {
	r   *bufio.Reader
	at  int64 // bytes read
	end int64 // of the file, or the most that a header may have
	err error
}

func newHeader(file io.ReaderAt, size int64) *header {
	end := min(size, maxHeader)
	return &header{r: bufio.NewReaderSize(io.NewSectionReader(file, 0, end), 1<<18), end: end}
}

func (h *header) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

// bytes returns the next n bytes.
func (h *header) bytes(n int) []byte {
	if h.err != nil || int64(n) > h.end-h.at {
		h.fail(fmt.Errorf("its header does not end in its first %d bytes: the file is cut short", h.end))
		return make([]byte, min(n, 8))
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(h.r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file is cut short")
		}
		h.fail(err)
		clear(b)
	}
	h.at += int64(n)
	return b
}

func (h *header) uint32() uint32 { return binary.LittleEndian.Uint32(h.bytes(4)) }
func (h *header) uint64() uint64 { return binary.LittleEndian.Uint64(h.bytes(8)) }

// count reads a number of things.
func (h *header) count(what string, most uint64) int {
	n := h.uint64()
	if n > most {
		h.fail(fmt.Errorf("it claims %d %s, at most %d are read", n, what, most))
		return 0
	}
	return int(n)
}

func (h *header) string() string {
	n := h.count("bytes of a text", maxString)
	if h.err != nil {
		return ""
	}
	return string(h.bytes(n))
}

// The types of metadata.
const (
	kindUint8, kindInt8, kindUint16, kindInt16, kindUint32, kindInt32 = 0, 1, 2, 3, 4, 5
	kindFloat32, kindBool, kindString, kindArray                      = 6, 7, 8, 9
	kindUint64, kindInt64, kindFloat64                                = 10, 11, 12
)

// value reads the value of a metadata entry: int64, float64, bool, string, or a list of one of these.
func (h *header) value(key string, kind uint32) any {
	switch kind {
	case kindFloat32, kindFloat64:
		return h.float(kind)
	case kindBool:
		return h.bytes(1)[0] != 0
	case kindString:
		return h.string()
	case kindArray:
		return h.array(key)
	}
	return h.int(key, kind)
}

func (h *header) float(kind uint32) float64 {
	if kind == kindFloat32 {
		return float64(math.Float32frombits(h.uint32()))
	}
	return math.Float64frombits(h.uint64())
}

func (h *header) int(key string, kind uint32) int64 {
	switch kind {
	case kindUint8:
		return int64(h.bytes(1)[0])
	case kindInt8:
		return int64(int8(h.bytes(1)[0]))
	case kindUint16:
		return int64(binary.LittleEndian.Uint16(h.bytes(2)))
	case kindInt16:
		return int64(int16(binary.LittleEndian.Uint16(h.bytes(2))))
	case kindUint32:
		return int64(h.uint32())
	case kindInt32:
		return int64(int32(h.uint32()))
	case kindUint64:
		n := h.uint64()
		if n > math.MaxInt64 {
			h.fail(fmt.Errorf("the metadata %.80q is %d, which is too large", key, n))
		}
		return int64(n)
	case kindInt64:
		return int64(h.uint64())
	}
	h.fail(fmt.Errorf("the metadata %.80q is of the unknown type %d", key, kind))
	return 0
}

// array reads a list. It makes room only for what it reads, whatever the list claims to be.
func (h *header) array(key string) any {
	kind := h.uint32()
	n := h.count("entries of a list", maxArray)
	if kind == kindArray {
		h.fail(fmt.Errorf("the metadata %.80q is a list of lists", key))
	}
	switch kind {
	case kindString:
		return list(h, n, h.string)
	case kindFloat32, kindFloat64:
		return list(h, n, func() float64 { return h.float(kind) })
	case kindBool:
		return list(h, n, func() bool { return h.bytes(1)[0] != 0 })
	}
	return list(h, n, func() int64 { return h.int(key, kind) })
}

func list[T any](h *header, n int, next func() T) []T {
	values := make([]T, 0, min(n, 1024))
	for i := 0; i < n && h.err == nil; i++ {
		values = append(values, next())
	}
	return values
}
