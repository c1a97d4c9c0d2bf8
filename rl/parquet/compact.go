package parquet

import (
	"bytes"
	"encoding/binary"
)

// compact writes a struct of Thrift's compact protocol, which the headers of Parquet are in.
type compact struct {
	bytes.Buffer
	last  int   // number of the field before
	outer []int // of the structs around this one
}

// Types of the protocol.
const (
	thriftI32, thriftI64, thriftText, thriftList, thriftStruct = 5, 6, 8, 9, 12
)

func (c *compact) field(number, kind int) {
	c.WriteByte(byte((number-c.last)<<4 | kind)) // fields come in order, no two further apart than 15
	c.last = number
}

func (c *compact) zigzag(v int64) { c.Write(binary.AppendUvarint(nil, uint64(v<<1^v>>63))) }

func (c *compact) number(field, v int) { c.field(field, thriftI32); c.zigzag(int64(v)) }

func (c *compact) long(field int, v int64) { c.field(field, thriftI64); c.zigzag(v) }

func (c *compact) text(field int, s string) { c.field(field, thriftText); c.string(s) }

func (c *compact) string(s string) {
	c.Write(binary.AppendUvarint(nil, uint64(len(s))))
	c.WriteString(s)
}

// list begins a list of n values.
func (c *compact) list(field, n, kind int) {
	c.field(field, thriftList)
	if n < 15 {
		c.WriteByte(byte(n<<4 | kind))
		return
	}
	c.WriteByte(byte(15<<4 | kind))
	c.Write(binary.AppendUvarint(nil, uint64(n)))
}

func (c *compact) numbers(field int, of ...int) {
	c.list(field, len(of), thriftI32)
	for _, v := range of {
		c.zigzag(int64(v))
	}
}

func (c *compact) texts(field int, of []string) {
	c.list(field, len(of), thriftText)
	for _, s := range of {
		c.string(s)
	}
}

func (c *compact) structs(field int, of []func(*compact)) {
	c.list(field, len(of), thriftStruct)
	for _, write := range of {
		c.outer, c.last = append(c.outer, c.last), 0
		write(c)
		c.close()
	}
}

// open begins a struct in a field, and close ends it.
func (c *compact) open(field int) {
	c.field(field, thriftStruct)
	c.outer, c.last = append(c.outer, c.last), 0
}

func (c *compact) close() {
	c.stop()
	c.last, c.outer = c.outer[len(c.outer)-1], c.outer[:len(c.outer)-1]
}

func (c *compact) stop() { c.WriteByte(0) }
