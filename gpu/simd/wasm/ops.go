package wasm

import (
	"encoding/binary"
	"math"
)

// Int is an integer constant.
func Int(x int32) Expr { return Do(Expr{0x41}, signed(x)) }

// AddInt, SubInt and MulInt are the arithmetic of addresses and counts; ShiftLeft multiplies by 2^n, ShiftRight divides by it.
func AddInt(a, b Expr) Expr            { return Do(a, b, Expr{0x6a}) }
func SubInt(a, b Expr) Expr            { return Do(a, b, Expr{0x6b}) }
func MulInt(a, b Expr) Expr            { return Do(a, b, Expr{0x6c}) }
func ShiftLeft(a Expr, n int32) Expr   { return Do(a, Int(n), Expr{0x74}) }
func ShiftRight(a Expr, n int32) Expr  { return Do(a, Int(n), Expr{0x76}) }
func (l Local) Advance(step Expr) Expr { return l.Set(AddInt(l.Get(), step)) }
func (l Local) AdvanceBy(n int32) Expr { return l.Advance(Int(n)) }

// Loop runs the statements n times, counting n down to 0. n must be at least 1.
func Loop(n Local, statements ...Expr) Expr {
	return Do(Expr{0x03, 0x40}, Do(statements...), n.Set(SubInt(n.Get(), Int(1))), n.Get(), Expr{0x0d, 0, 0x0b})
}

// If runs the statements where the condition is not 0.
func If(condition Expr, statements ...Expr) Expr {
	return Do(condition, Expr{0x04, 0x40}, Do(statements...), Expr{0x0b})
}

// IfElse runs one of two statements.
func IfElse(condition, then, otherwise Expr) Expr {
	return Do(condition, Expr{0x04, 0x40}, then, Expr{0x05}, otherwise, Expr{0x0b})
}

func vectorOp(code uint32, operands ...Expr) Expr {
	return Do(Do(operands...), Expr{0xfd}, unsigned(code))
}

// at is the immediate of a load or store: unaligned, offset bytes further on.
func at(offset uint32) Expr { return Do(Expr{0}, unsigned(offset)) }

// Load is the vector at an address, offset bytes further on; LoadSplat is the word there, four times.
func Load(address Expr, offset uint32) Expr { return Do(vectorOp(0x00, address), at(offset)) }
func LoadSplat(address Expr) Expr           { return Do(vectorOp(0x09, address), at(0)) }

// Store writes a vector.
func Store(address Expr, offset uint32, value Expr) Expr {
	return Do(vectorOp(0x0b, address, value), at(offset))
}

// MulAdd is a·b + c, rounded once or twice as the machine likes: an instruction of relaxed SIMD, which not every browser has.
func MulAdd(a, b, c Expr) Expr { return vectorOp(0x105, a, b, c) }

// Splat is a word four times; Floats and Ints are constants of one word, IntsOf of four.
func Splat(x Expr) Expr { return vectorOp(0x13, x) }

func Floats(x float32) Expr { return Ints(math.Float32bits(x)) }

func Ints(x uint32) Expr { return IntsOf(x, x, x, x) }

// Add, Sub, Mul, Div, Min and Max work on four float32 each; PMin and PMax take b where it is less (greater) than a.
func Add(a, b Expr) Expr  { return vectorOp(0xe4, a, b) }
func Sub(a, b Expr) Expr  { return vectorOp(0xe5, a, b) }
func Mul(a, b Expr) Expr  { return vectorOp(0xe6, a, b) }
func Div(a, b Expr) Expr  { return vectorOp(0xe7, a, b) }
func PMin(a, b Expr) Expr { return vectorOp(0xea, a, b) }
func PMax(a, b Expr) Expr { return vectorOp(0xeb, a, b) }

// Sqrt is the square root of each.
func Sqrt(a Expr) Expr { return vectorOp(0xe3, a) }

// Neg, Nearest and Less are -a, a rounded to the nearest integer, and a mask of where a < b.
func Neg(a Expr) Expr     { return vectorOp(0xe1, a) }
func Nearest(a Expr) Expr { return vectorOp(0x6a, a) }
func Less(a, b Expr) Expr { return vectorOp(0x43, a, b) }

// AndNot is a where the mask b is not set.
func AndNot(a, b Expr) Expr { return vectorOp(0x4f, a, b) }

// ToInts converts four float32 to int32, AddInts adds those, LessInts is a mask of
// where a < b, SplatInt is an integer four times, ShiftInts shifts each to the left.
func ToInts(a Expr) Expr             { return vectorOp(0xf8, a) }
func AddInts(a, b Expr) Expr         { return vectorOp(0xae, a, b) }
func LessInts(a, b Expr) Expr        { return vectorOp(0x39, a, b) }
func SplatInt(x Expr) Expr           { return vectorOp(0x11, x) }
func ShiftInts(a Expr, n int32) Expr { return vectorOp(0xab, a, Int(n)) }

// Select is a where the mask is set, and b elsewhere.
func Select(a, b, mask Expr) Expr { return vectorOp(0x52, a, b, mask) }

// Lane is one word of a vector, Sum adds two words, and MaxFloat is the larger one.
func Lane(a Expr, i byte) Expr { return Do(vectorOp(0x1f, a), Expr{i}) }
func MaxFloat(a, b Expr) Expr  { return Do(a, b, Expr{0x97}) }
func Sum(a, b Expr) Expr       { return Do(a, b, Expr{0x92}) }

// Shuffle chooses four words of the eight of a and b.
func Shuffle(a, b Expr, words ...byte) Expr {
	code := vectorOp(0x0d, a, b)
	for _, w := range words {
		code = append(code, 4*w, 4*w+1, 4*w+2, 4*w+3)
	}
	return code
}

func IntsOf(words ...uint32) Expr {
	code := vectorOp(0x0c)
	for _, w := range words {
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	return code
}

// MinInt is the smaller of two integers.
func MinInt(a, b Local) Expr { return Do(a.Get(), b.Get(), a.Get(), b.Get(), Expr{0x48, 0x1b}) }

// LoadFloat is the float32 at an address.
func LoadFloat(address Expr) Expr { return Do(address, Expr{0x2a}, at(0)) }

// MulFloat is the product of two float32.
func MulFloat(a, b Expr) Expr { return Do(a, b, Expr{0x94}) }

// LoadInt is the integer at an address, and StoreFloat writes one float32.
func LoadInt(address Expr) Expr           { return Do(address, Expr{0x28}, at(0)) }
func StoreFloat(address, value Expr) Expr { return Do(address, value, Expr{0x38}, at(0)) }
