package parquet

import "encoding/binary"

// thrift reads a struct of Thrift's compact protocol. Fields of any number are read, whoever knows them.
type thrift struct {
	data []byte
	at   int
}

// value is a field of a struct or an item of a list, by the kind that it has.
type value struct {
	number int64 // also of a truth value, 0 or 1
	text   []byte
	list   []value
	fields map[int]value
}

// Further types of the protocol. A truth value is in the type of its field, and in a list a byte.
const (
	thriftTrue, thriftFalse, thriftByte, thriftI16, thriftDouble, thriftSet, thriftMap, thriftUUID = 1, 2, 3, 4, 7, 10, 11, 13
)

func (t *thrift) byte() byte {
	if t.at >= len(t.data) {
		fail(errDamaged)
	}
	t.at++
	return t.data[t.at-1]
}

func (t *thrift) varint() uint64 {
	v, n := binary.Uvarint(t.data[t.at:])
	if n <= 0 {
		fail(errDamaged)
	}
	t.at += n
	return v
}

func (t *thrift) zigzag() int64 {
	v := t.varint()
	return int64(v>>1) ^ -int64(v&1)
}

// bytes are the next n bytes.
func (t *thrift) bytes(n uint64) []byte {
	if n > uint64(len(t.data)-t.at) {
		fail(errDamaged)
	}
	t.at += int(n)
	return t.data[t.at-int(n) : t.at]
}

// structure reads fields up to the end of a struct.
func (t *thrift) structure(deep int) map[int]value {
	fields, number := map[int]value{}, 0
	for {
		head := t.byte()
		if head == 0 {
			return fields
		}
		if delta := int(head >> 4); delta > 0 {
			number += delta
		} else {
			number = int(t.zigzag())
		}
		switch kind := int(head & 15); kind {
		case thriftTrue, thriftFalse:
			fields[number] = value{number: int64(thriftFalse - kind)}
		default:
			fields[number] = t.value(kind, deep)
		}
	}
}

func (t *thrift) value(kind, deep int) (v value) {
	if deep > mostDeep {
		fail(errDamaged)
	}
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		v.number = int64(t.byte())
	case thriftI16, thriftI32, thriftI64:
		v.number = t.zigzag()
	case thriftDouble:
		t.bytes(8)
	case thriftUUID:
		t.bytes(16)
	case thriftText:
		v.text = t.bytes(t.varint())
	case thriftList, thriftSet:
		head := t.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = t.varint()
		}
		if n > uint64(len(t.data)-t.at) { // an item has a byte or more
			fail(errDamaged)
		}
		for range n {
			v.list = append(v.list, t.value(int(head&15), deep+1))
		}
	case thriftMap:
		n := t.varint()
		if n == 0 {
			break
		}
		kinds := t.byte()
		if n > uint64(len(t.data)-t.at) {
			fail(errDamaged)
		}
		for range n {
			t.value(int(kinds>>4), deep+1)
			t.value(int(kinds&15), deep+1)
		}
	case thriftStruct:
		v.fields = t.structure(deep + 1)
	default:
		fail(errDamaged)
	}
	return v
}
