// A weight with its low-rank adapter added.
//
//   merged[o,i] = w[o,i] + scale · Σ_k b[o,k] · a[k,i]
//
// w: [O, I] of any storage; merged: [O, I]; b: [O, R]; a: [R, I]; I a multiple of 4. One invocation computes 4 words of merged.

#import shared/linear

struct Params { O: u32, I: u32, R: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
#import shared/weights
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> merged: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    let I4 = p.I / 4u;
    if (x >= p.O * I4) { return; }
    let o = x / I4;
    let i = x % I4;
    var sum = vec4f();
    for (var k = 0u; k < p.R; k++) { sum += b[o * p.R + k] * a[k * I4 + i]; }
    merged[x] = weight(x) + p.scale * sum;
}
