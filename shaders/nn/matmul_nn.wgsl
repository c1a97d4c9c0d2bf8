// Gradient of a linear layer's input.
//
//   dx[n,i] = Σ_o dy[n,o] · w[o,i]
//
// dy: [N, O rounded up to 4], padding columns 0; w: [O, I]; dx: [N, I].
// One invocation computes a tile of R rows (r) by S/4 columns of four (s).

struct Params { N: u32, O: u32, I: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let I4 = p.I / 4u;
    let n = gid.y * R;
    let i = gid.x * (S / 4u);
    if (n >= p.N || i >= I4) { return; }
    let O4 = (p.O + 3u) / 4u;
    let y_r = min(n + r, p.N - 1u) * O4; // each r
    let i_s = min(i + s, I4 - 1u); // each s
    var x_r_s = vec4f(); // each r s
    for (var o = 0u; o < O4; o++) {
        let g_r = dy[y_r + o]; // each r
        let row_q = min(4u * o + q, p.O - 1u) * I4; // each q
        let w_q_s = w[row_q + i_s]; // each q s
        x_r_s += g_r.x * w_0_s + g_r.y * w_1_s + g_r.z * w_2_s + g_r.w * w_3_s; // each r s
    }
    if (n + r < p.N && i + s < I4) { dx[(n + r) * I4 + i + s] = x_r_s; } // each r s
}
