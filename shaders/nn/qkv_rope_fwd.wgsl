// Query, key and value projection in one product, with rotary positions on
// queries and keys (rotate-half pairs j and j + C/2, as Hugging Face's Llama).
//
//   u = x · wᵀ;   per head of queries and keys, with θ_j = pos · base^(−2j/C):
//   q[j] = u[j]·cos θ_j − u[j+C/2]·sin θ_j,   q[j+C/2] = u[j+C/2]·cos θ_j + u[j]·sin θ_j
//
// x: [N, D]; w: [(H+2K)·C, D]; pos: [N], every stride-th word from first on; rope: [positions, 2, C/2], cosines then
// sines; qkv: [N, (H+2K)·C], query heads, key heads, value heads.
// An invocation makes R rows (r) by 4 pairs of columns (q).

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

const R: u32 = 4u; // tunable

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let half = p.C / 8u;
    let head = gid.x / half;
    let j = gid.x % half;
    let n = gid.y * R;
    if (n >= p.N || head >= p.H + 2u * p.K) { return; }
    let D4 = p.D / 4u;
    let x_r = min(n + r, p.N - 1u) * D4; // each r
    let low_q = (head * p.C + 4u * j + q) * D4; // each q
    let high_q = low_q + p.C / 2u * D4; // each q
    var a_r_q = 0.0; // each r q
    var b_r_q = 0.0; // each r q
    for (var d = 0u; d < D4; d++) {
        let v_r = x[x_r + d]; // each r
        let l_q = w[low_q + d]; // each q
        let h_q = w[high_q + d]; // each q
        a_r_q += dot(v_r, l_q); // each r q
        b_r_q += dot(v_r, h_q); // each r q
    }
    if (n + r < p.N) { store(n + r, head, j, vec4f(a_r_0, a_r_1, a_r_2, a_r_3), vec4f(b_r_0, b_r_1, b_r_2, b_r_3)); } // each r
}
