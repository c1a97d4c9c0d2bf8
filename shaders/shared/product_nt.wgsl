    // y_r_s = x[n + r] · w[column(at.x, s)], R rows by S columns in registers, without barriers. Rows beyond the edge repeat
    // the last one. The kernel imports shared/weights and declares depth(), the words of four of a row, columns(), the invocations that cover its
    // columns, and column(x, s), the row of w that makes column s of invocation x.
    let at = 8u * wid.xy + lid.xy;
    let n = at.y * R;
    if (n >= p.N || at.x >= columns()) { return; }
    let K4 = depth();
    let x_r = min(n + r, p.N - 1u) * K4; // each r
    let w_s = column(at.x, s) * K4; // each s
    var y_r_s = 0.0; // each r s
    for (var k = 0u; k < K4; k++) {
        let a_r = x[x_r + k]; // each r
        let b_s = weight(w_s + k); // each s
        y_r_s += dot(a_r, b_s); // each r s
    }
