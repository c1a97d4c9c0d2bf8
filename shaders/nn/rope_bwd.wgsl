// Gradient through the rotary positions, in place: rotates the gradients of queries
// and keys back.
//
//   du[j] = dq[j]·cos θ_j + dq[j+C/2]·sin θ_j,   du[j+C/2] = dq[j+C/2]·cos θ_j − dq[j]·sin θ_j
//
// pos: [N], every stride-th word from first on; rope: [positions, 2, C/2]; dqkv: [N, (H+2K)·C]. One invocation rotates 4 pairs.

#import shared/linear

struct Params { N: u32, D: u32, H: u32, K: u32, C: u32, stride: u32, first: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> pos: array<u32>;
@group(0) @binding(2) var<storage, read> rope: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dqkv: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let half = p.C / 8u;
    let perRow = (p.H + p.K) * half;
    let i = linear(gid, groups, WG);
    if (i >= p.N * perRow) { return; }
    let n = i / perRow;
    let head = i % perRow / half;
    let j = i % half;
    let at = (n * (p.H + 2u * p.K) + head) * 2u * half + j;
    let turn = pos[n * max(p.stride, 1u) + p.first] * 2u * half + j;
    let cosine = rope[turn];
    let sine = rope[turn + half];
    let low = dqkv[at];
    let high = dqkv[at + half];
    dqkv[at] = low * cosine + high * sine;
    dqkv[at + half] = high * cosine - low * sine;
}
