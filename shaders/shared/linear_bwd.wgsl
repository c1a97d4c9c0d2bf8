// Both products of a linear layer's backward pass, for nn/linear_bwd and nn/down_bwd. They
// are one dispatch, because both read dy and neither waits for the other.
//
//   dx[n,i]     = Σ_o dy[n,o] · w[o,i]                 passed to store
//   part[z,o,i] = Σ_{n in part z} dy[n,o] · x[n,i]     Z parts, so that many cores are busy
//
// The kernel that imports this declares the parameters p (N, O, I, Z, stride), the bindings
// dy [N, O rounded up to 4], x [N, I] and part, Z rows of stride words, imports shared/weights for w [O, I], and declares
// store(n, i, v), which takes the four words of dx from word 4·i of row n on.

#import shared/panels

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

// both computes one tile: the first rows of workgroups compute dx, the others the parts.
fn both(wid: vec3u, lid: vec3u) {
    let rows = (p.N + 8u * R - 1u) / (8u * R);
    if (wid.y < rows) {
        inputs(wid.x, wid.y, lid);
        return;
    }
    let each = (p.O + 8u * R - 1u) / (8u * R); // rows of workgroups for a part
    weights(wid.x, (wid.y - rows) % each, (wid.y - rows) / each, lid);
}

// inputs computes R rows (r) by S/4 columns of four (s) of dx.
fn inputs(column: u32, row: u32, lid: vec3u) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let row4 = O4;
    let first4 = 0u;
    let n = (8u * row + lid.y) * R;
    let i = (8u * column + lid.x) * (S / 4u);
    #import shared/product_nn
    if (n + r < p.N && i + s < I4) { store(n + r, i + s, x_r_s); } // each r s
}

// weights computes R/4 rows of four (t) by S/4 columns of four (s) of part z.
fn weights(column: u32, row: u32, z: u32, lid: vec3u) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let o = (8u * row + lid.y) * (R / 4u);
    let i = (8u * column + lid.x) * (S / 4u);
    let rows = (p.N + p.Z - 1u) / p.Z;
    let start = z * rows;
    let stop = min(start + rows, p.N);
    #import shared/product_tn
    let at = z * (p.stride / 4u) + i;
    let row_t = 4u * (o + t); // each t
    if (i + s < I4 && row_t < p.O) { part[at + row_t * I4 + s] = a_t_s; } // each t s
    if (i + s < I4 && row_t + 1u < p.O) { part[at + (row_t + 1u) * I4 + s] = b_t_s; } // each t s
    if (i + s < I4 && row_t + 2u < p.O) { part[at + (row_t + 2u) * I4 + s] = c_t_s; } // each t s
    if (i + s < I4 && row_t + 3u < p.O) { part[at + (row_t + 3u) * I4 + s] = d_t_s; } // each t s
}
