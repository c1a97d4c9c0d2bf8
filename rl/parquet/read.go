package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Limits of what is read from a file that may come from anywhere.
const (
	mostValues = 1 << 22 // of all columns
	mostBytes  = 1 << 28 // of a page, of all pages, and of the lines
	mostFooter = 1 << 22 // bytes
	mostDeep   = 16      // groups in groups
)

// Is reports whether data is a Parquet file, whole or cut off.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }

// Columns are the names of the columns of a table, of groups as a whole. The error says in a clause what is wrong.
func Columns(data []byte) (names []string, err error) {
	defer caught(&err)
	root, _, _ := open(data)
	for _, child := range root.children {
		names = append(names, child.name)
	}
	return names, nil
}

// Lines reads a table as lines of JSON, a row each: texts, numbers, truth values, groups as objects, lists as arrays, what is missing or not finite
// as null. It reads what pyarrow writes without options, compressed by Snappy, by gzip or not at all. The error says in a clause what is wrong or
// what is not read.
func Lines(data []byte) (lines []byte, err error) {
	defer caught(&err)
	root, groups, body := open(data)
	r := &reader{data: body}
	for _, group := range groups {
		r.group(root, group.fields)
	}
	return r.lines.Bytes(), nil
}

// open reads the footer: the schema, the row groups, and the bytes before it.
func open(data []byte) (root *node, groups []value, body []byte) {
	n := len(data)
	if n < 12 || !Is(data) || string(data[n-4:]) != magic {
		fail(errDamaged)
	}
	size := int(binary.LittleEndian.Uint32(data[n-8:]))
	if size > min(n-12, mostFooter) {
		fail(errDamaged)
	}
	footer := (&thrift{data: data[n-8-size : n-8]}).structure(0)
	elements := footer[2].list
	if len(elements) == 0 {
		fail(errDamaged)
	}
	root = &node{}
	if rest := root.grow(elements[1:], int(elements[0].fields[5].number), 0); len(rest) > 0 {
		fail(errDamaged)
	}
	return root, footer[4].list, data[:n-8-size]
}

// caught makes an error of a failure.
func caught(err *error) {
	switch f := recover().(type) {
	case nil:
	case failure:
		*err = f.error
	default:
		panic(f)
	}
}

var errDamaged = errors.New("it is a damaged Parquet file; copy it again")

// failure is how a reader gives up.
type failure struct{ error }

func fail(err error) { panic(failure{err}) }

// node is a column or a group of columns, with the definition level from which it is there and the repetition level of its items.
type node struct {
	name                   string
	repetition             int
	list                   bool // a list in the form of three levels: the items are those of its one child
	kind                   int
	definition, repeatedBy int
	children               []*node
	leaves                 []*node // columns below it, in the order of the file; of a column itself
	column                 *column // of a leaf
}

// grow gives a node n children from elements of a schema, depth first, and returns the elements that are left.
func (n *node) grow(elements []value, children, deep int) []value {
	if children < 1 || children > len(elements) || deep > mostDeep {
		fail(errDamaged)
	}
	for range children {
		if len(elements) == 0 {
			fail(errDamaged)
		}
		e := elements[0].fields
		elements = elements[1:]
		child := &node{name: string(e[4].text), repetition: int(e[3].number), kind: int(e[1].number), definition: n.definition, repeatedBy: n.repeatedBy}
		_, logical := e[10].fields[3]
		_, converted := e[6]
		child.list = logical || converted && e[6].number == list
		if child.repetition != required {
			child.definition++
		}
		if child.repetition == repeated {
			child.repeatedBy++
		}
		if _, leaf := e[1]; leaf {
			child.leaves = []*node{child}
		} else {
			elements = child.grow(elements, int(e[5].number), deep+1)
		}
		n.children, n.leaves = append(n.children, child), append(n.leaves, child.leaves...)
	}
	return elements
}

// reader reads the row groups of a file.
type reader struct {
	data   []byte
	values int // that are left out of mostValues
	pages  int // bytes of pages so far
	lines  bytes.Buffer
}

// group reads a row group.
func (r *reader) group(root *node, group map[int]value) {
	leaves, chunks, rows := root.leaves, group[1].list, group[3].number
	if len(chunks) != len(leaves) || rows < 0 || rows > mostValues {
		fail(errDamaged)
	}
	for i, leaf := range leaves {
		leaf.column = r.column(leaf, chunks[i].fields)
	}
	for range rows {
		root.write(&r.lines, true)
		r.lines.WriteByte('\n')
	}
	for _, leaf := range leaves {
		if leaf.column.at != len(leaf.column.definitions) {
			fail(errDamaged)
		}
	}
}

// column is the values of a column in a row group: a level of each entry, and the JSON of each that is there.
type column struct {
	definitions, repetitions []uint32
	values                   [][]byte
	fresh                    int // values of the page whose levels were read last
	at, taken                int
}

// next are the levels of the entry that comes; false after the last one.
func (c *column) next() (definition, repetition int, ok bool) {
	if c.at >= len(c.definitions) {
		return 0, 0, false
	}
	return int(c.definitions[c.at]), int(c.repetitions[c.at]), true
}

// skip passes an entry without a value in each column below a node.
func (n *node) skip() {
	for _, leaf := range n.leaves {
		if d, _, ok := leaf.column.next(); !ok || d >= leaf.definition {
			fail(errDamaged)
		}
		leaf.column.at++
	}
}

// read writes what comes next in a node.
func (n *node) read(b *bytes.Buffer) {
	first := n.leaves[0].column
	d, _, ok := first.next()
	switch {
	case !ok:
		fail(errDamaged)
	case n.repetition == required:
		n.write(b, false)
	case d < n.definition && n.repetition == repeated:
		n.skip()
		b.WriteString("[]")
	case d < n.definition:
		n.skip()
		b.WriteString("null")
	case n.repetition == repeated:
		b.WriteByte('[')
		for i := 0; ; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			n.write(b, false)
			if _, repetition, ok := first.next(); !ok || repetition != n.repeatedBy {
				break
			}
		}
		b.WriteByte(']')
	default:
		n.write(b, false)
	}
}

// write writes a node that is there: its value, its items, or its children as an object. top is that of the whole row.
func (n *node) write(b *bytes.Buffer, top bool) {
	switch {
	case n.children == nil:
		c := n.column
		if c.taken >= len(c.values) {
			fail(errDamaged)
		}
		b.Write(c.values[c.taken])
		c.at, c.taken = c.at+1, c.taken+1
	case !top && n.list && len(n.children) == 1 && n.children[0].repetition == repeated:
		n.children[0].read(b)
	case !top && n.repetition == repeated && len(n.children) == 1 && slices.Contains([]string{"element", "item", "array_element"}, n.children[0].name):
		n.children[0].read(b)
	default:
		b.WriteByte('{')
		for i, child := range n.children {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(quoted(child.name))
			b.WriteByte(':')
			child.read(b)
		}
		b.WriteByte('}')
	}
	if b.Len() > mostBytes {
		fail(fmt.Errorf("its rows are larger than the %d MB that are read here; choose a file of fewer rows", mostBytes>>20))
	}
}
