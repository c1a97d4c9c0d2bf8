package gpu

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Float is the type a host twin computes in: float32 in place of a kernel, float64 as
// its referee and for finite differences.
type Float interface{ ~float32 | ~float64 }

// Kind is the element type of a buffer.
type Kind uint8

const (
	F32 Kind = iota // 32-bit floats (float64 on the refereeing host)
	U32             // 32-bit unsigned integers
)

func (k Kind) String() string { return [...]string{"f32", "u32"}[k] }

// Binding is one storage buffer of a kernel. Binding 0 of the WGSL is the
// parameter uniform; Bindings[i] of a kernel is WGSL binding i+1.
type Binding struct {
	Name  string
	Kind  Kind
	Write bool // read_write in WGSL; otherwise read
	// Halves tells that each word is a pair of half-precision floats, the first in the lower half: tests compare those.
	Halves bool
}

// In, Out and InOf build the rows of a binding table.
func In(name string) Binding  { return Binding{Name: name} }
func InU(name string) Binding { return Binding{Name: name, Kind: U32} }

// Out is written (and may be read) by the kernel.
func Out(name string) Binding  { return Binding{Name: name, Write: true} }
func OutU(name string) Binding { return Binding{Name: name, Kind: U32, Write: true} }

// Groups is a number of workgroups in x, y, z.
type Groups [3]int

// maxGroups is WebGPU's default limit of workgroups in a dimension.
const maxGroups = 65535

// Groups1D covers n invocations with workgroups of size wg, folding into y
// beyond 65,535 workgroups; a kernel computes its flat index with
// shared/linear.wgsl.
func Groups1D(n, wg int) Groups {
	g := (n + wg - 1) / wg
	if g <= maxGroups {
		return Groups{g, 1, 1}
	}
	y := (g + maxGroups - 1) / maxGroups
	return Groups{(g + y - 1) / y, y, 1}
}

// Groups2D covers an x by y grid of invocations with workgroups of wx by wy.
func Groups2D(x, y, wx, wy int) Groups {
	return Groups{(x + wx - 1) / wx, (y + wy - 1) / wy, 1}
}

// Args are the bindings of one dispatch for a host twin.
type Args[X Float] struct {
	floats [][]X
	uints  [][]uint32
	memos  []*memo // of the buffers that the kernel only reads
}

// NewArgs binds slices ([]X or []uint32) in the kernel's order, for calling a
// twin directly in a test.
func NewArgs[X Float](slices ...any) Args[X] {
	a := Args[X]{floats: make([][]X, len(slices)), uints: make([][]uint32, len(slices))}
	for i, s := range slices {
		switch s := s.(type) {
		case []X:
			a.floats[i] = s
		case []uint32:
			a.uints[i] = s
		default:
			panic(fmt.Sprintf("gpu: NewArgs: slice %d is a %T", i, s))
		}
	}
	return a
}

// F is binding i as floats.
func (a Args[X]) F(i int) []X { return a.floats[i] }

// U is binding i as unsigned integers.
func (a Args[X]) U(i int) []uint32 { return a.uints[i] }

// Source returns the WGSL of a kernel, imports resolved. A kernel asks for it when it is first compiled: to assemble all kernels takes
// seconds in a browser, and the host backend needs none.
type Source func() string

// WGSL is the source of a text.
func WGSL(text string) Source { return func() string { return text } }

// Kernel is a compute kernel as a value. Make it with [New].
type Kernel struct {
	Name     string
	Source   Source
	Bindings []Binding
	// Subgroups tells that the source enables WebGPU's feature subgroups, which not every device has. Such a kernel's name says so.
	Subgroups bool
	params    reflect.Type
	bytes     func(any) []byte
	groups    func(any) Groups
	count     func(any, func(int) []uint32) Work // nil if its work is not counted
	host32    func(any, Args[float32])
	host64    func(any, Args[float64])
}

// New makes a kernel whose parameter uniform is the struct P: uint32 and float32
// fields only, in the order of the WGSL's struct Params, 256 bytes at most.
// groups gives the workgroups of a dispatch; host and host64 are the same
// generic twin in both precisions. count, of which there is at most one, counts the work
// of a dispatch.
func New[P any](name string, source Source, bindings []Binding, groups func(P) Groups,
	host func(P, Args[float32]), host64 func(P, Args[float64]), count ...Count[P]) *Kernel {
	t := reflect.TypeFor[P]()
	for i := range t.NumField() {
		if k := t.Field(i).Type.Kind(); k != reflect.Uint32 && k != reflect.Float32 {
			panic(fmt.Sprintf("gpu: kernel %s: parameter %s is a %s, want uint32 or float32", name, t.Field(i).Name, k))
		}
	}
	if t.Size() > uniformSlot || t.Size() == 0 {
		panic(fmt.Sprintf("gpu: kernel %s: parameters take %d bytes, want 1 to %d", name, t.Size(), uniformSlot))
	}
	if len(bindings) > 8 {
		panic(fmt.Sprintf("gpu: kernel %s: %d storage buffers, WebGPU's default limit is 8", name, len(bindings)))
	}
	k := &Kernel{
		Name: name, Source: sync.OnceValue(source), Bindings: bindings, params: t, Subgroups: strings.Contains(name, "_subgroups"),
		bytes: func(p any) []byte {
			v := p.(P)
			b := make([]byte, unsafe.Sizeof(v))
			copy(b, unsafe.Slice((*byte)(unsafe.Pointer(&v)), len(b)))
			return b
		},
		groups: func(p any) Groups { return groups(p.(P)) },
		host32: func(p any, a Args[float32]) { host(p.(P), a) },
		host64: func(p any, a Args[float64]) { host64(p.(P), a) },
	}
	for _, c := range count {
		k.count = func(p any, words func(int) []uint32) Work { return c(p.(P), words) }
	}
	return k
}

// Params is the Go type of the parameter uniform.
func (k *Kernel) Params() reflect.Type { return k.params }

// Run64 runs the twin in float64: the referee.
func (k *Kernel) Run64(params any, a Args[float64]) { k.host64(params, a) }

// RunTwin runs the twin of k in the precision of a's floats. Twins of fused kernels are the twins of their parts, one after another.
func RunTwin[X Float](k *Kernel, params any, a Args[X]) {
	switch a := any(a).(type) {
	case Args[float32]:
		k.host32(params, a)
	case Args[float64]:
		k.host64(params, a)
	default:
		panic(fmt.Sprintf("gpu: kernel %s has no twin for %T", k.Name, a))
	}
}

// Rows calls f for every i in [0,n), spread over the processors; f(i) may write only
// row i. Twins use it for their outer loop.
func Rows(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var next atomic.Int64
	work := func() {
		// The next row goes to whoever is free, because rows cost differently and processors have other work.
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

// share is how many words a processor computes at least: to wake another one takes as long.
const share = 1 << 14

// Parts calls f for parts [from,to) of n rows of the given number of words, spread over the processors where that pays.
// f may write only its own rows.
func Parts(n, words int, f func(from, to int)) {
	parts := min(4*runtime.GOMAXPROCS(0), n*words/share)
	if parts <= 1 || runtime.GOMAXPROCS(0) == 1 {
		f(0, n)
		return
	}
	each := (n + parts - 1) / parts
	Rows((n+each-1)/each, func(i int) { f(i*each, min((i+1)*each, n)) })
}
