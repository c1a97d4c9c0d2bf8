// Query, key and value projection in one product, with rotary positions on
// queries and keys (rotate-half pairs j and j + C/2, as Hugging Face's Llama).
//
//   u = x · wᵀ;   per head of queries and keys, with θ_j = pos · base^(−2j/C):
//   q[j] = u[j]·cos θ_j − u[j+C/2]·sin θ_j,   q[j+C/2] = u[j+C/2]·cos θ_j + u[j]·sin θ_j
//
// x: [N, D]; w: [(H+2K)·C, D]; pos: [N], every stride-th word from first on; rope: [positions, 2, C/2], cosines then
// sines; qkv: [N, (H+2K)·C], query heads, key heads, value heads.
// An invocation makes R rows (r) by 4 pairs of columns.

#import shared/panels

struct Params { N: u32, D: u32, H: u32, K: u32, C: u32, stride: u32, first: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
#import shared/weights
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
const S: u32 = 8u; // tunable

// Invocation x computes pairs 4j to 4j+3 of a head: four low columns, then four high ones.
fn depth() -> u32 { return p.D / 4u; }
fn columns() -> u32 { return (p.H + 2u * p.K) * p.C / 8u; }
fn column(x: u32, s: u32) -> u32 { return x / (p.C / 8u) * p.C + 4u * (x % (p.C / 8u)) + s % 4u + s / 4u * (p.C / 2u); }

@compute @workgroup_size(8, TALL)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    #import shared/product_nt
    let head = at.x / (p.C / 8u);
    let j = at.x % (p.C / 8u);
    if (n + r < p.N) { store(n + r, head, j, vec4f(y_r_0, y_r_1, y_r_2, y_r_3), vec4f(y_r_4, y_r_5, y_r_6, y_r_7)); } // each r
}
