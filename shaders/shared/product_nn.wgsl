    // x_r_s = Σ_o dy[n + r, first + o] · w[o, i + s], R rows by S/4 columns of four; rows of dy have row4 words of four, of which the
    // first4 ones before the product's are skipped. The sum is written word by word (q): with vectors of four a software adapter stores
    // each product before it adds it. The kernel imports shared/weights.
    if (n >= p.N || i >= I4) { return; }
    let y_r = min(n + r, p.N - 1u) * row4 + first4; // each r
    let i_s = min(i + s, I4 - 1u); // each s
    var x_r_s = vec4f(); // each r s
    for (var o = 0u; o < O4; o++) {
        let g_r = dy[y_r + o]; // each r
        let row_q = min(4u * o + q, p.O - 1u) * I4; // each q
        let w_q_s = weight(row_q + i_s); // each q s
        x_r_s[q] += g_r.x * w_0_s[q] + g_r.y * w_1_s[q] + g_r.z * w_2_s[q] + g_r.w * w_3_s[q]; // each r s q
    }
