// Query, key and value projection in one product, with rotary positions on
// queries and keys (rotate-half pairs j and j + C/2, as Hugging Face's Llama).
//
//   u = x · wᵀ;   per head of queries and keys, with θ_j = pos · base^(−2j/C):
//   q[j] = u[j]·cos θ_j − u[j+C/2]·sin θ_j,   q[j+C/2] = u[j+C/2]·cos θ_j + u[j]·sin θ_j
//
// x: [N, D]; w: [(H+2K)·C, D]; pos: [N], every stride-th word from first on; rope: [positions, 2, C/2], cosines then
// sines; qkv: [N, (H+2K)·C], query heads, key heads, value heads.
// An invocation makes 4 rows by 4 pairs of columns.

#import shared/matmul

struct Params { N: u32, D: u32, H: u32, K: u32, C: u32, stride: u32, first: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> pos: array<u32>;
@group(0) @binding(4) var<storage, read> rope: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> qkv: array<vec4f>;

// store turns four pairs of one row and writes them.
fn store(n: u32, head: u32, j: u32, low: vec4f, high: vec4f) {
    let half = p.C / 8u; // of a head, in vec4f
    let at = n * (p.H + 2u * p.K) * 2u * half + head * 2u * half + j;
    if (head >= p.H + p.K) {
        qkv[at] = low;
        qkv[at + half] = high;
        return;
    }
    let turn = pos[n * max(p.stride, 1u) + p.first] * 2u * half + j;
    let cosine = rope[turn];
    let sine = rope[turn + half];
    qkv[at] = low * cosine - high * sine;
    qkv[at + half] = high * cosine + low * sine;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let half = p.C / 8u;
    let head = gid.x / half;
    let j = gid.x % half;
    let n = gid.y * 4u;
    if (n >= p.N || head >= p.H + 2u * p.K) { return; }
    let D4 = p.D / 4u;
    let x0 = n * D4;
    let x1 = min(n + 1u, p.N - 1u) * D4;
    let x2 = min(n + 2u, p.N - 1u) * D4;
    let x3 = min(n + 3u, p.N - 1u) * D4;
    let low = (head * p.C + 4u * j) * D4;
    let high = low + p.C / 2u * D4;
    var a0 = vec4f();
    var a1 = vec4f();
    var a2 = vec4f();
    var a3 = vec4f();
    var b0 = vec4f();
    var b1 = vec4f();
    var b2 = vec4f();
    var b3 = vec4f();
    for (var d = 0u; d < D4; d++) {
        let v0 = x[x0 + d];
        let v1 = x[x1 + d];
        let v2 = x[x2 + d];
        let v3 = x[x3 + d];
        let l0 = w[low + d];
        let l1 = w[low + D4 + d];
        let l2 = w[low + 2u * D4 + d];
        let l3 = w[low + 3u * D4 + d];
        a0 += dots(v0, l0, l1, l2, l3);
        a1 += dots(v1, l0, l1, l2, l3);
        a2 += dots(v2, l0, l1, l2, l3);
        a3 += dots(v3, l0, l1, l2, l3);
        let h0 = w[high + d];
        let h1 = w[high + D4 + d];
        let h2 = w[high + 2u * D4 + d];
        let h3 = w[high + 3u * D4 + d];
        b0 += dots(v0, h0, h1, h2, h3);
        b1 += dots(v1, h0, h1, h2, h3);
        b2 += dots(v2, h0, h1, h2, h3);
        b3 += dots(v3, h0, h1, h2, h3);
    }
    store(n, head, j, a0, b0);
    if (n + 1u < p.N) { store(n + 1u, head, j, a1, b1); }
    if (n + 2u < p.N) { store(n + 2u, head, j, a2, b2); }
    if (n + 3u < p.N) { store(n + 3u, head, j, a3, b3); }
}
