// The attention weights of some queries of one head, for display.
//
//   rows[i,t] = exp(q[m,h] · k[n,g] / √C - lse[m,h])    m = first + i, n = start + t
//
// 0 where n > m or n is hidden.
//
// qkv, span, lse: as in attn_fwd; start is the start of m's sequence; rows: [M, T]. One
// invocation computes one word.

#import shared/linear

struct Params { H: u32, K: u32, C: u32, head: u32, first: u32, M: u32, T: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> span: array<vec4u>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    if (x >= p.M * p.T) { return; }
    let m = p.first + x / p.T;
    let s = span[m];
    let n = s.x + x % p.T;
    var w = 0.0;
    if (n <= m && !(n >= s.z && n < s.w)) {
        let C4 = p.C / 4u;
        let row = (p.H + 2u * p.K) * C4;
        let q = m * row + p.head * C4;
        let k = n * row + (p.H + p.head / (p.H / p.K)) * C4;
        var d = 0.0;
        for (var c = 0u; c < C4; c++) { d += dot(qkv[q + c], qkv[k + c]); }
        w = exp(min(d * inverseSqrt(f32(p.C)) - lse[m * p.H + p.head], 0.0));
    }
    rows[x] = w;
}
