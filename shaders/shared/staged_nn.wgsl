    // x_r_s as in shared/product_nn, in the same order of sums, from workgroup memory.
    var x_r_s = vec4f(); // each r s
    for (var front = 0u; front < O4; front += DEEP) {
        for (var e = lid.x + 8u * lid.y; e < 8u * R * DEEP; e += 64u) {
            let row = e / DEEP;
            sh_a[(e % DEEP * R + row % R) * 8u + row / R] = dy[min(n - lid.y * R + row, p.N - 1u) * row4 + first4 + min(front + e % DEEP, O4 - 1u)];
        }
        for (var e = lid.x + 8u * lid.y; e < 8u * S * DEEP; e += 64u) {
            let o = e / (2u * S);
            let col = e % (2u * S);
            sh_b[(o * (S / 4u) + col % (S / 4u)) * 8u + col / (S / 4u)] = weight(min(4u * front + o, p.O - 1u) * I4 + min(i - lid.x * (S / 4u) + col, I4 - 1u));
        }
        workgroupBarrier();
        for (var k = 0u; k < min(DEEP, O4 - front); k++) {
            let g_r = sh_a[(k * R + r) * 8u + lid.y]; // each r
            let w_q_s = sh_b[((4u * k + q) * (S / 4u) + s) * 8u + lid.x]; // each q s
            x_r_s += g_r.x * w_0_s + g_r.y * w_1_s + g_r.z * w_2_s + g_r.w * w_3_s; // each r s
        }
        workgroupBarrier();
    }
