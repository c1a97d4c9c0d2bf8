// Token embedding: x[n] = embed[token[n]].
//
// token: [N]; embed: [V, D]; x: [N, D]. One invocation copies 4 features. A token
// outside the vocabulary gives zeros.

#import shared/linear

struct Params { N: u32, D: u32, V: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> token: array<u32>;
@group(0) @binding(2) var<storage, read> embed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    let D4 = p.D / 4u;
    if (i >= p.N * D4) { return; }
    let v = token[i / D4];
    x[i] = select(vec4f(), embed[min(v, p.V - 1u) * D4 + i % D4], v < p.V);
}
