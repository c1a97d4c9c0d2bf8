// Package wasm writes small WebAssembly modules: enough of the binary format (WebAssembly core 2.0) for loops over float32 vectors of
// four. An expression is the bytes that leave its value on the stack, so that a kernel reads like its formula:
//
//	sum.Set(Add(sum.Get(), Mul(x.Get(), Load(p.Get(), 0))))
package wasm

// Type is a value type.
type Type byte

const (
	I32  Type = 0x7f // integers and addresses
	F32  Type = 0x7d
	V128 Type = 0x7b // four float32, or four int32
)

// Expr is code: an expression leaves one value on the stack, a statement none.
type Expr []byte

// Do is one statement after another.
func Do(statements ...Expr) (all Expr) {
	for _, s := range statements {
		all = append(all, s...)
	}
	return all
}

// Local is a parameter or a variable of a function.
type Local uint32

// Get is the variable's value.
func (l Local) Get() Expr { return append(Expr{0x20}, unsigned(uint32(l))...) }

// Set assigns to the variable.
func (l Local) Set(e Expr) Expr { return Do(e, Expr{0x21}, unsigned(uint32(l))) }

// Func is a function under construction.
type Func struct {
	name    string
	params  []Type
	results []Type
	locals  []Type
	body    Expr
}

// NewFunc begins a function that is exported under its name.
func NewFunc(name string, results ...Type) *Func { return &Func{name: name, results: results} }

// Param adds a parameter; all of them come before the first [Func.Var].
func (f *Func) Param(t Type) Local {
	f.params = append(f.params, t)
	return Local(len(f.params) - 1)
}

// Var adds a variable. It begins as 0.
func (f *Func) Var(t Type) Local {
	f.locals = append(f.locals, t)
	return Local(len(f.params) + len(f.locals) - 1)
}

// Body sets the function's code. With a result, the last expression is it.
func (f *Func) Body(statements ...Expr) *Func {
	f.body = Do(statements...)
	return f
}

// Module returns the bytes of a module with the functions, on the memory that it imports as go.mem.
func Module(functions ...*Func) []byte {
	var types, kinds, exports, codes [][]byte
	for i, f := range functions {
		types = append(types, Do(Expr{0x60}, vector(typesOf(f.params)), vector(typesOf(f.results))))
		kinds = append(kinds, unsigned(uint32(i)))
		exports = append(exports, Do(text(f.name), Expr{0}, unsigned(uint32(i))))
		var locals [][]byte
		for _, t := range f.locals {
			locals = append(locals, Expr{1, byte(t)})
		}
		code := Do(vector(locals), f.body, Expr{0x0b})
		codes = append(codes, Do(unsigned(uint32(len(code))), code))
	}
	memory := Do(text("go"), text("mem"), Expr{2, 0, 0}) // any size
	return Do(Expr{0, 'a', 's', 'm', 1, 0, 0, 0},
		section(1, types), section(2, [][]byte{memory}), section(3, kinds), section(7, exports), section(10, codes))
}

func typesOf(types []Type) (bytes [][]byte) {
	for _, t := range types {
		bytes = append(bytes, []byte{byte(t)})
	}
	return bytes
}

func section(id byte, items [][]byte) Expr {
	content := vector(items)
	return Do(Expr{id}, unsigned(uint32(len(content))), content)
}

// vector is a list with its length before it.
func vector(items [][]byte) Expr {
	all := unsigned(uint32(len(items)))
	for _, item := range items {
		all = append(all, item...)
	}
	return all
}

func text(s string) Expr { return Do(unsigned(uint32(len(s))), Expr(s)) }

// unsigned is an integer in LEB128.
func unsigned(x uint32) (bytes Expr) {
	for ; x >= 0x80; x >>= 7 {
		bytes = append(bytes, byte(x)|0x80)
	}
	return append(bytes, byte(x))
}

func signed(x int32) (bytes Expr) {
	for {
		low := byte(x & 0x7f)
		x >>= 7
		if x == 0 && low&0x40 == 0 || x == -1 && low&0x40 != 0 {
			return append(bytes, low)
		}
		bytes = append(bytes, low|0x80)
	}
}
