// Partial sums of squares of the gradient, the first half of its norm.
//
//   partial[i] = Σ_j |g4[i + j·P]|² with g4 the gradient in words of four
//
// g: [n], n a multiple of 4; partial: [P]. One invocation a partial sum, each in
// a fixed order, so that the norm is the same in every run.

#import shared/linear

struct Params { n: u32, P: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    if (i >= p.P) { return; }
    var sum = vec4f();
    for (var j = i; j < p.n / 4u; j += p.P) {
        let v = g[j];
        sum += v * v;
    }
    partial[i] = dot(sum, vec4f(1.0));
}
