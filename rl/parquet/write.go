// Package parquet writes tables as Apache Parquet, texts and whole numbers in groups and in lists of groups without compression, and reads those that
// pyarrow writes. It exists because the maintained library for Go weighs more than the rest of the program, see docs/decisions.md.
package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Field is a column, or a group of columns. Just one of Text, Number and Group is set.
type Field struct {
	Name   string
	Text   func(row, item int) string
	Number func(row, item int) int64
	Group  []Field
	Items  func(row int) int // of a group that is a list: how many groups a row has
}

// Marshal writes a table of n rows, each column in one page. item is 0 outside a list. A list inside a list panics.
func Marshal(n int, fields []Field) []byte {
	file := bytes.NewBufferString(magic)
	var schema, chunks []func(*compact)
	schema = append(schema, func(c *compact) { c.text(4, "schema"); c.number(5, len(fields)) })
	total := int64(0)
	for _, f := range fields {
		schema = append(schema, f.schema()...)
		for _, leaf := range f.leaves(nil, nil) {
			chunk, size := leaf.write(file, n)
			chunks, total = append(chunks, chunk), total+size
		}
	}
	var c compact
	c.number(1, 1) // version
	c.structs(2, schema)
	c.long(3, int64(n))
	c.structs(4, []func(*compact){func(c *compact) {
		c.structs(1, chunks)
		c.long(2, total)
		c.long(3, int64(n))
	}})
	c.text(6, "attnlab")
	c.stop()
	file.Write(c.Bytes())
	_ = binary.Write(file, binary.LittleEndian, uint32(c.Len())) // a buffer has no error
	file.WriteString(magic)
	return file.Bytes()
}

const magic = "PAR1"

// Enumerations of the format.
const (
	int64Type, byteArray = 2, 6
	required, repeated   = 0, 2
	utf8, list           = 0, 3
	plain, rle           = 0, 3
)

// schema is the field and what it holds, depth first, as elements of the file's schema.
func (f Field) schema() (all []func(*compact)) {
	element := func(name string, repetition, children, converted int) {
		all = append(all, func(c *compact) {
			c.number(3, repetition)
			c.text(4, name)
			c.number(5, children)
			if converted >= 0 {
				c.number(6, converted)
			}
		})
	}
	switch {
	case f.Text != nil:
		return []func(*compact){func(c *compact) { c.number(1, byteArray); c.number(3, required); c.text(4, f.Name); c.number(6, utf8) }}
	case f.Number != nil:
		return []func(*compact){func(c *compact) { c.number(1, int64Type); c.number(3, required); c.text(4, f.Name) }}
	case f.Items != nil:
		element(f.Name, required, 1, list)
		element("list", repeated, 1, -1)
		element("element", required, len(f.Group), -1)
	default:
		element(f.Name, required, len(f.Group), -1)
	}
	for _, inner := range f.Group {
		all = append(all, inner.schema()...)
	}
	return all
}

// leaf is a column with its place in the schema.
type leaf struct {
	Field
	path  []string
	items func(row int) int // nil outside a list
}

func (f Field) leaves(path []string, items func(row int) int) (all []leaf) {
	path = append(slices.Clone(path), f.Name)
	if f.Group == nil {
		return []leaf{{f, path, items}}
	}
	if f.Items != nil {
		if items != nil {
			panic(fmt.Sprintf("parquet: %q is a list inside a list", path))
		}
		path, items = append(path, "list", "element"), f.Items
	}
	for _, inner := range f.Group {
		all = append(all, inner.leaves(path, items)...)
	}
	return all
}

// write appends the column as one page to the file, and returns its entry in the footer with its size in bytes.
func (l leaf) write(file *bytes.Buffer, rows int) (chunk func(*compact), size int64) {
	var values bytes.Buffer
	var repetition, definition []byte // a level of each value; an empty list has one without a value
	for row := range rows {
		n := 1
		if l.items != nil {
			if n = l.items(row); n == 0 {
				repetition, definition = append(repetition, 0), append(definition, 0)
			}
		}
		for item := range n {
			repetition, definition = append(repetition, byte(min(item, 1))), append(definition, 1)
			l.value(&values, row, item)
		}
	}
	var page []byte
	if l.items != nil {
		page = slices.Concat(levels(repetition), levels(definition))
	}
	page = append(page, values.Bytes()...)
	var header compact
	header.number(1, 0) // a data page
	header.number(2, len(page))
	header.number(3, len(page))
	header.open(5)
	header.number(1, len(repetition))
	header.number(2, plain)
	header.number(3, rle)
	header.number(4, rle)
	header.close()
	header.stop()
	offset, kind := int64(file.Len()), byteArray
	if l.Number != nil {
		kind = int64Type
	}
	size = int64(header.Len() + len(page))
	file.Write(header.Bytes())
	file.Write(page)
	return func(c *compact) {
		c.long(2, offset)
		c.open(3)
		c.number(1, kind)
		c.numbers(2, plain, rle)
		c.texts(3, l.path)
		c.number(4, 0) // no compression
		c.long(5, int64(len(repetition)))
		c.long(6, size)
		c.long(7, size)
		c.long(9, offset)
		c.close()
	}, size
}

func (l leaf) value(b *bytes.Buffer, row, item int) {
	if l.Number != nil {
		_ = binary.Write(b, binary.LittleEndian, l.Number(row, item))
		return
	}
	text := l.Text(row, item)
	_ = binary.Write(b, binary.LittleEndian, uint32(len(text)))
	b.WriteString(text)
}

// levels are levels of 0 and 1 in runs, after their length in bytes.
func levels(of []byte) []byte {
	var runs []byte
	for len(of) > 0 {
		n := 1
		for n < len(of) && of[n] == of[0] {
			n++
		}
		runs = append(binary.AppendUvarint(runs, uint64(n)<<1), of[0])
		of = of[n:]
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(runs))), runs...)
}
