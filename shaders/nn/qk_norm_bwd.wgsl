// Gradient through the RMS norms of query and key heads (Qwen3), in place, whose gain is frozen.
//
//   u = qkv + bias,  r = 1/√(mean u² + eps),  û = u·r,  g = dqkv·gain,  dqkv = r · (g − û · mean_c(g·û))   per head of queries and keys
//
// bias: [(H+2K)·C], not read where bias is 0; gain: [2, C], of queries, then of keys; qkv: [N, (H+2K)·C], the projection; dqkv: the same
// shape, of which value heads stay. One invocation computes one head of one token.

#import shared/linear

struct Params { N: u32, H: u32, K: u32, C: u32, bias: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<vec4f>;

const WG: u32 = 64u; // tunable

fn projected(at: u32, b: u32) -> vec4f {
    if (p.bias == 0u) { return qkv[at]; }
    return qkv[at] + bias[b];
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    let normed = p.H + p.K;
    if (x >= p.N * normed) { return; }
    let head = x % normed;
    let C4 = p.C / 4u;
    let at = (x / normed * (p.H + 2u * p.K) + head) * C4;
    let b = head * C4;
    let g = select(0u, C4, head >= p.H);
    var square = 0.0;
    var along = 0.0;
    for (var c = 0u; c < C4; c++) {
        let u = projected(at + c, b + c);
        square += dot(u, u);
        along += dot(dqkv[at + c] * gain[g + c], u);
    }
    let r = inverseSqrt(square / f32(p.C) + p.eps);
    let share = r * r * along / f32(p.C);
    for (var c = 0u; c < C4; c++) {
        dqkv[at + c] = r * (dqkv[at + c] * gain[g + c] - projected(at + c, b + c) * share);
    }
}
