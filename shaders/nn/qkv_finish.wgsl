// What some models do to queries, keys and values after their projection, in place: biases, an RMS norm of every query and key head,
// rotary positions (rotate-half pairs j and j + C/2).
//
//   u = qkv + bias;   per head of queries and keys:  u = u / √(mean u² + eps) · gain,  and with θ_j = pos · turn_j:
//   u[j] = u[j]·cos θ_j − u[j+C/2]·sin θ_j,   u[j+C/2] = u[j+C/2]·cos θ_j + u[j]·sin θ_j
//
// pos: [N], every stride-th word from first on; rope: [positions, 2, C/2], cosines then sines; bias: [(H+2K)·C]; gain: [2, C], of
// queries, then of keys; qkv: [N, (H+2K)·C], query heads, key heads, value heads. Each part is left out where its flag (bias, norm,
// turn) is 0, and then its buffer is not read. One invocation computes one head of one token.

#import shared/linear

struct Params { N: u32, H: u32, K: u32, C: u32, stride: u32, first: u32, bias: u32, norm: u32, turn: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> pos: array<u32>;
@group(0) @binding(2) var<storage, read> rope: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read> gain: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> qkv: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    let heads = p.H + 2u * p.K;
    if (x >= p.N * heads) { return; }
    let n = x / heads;
    let head = x % heads;
    let C4 = p.C / 4u;
    let at = x * C4;
    if (p.bias == 1u) {
        for (var c = 0u; c < C4; c++) { qkv[at + c] += bias[head * C4 + c]; }
    }
    if (head >= p.H + p.K) { return; }
    if (p.norm == 1u) {
        var square = 0.0;
        for (var c = 0u; c < C4; c++) { square += dot(qkv[at + c], qkv[at + c]); }
        let scale = inverseSqrt(square / f32(p.C) + p.eps);
        let g = select(0u, C4, head >= p.H);
        for (var c = 0u; c < C4; c++) { qkv[at + c] *= scale * gain[g + c]; }
    }
    if (p.turn == 0u) { return; }
    let half = C4 / 2u;
    let angle = pos[n * max(p.stride, 1u) + p.first] * C4;
    for (var j = 0u; j < half; j++) {
        let low = qkv[at + j];
        let high = qkv[at + half + j];
        let cosine = rope[angle + j];
        let sine = rope[angle + half + j];
        qkv[at + j] = low * cosine - high * sine;
        qkv[at + half + j] = high * cosine + low * sine;
    }
}
