// Sets n words to a value. One invocation a word.
//
//   x[i] = value
//
// x: [n]

#import shared/linear

struct Params { n: u32, value: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    if (i >= p.n) { return; }
    x[i] = p.value;
}
