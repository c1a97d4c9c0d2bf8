    // y_r_s as in shared/product_nt, in the same order of sums. A workgroup copies the next DEEP words of its 8·R rows and 8·S
    // columns to workgroup memory and computes with them, so that each word is read once for eight invocations.
    let at = 8u * wid.xy + lid.xy;
    let n = at.y * R;
    let K4 = depth();
    var y_r_s = 0.0; // each r s
    for (var front = 0u; front < K4; front += DEEP) {
        for (var e = lid.x + 8u * lid.y; e < 8u * R * DEEP; e += 64u) {
            let row = e / DEEP;
            sh_a[(e % DEEP * R + row % R) * 8u + row / R] = x[min(8u * R * wid.y + row, p.N - 1u) * K4 + min(front + e % DEEP, K4 - 1u)];
        }
        for (var e = lid.x + 8u * lid.y; e < 8u * S * DEEP; e += 64u) {
            let col = e / DEEP;
            sh_b[(e % DEEP * S + col % S) * 8u + col / S] = weight(column(min(8u * wid.x + col / S, columns() - 1u), col % S) * K4 + min(front + e % DEEP, K4 - 1u));
        }
        workgroupBarrier();
        for (var k = 0u; k < min(DEEP, K4 - front); k++) {
            let a_r = sh_a[(k * R + r) * 8u + lid.y]; // each r
            let b_s = sh_b[(k * S + s) * 8u + lid.x]; // each s
            y_r_s += dot(a_r, b_s); // each r s
        }
        workgroupBarrier();
    }
    if (at.x >= columns()) { return; }
