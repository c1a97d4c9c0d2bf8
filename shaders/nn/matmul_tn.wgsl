// Gradient of a linear layer's weight, in Z parts over the tokens, which
// sum_parts adds up: a weight is small, and one part would keep few cores busy.
//
//   part[z,o,i] = Σ_{n in part z} dy[n,o] · x[n,i]
//
// dy: [N, O rounded up to 4], padding columns 0; x: [N, I]; part: [Z, O, I].
// An invocation makes a tile of R/4 rows of four (r) by S/4 columns of four (s) of
// one part; the names a, b, c, d are the four rows.

struct Params { N: u32, O: u32, I: u32, Z: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> part: array<vec4f>;

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let o = gid.y * (R / 4u);
    let i = gid.x * (S / 4u);
    if (i >= I4 || o >= O4) { return; }
    let o_r = min(o + r, O4 - 1u); // each r
    let i_s = min(i + s, I4 - 1u); // each s
    let rows = (p.N + p.Z - 1u) / p.Z;
    let stop = min((gid.z + 1u) * rows, p.N);
    var a_r_s = vec4f(); // each r s
    var b_r_s = vec4f(); // each r s
    var c_r_s = vec4f(); // each r s
    var d_r_s = vec4f(); // each r s
    for (var n = gid.z * rows; n < stop; n++) {
        let g_r = dy[n * O4 + o_r]; // each r
        let v_s = x[n * I4 + i_s]; // each s
        a_r_s += g_r.x * v_s; // each r s
        b_r_s += g_r.y * v_s; // each r s
        c_r_s += g_r.z * v_s; // each r s
        d_r_s += g_r.w * v_s; // each r s
    }
    let at = gid.z * p.O * I4 + i;
    let row_r = 4u * (o + r); // each r
    if (i + s < I4 && row_r < p.O) { part[at + row_r * I4 + s] = a_r_s; } // each r s
    if (i + s < I4 && row_r + 1u < p.O) { part[at + (row_r + 1u) * I4 + s] = b_r_s; } // each r s
    if (i + s < I4 && row_r + 2u < p.O) { part[at + (row_r + 2u) * I4 + s] = c_r_s; } // each r s
    if (i + s < I4 && row_r + 3u < p.O) { part[at + (row_r + 3u) * I4 + s] = d_r_s; } // each r s
}
