package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"

	"github.com/golang/snappy"
)

// Further enumerations of the format.
const (
	boolType, int32Type, floatType, doubleType = 0, 1, 4, 5
	plainDictionary, rleDictionary             = 2, 8
	dataPage, dictionaryPage, dataPage2        = 0, 2, 3
	uncompressed, snappyCodec, gzipCodec       = 0, 1, 2
)

// column reads the pages of a column.
func (r *reader) column(leaf *node, chunk map[int]value) *column {
	about, ok := chunk[3]
	if _, encrypted := chunk[8]; encrypted || !ok || len(chunk[1].text) > 0 {
		fail(errors.New("it is a Parquet file whose columns are encrypted or lie in other files; write it as one plain file"))
	}
	f := about.fields
	n, at := f[5].number, f[9].number
	if dictionary, ok := f[11]; ok && dictionary.number > 0 {
		at = min(at, dictionary.number)
	}
	if n < 0 || n > mostValues || at < 0 || at > int64(len(r.data)) {
		fail(errDamaged)
	}
	if r.values += int(n); r.values > mostValues {
		fail(fmt.Errorf("it has more than the %d values that are read here; choose a file of fewer rows", mostValues))
	}
	c, t := &column{}, &thrift{data: r.data, at: int(at)}
	var dictionary [][]byte
	for len(c.definitions) < int(n) {
		head := t.structure(0)
		size, full := head[3].number, head[2].number
		if size < 0 || full < 0 || size > int64(len(t.data)-t.at) {
			fail(errDamaged)
		}
		if r.pages += int(min(full, mostBytes)); full > mostBytes || r.pages > mostBytes {
			fail(fmt.Errorf("it has more than the %d MB that are read here; choose a file of fewer rows", mostBytes>>20))
		}
		page, codec := t.bytes(uint64(size)), int(f[4].number)
		switch head[1].number {
		case dictionaryPage:
			about := head[7].fields
			page = inflate(page, int(full), codec)
			dictionary = values(page, leaf.kind, int(about[1].number))
		case dataPage:
			about := head[5].fields
			page = inflate(page, int(full), codec)
			c.levels(leaf, int(n), int(about[1].number), func(most int) []byte {
				if most == 0 {
					return nil
				}
				if about[3].number != rle || about[4].number != rle || len(page) < 4 || int64(binary.LittleEndian.Uint32(page)) > int64(len(page)-4) {
					fail(errDamaged)
				}
				length := 4 + int(binary.LittleEndian.Uint32(page))
				part := page[4:length]
				page = page[length:]
				return part
			})
			c.add(leaf, page, int(about[2].number), dictionary)
		case dataPage2:
			about := head[8].fields
			repetition, definition := about[6].number, about[5].number
			if repetition < 0 || definition < 0 || repetition > size || definition > size-repetition {
				fail(errDamaged)
			}
			parts := [][]byte{page[:repetition], page[repetition : repetition+definition]}
			c.levels(leaf, int(n), int(about[1].number), func(int) []byte {
				part := parts[0]
				parts = parts[1:]
				return part
			})
			page = page[repetition+definition:]
			if compressed, given := about[7]; !given || compressed.number != 0 {
				page = inflate(page, int(full-repetition-definition), codec)
			}
			c.add(leaf, page, int(about[4].number), dictionary)
		}
	}
	return c
}

// inflate is a page without its compression.
func inflate(page []byte, full, codec int) []byte {
	switch codec {
	case uncompressed:
		return page
	case snappyCodec:
		if n, err := snappy.DecodedLen(page); err != nil || n != full {
			fail(errDamaged)
		}
		plain, err := snappy.Decode(nil, page)
		if err != nil {
			fail(errDamaged)
		}
		return plain
	case gzipCodec:
		z, err := gzip.NewReader(bytes.NewReader(page))
		if err != nil {
			fail(errDamaged)
		}
		plain, err := io.ReadAll(io.LimitReader(z, int64(full)+1))
		if err != nil || len(plain) != full {
			fail(errDamaged)
		}
		return plain
	}
	fail(errors.New(`it is Parquet in a compression that is not read here; write it again with compression="snappy"`))
	return nil
}

// levels reads the levels of a page of n entries, repetition levels first. part takes those of a kind, of which the highest is most, from the page.
func (c *column) levels(leaf *node, all, n int, part func(most int) []byte) {
	if n < 1 || n > all-len(c.definitions) {
		fail(errDamaged)
	}
	repetitions := hybrid(part(leaf.repeatedBy), bits.Len(uint(leaf.repeatedBy)), n)
	definitions := hybrid(part(leaf.definition), bits.Len(uint(leaf.definition)), n)
	c.repetitions, c.definitions = append(c.repetitions, repetitions...), append(c.definitions, definitions...)
	c.fresh = 0
	for _, d := range definitions {
		if int(d) == leaf.definition {
			c.fresh++
		}
	}
}

// add reads the values of the page whose levels were read last.
func (c *column) add(leaf *node, page []byte, encoding int, dictionary [][]byte) {
	switch encoding {
	case plain:
		c.values = append(c.values, values(page, leaf.kind, c.fresh)...)
	case plainDictionary, rleDictionary:
		if c.fresh == 0 {
			return
		}
		if len(page) == 0 || page[0] > 32 {
			fail(errDamaged)
		}
		for _, i := range hybrid(page[1:], int(page[0]), c.fresh) {
			if int64(i) >= int64(len(dictionary)) {
				fail(errDamaged)
			}
			c.values = append(c.values, dictionary[i])
		}
	case rle:
		if leaf.kind != boolType || len(page) < 4 {
			fail(errDamaged)
		}
		for _, b := range hybrid(page[4:], 1, c.fresh) {
			c.values = append(c.values, strconv.AppendBool(nil, b == 1))
		}
	default:
		fail(fmt.Errorf("it is Parquet whose column %q is in encoding %d, which is not read here; write it again by pandas without options", leaf.name, encoding))
	}
}

// hybrid reads n numbers of width bits, in runs and packed. Without bits all are 0.
func hybrid(data []byte, width, n int) []uint32 {
	out := make([]uint32, 0, n)
	if width == 0 {
		return out[:n]
	}
	t := &thrift{data: data}
	for len(out) < n {
		head := t.varint()
		if head&1 == 0 { // a run
			count := min(head>>1, uint64(n-len(out)))
			var v uint32
			for i, b := range t.bytes(uint64(width+7) / 8) {
				v |= uint32(b) << (8 * i)
			}
			if count == 0 {
				fail(errDamaged)
			}
			for range count {
				out = append(out, v)
			}
			continue
		}
		groups := head >> 1 // of 8 numbers each
		if groups == 0 || groups > uint64(len(data)) {
			fail(errDamaged)
		}
		packed := t.bytes(min(groups*uint64(width), uint64(len(data)-t.at))) // the last group may be cut off
		var have uint64
		held := 0
		for taken := uint64(0); taken < groups*8 && len(out) < n; taken++ {
			for held < width {
				if len(packed) == 0 {
					fail(errDamaged)
				}
				have |= uint64(packed[0]) << held
				packed, held = packed[1:], held+8
			}
			out = append(out, uint32(have&(1<<width-1)))
			have, held = have>>width, held-width
		}
	}
	return out
}

// values reads n values one after another, each as JSON.
func values(data []byte, kind, n int) (all [][]byte) {
	if n < 0 || n > mostValues || kind != boolType && n > len(data)/4 {
		fail(errDamaged)
	}
	all = make([][]byte, n)
	t := &thrift{data: data}
	for i := range all {
		switch kind {
		case boolType:
			if i/8 >= len(data) {
				fail(errDamaged)
			}
			all[i] = strconv.AppendBool(nil, data[i/8]>>(i%8)&1 == 1)
		case int32Type:
			all[i] = strconv.AppendInt(nil, int64(int32(binary.LittleEndian.Uint32(t.bytes(4)))), 10)
		case int64Type:
			all[i] = strconv.AppendInt(nil, int64(binary.LittleEndian.Uint64(t.bytes(8))), 10)
		case floatType:
			all[i] = number(float64(math.Float32frombits(binary.LittleEndian.Uint32(t.bytes(4)))), 32)
		case doubleType:
			all[i] = number(math.Float64frombits(binary.LittleEndian.Uint64(t.bytes(8))), 64)
		case byteArray:
			all[i] = quoted(string(t.bytes(uint64(binary.LittleEndian.Uint32(t.bytes(4))))))
		default:
			fail(fmt.Errorf("it is Parquet with a column of type %d, which is not read here; write texts and numbers", kind))
		}
	}
	return all
}

func number(x float64, size int) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return []byte("null")
	}
	return strconv.AppendFloat(nil, x, 'g', -1, size)
}

// quoted is a text as JSON.
func quoted(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text has no error
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
