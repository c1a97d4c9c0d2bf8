// Gradient of the gated activation.
//
//   σ = sigmoid(gate):  dup = ds · gate·σ,   dgate = ds · up · σ·(1 + gate·(1 − σ))
//
// gu, dgu: [N, 2F], gate then up; ds: [N, F]. One invocation computes 4 features of each.

#import shared/linear
#import shared/sigmoid

struct Params { N: u32, F: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> gu: array<vec4f>;
@group(0) @binding(2) var<storage, read> ds: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dgu: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    let F4 = p.F / 4u;
    if (i >= p.N * F4) { return; }
    let at = i / F4 * 2u * F4 + i % F4;
    let gate = gu[at];
    let up = gu[at + F4];
    let s = sigmoid(gate);
    dgu[at] = ds[i] * up * s * (1.0 + gate * (1.0 - s));
    dgu[at + F4] = ds[i] * gate * s;
}
