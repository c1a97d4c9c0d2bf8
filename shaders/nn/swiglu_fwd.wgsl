// Gated activation: s = silu(gate) · up, silu(g) = g / (1 + e^−g).
//
// gu: [N, 2F], gate then up; s: [N, F]. One invocation computes 4 features.

#import shared/linear
#import shared/sigmoid

struct Params { N: u32, F: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gu: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> s: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    let F4 = p.F / 4u;
    if (i >= p.N * F4) { return; }
    let at = i / F4 * 2u * F4 + i % F4;
    let gate = gu[at];
    s[i] = gate * sigmoid(gate) * gu[at + F4];
}
