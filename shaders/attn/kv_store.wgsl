// Stores the keys and values of new tokens in the cache.
//
//   kv[table[slot,pos]] = (k[n], v[n])
//
// qkv: [N, (H+2K)·C]; table: [S, T] rows of kv by sequence slot and position;
// at: [N] (slot, pos, hideLo, hideHi); kv: [R, 2K·C]. A token at pos >= T is skipped.
// One invocation copies four features.

#import shared/linear

struct Params { N: u32, H: u32, K: u32, C: u32, T: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> at: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> kv: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    let width = p.K * p.C / 2u;
    if (x >= p.N * width) { return; }
    let n = x / width;
    let a = at[n];
    if (a.y >= p.T) { return; }
    let C4 = p.C / 4u;
    kv[table[a.x * p.T + a.y] * width + x % width] = qkv[n * (p.H + 2u * p.K) * C4 + p.H * C4 + x % width];
}
