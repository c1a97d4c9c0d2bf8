// Adds up the parts of a weight's gradient.
//
//   dw[i] += Σ_z part[z,i]
//
// part: [Z, M]; dw: [M], M a multiple of 4. One invocation adds 4 words.

#import shared/linear

struct Params { M: u32, Z: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> part: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    let M4 = p.M / 4u;
    if (i >= M4) { return; }
    var sum = dw[i];
    for (var z = 0u; z < p.Z; z++) {
        sum += part[z * M4 + i];
    }
    dw[i] = sum;
}
