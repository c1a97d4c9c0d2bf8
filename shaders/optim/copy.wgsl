// Copies words. One invocation copies 4 words.
//
//   y[at + i] = x[i]
//
// x: [N]; y: [at + N]; N and at are multiples of 4

#import shared/linear

struct Params { N: u32, at: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    if (i >= p.N / 4u) { return; }
    y[p.at / 4u + i] = x[i];
}
