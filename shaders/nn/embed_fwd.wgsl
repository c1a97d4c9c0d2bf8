// Token embedding: x[n] = w[token[n] - first].
//
// token: [N]; w: [V, D], the rows of tokens first to first + V - 1; x: [N, D]. One invocation copies 4 features. Another token gives
// zeros, or where keep is 1 leaves x as it is: so an embedding in parts takes a dispatch a part.

#import shared/linear

struct Params { N: u32, D: u32, V: u32, first: u32, keep: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> token: array<u32>;
#import shared/weights
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    let D4 = p.D / 4u;
    if (i >= p.N * D4) { return; }
    let v = token[i / D4] - p.first; // wraps below first
    if (v >= p.V && p.keep == 1u) { return; }
    x[i] = select(vec4f(), weight(min(v, p.V - 1u) * D4 + i % D4), v < p.V);
}
