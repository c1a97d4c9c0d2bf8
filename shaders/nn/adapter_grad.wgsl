// Adds the parts of the gradient of one matrix of an adapter to it.
//
//   g[o,k] += scale · Σ_z part[z,o,k]     where row o and column k belong to the same block
//
// part: Z rows of stride words, the first O·R of each a [O, R]; g: [O, R]; R and rank multiples of 4. Columns come in blocks of rank; rows
// below first are in block 0, those below second in block 1, the others in block 2. Outside the blocks g does not change. One invocation
// adds 4 words.

#import shared/linear

struct Params { O: u32, R: u32, Z: u32, stride: u32, rank: u32, first: u32, second: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> part: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> g: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    let R4 = p.R / 4u;
    if (x >= p.O * R4) { return; }
    let o = x / R4;
    let block = select(0u, 1u, o >= p.first) + select(0u, 1u, o >= p.second);
    if (4u * (x % R4) / p.rank != block) { return; }
    var sum = vec4f();
    for (var z = 0u; z < p.Z; z++) { sum += part[z * (p.stride / 4u) + x]; }
    g[x] += p.scale * sum;
}
