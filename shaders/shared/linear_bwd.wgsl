// Both products of a linear layer's backward pass, for nn/linear_bwd and nn/down_bwd. They
// are one dispatch, because both read dy and neither waits for the other.
//
//   dx[n,i]     = Σ_o dy[n,o] · w[o,i]                 passed to store
//   part[z,o,i] = Σ_{n in part z} dy[n,o] · x[n,i]     Z parts, so that many cores are busy
//
// The kernel that imports this declares the parameters p (N, O, I, Z, stride), the bindings
// dy [N, O rounded up to 4], w [O, I], x [N, I] and part, Z rows of stride words, and
// store(n, i, v), which takes the four words of dx from word 4·i of row n on.

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

// both computes one tile: the first rows of workgroups compute dx, the others the parts.
fn both(gid: vec3u) {
    let rows = (p.N + 8u * R - 1u) / (8u * R) * 8u;
    if (gid.y < rows) {
        inputs(gid.x, gid.y);
        return;
    }
    let each = (p.O + 8u * R - 1u) / (8u * R) * 8u; // rows of invocations for a part
    weights(gid.x, (gid.y - rows) % each, (gid.y - rows) / each);
}

// inputs computes R rows (r) by S/4 columns of four (s) of dx.
fn inputs(column: u32, row: u32) {
    let I4 = p.I / 4u;
    let n = row * R;
    let i = column * (S / 4u);
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
    if (n + r < p.N && i + s < I4) { store(n + r, i + s, x_r_s); } // each r s
}

// weights computes R/4 rows of four (t) by S/4 columns of four (s) of part z; the names a,
// b, c, d are the four rows.
fn weights(column: u32, row: u32, z: u32) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let o = row * (R / 4u);
    let i = column * (S / 4u);
    if (i >= I4 || o >= O4 || z >= p.Z) { return; }
    let o_t = min(o + t, O4 - 1u); // each t
    let i_s = min(i + s, I4 - 1u); // each s
    let rows = (p.N + p.Z - 1u) / p.Z;
    let stop = min((z + 1u) * rows, p.N);
    var a_t_s = vec4f(); // each t s
    var b_t_s = vec4f(); // each t s
    var c_t_s = vec4f(); // each t s
    var d_t_s = vec4f(); // each t s
    for (var n = z * rows; n < stop; n++) {
        let g_t = dy[n * O4 + o_t]; // each t
        let v_s = x[n * I4 + i_s]; // each s
        a_t_s += g_t.x * v_s; // each t s
        b_t_s += g_t.y * v_s; // each t s
        c_t_s += g_t.z * v_s; // each t s
        d_t_s += g_t.w * v_s; // each t s
    }
    let at = z * (p.stride / 4u) + i;
    let row_t = 4u * (o + t); // each t
    if (i + s < I4 && row_t < p.O) { part[at + row_t * I4 + s] = a_t_s; } // each t s
    if (i + s < I4 && row_t + 1u < p.O) { part[at + (row_t + 1u) * I4 + s] = b_t_s; } // each t s
    if (i + s < I4 && row_t + 2u < p.O) { part[at + (row_t + 2u) * I4 + s] = c_t_s; } // each t s
    if (i + s < I4 && row_t + 3u < p.O) { part[at + (row_t + 3u) * I4 + s] = d_t_s; } // each t s
}
