// Package gpu is the one small surface over the two backends that run attnlab's
// kernels: WebGPU (a browser's, or wgpu-native on the desktop) and the host (Go),
// which is the fallback without an adapter and the referee of every kernel.
//
// The nouns:
//
//   - [Kernel]: a value. Name, WGSL, bindings in order, workgroup count as a
//     function of the parameters, and a host twin with the same bindings.
//   - [Buffer]: float32 or uint32 words on a device, or a part of such words.
//   - [Program]: a recorded list of dispatches, built once and replayed; one
//     encoder, one pass, one submit a run. Only parameters change.
//   - [Device]: an opened backend. [Open] chooses it.
//
// The device stores the first error of the environment (no adapter, out of memory, a
// kernel that does not compile, a lost device) and returns it from the next
// [Program.Run], [Device.Err] or read. A lost device is a [LostError]: open another
// one and restore. Misuse by the programmer (a wrong shape or parameter type) panics.
//
// ATTNLAB_HOST names kernels, separated by commas, that run as their host twins
// inside a WebGPU program ("all" for every one), so that a wrong result can be
// bisected to its kernel.
//
// The binding github.com/cogentcore/webgpu appears in this package only.
package gpu
