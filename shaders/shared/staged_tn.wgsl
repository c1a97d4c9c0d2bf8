    // The rows of shared/product_tn, in the same order of sums, from workgroup memory: 4·DEEP tokens at a time.
    var a_t_s = vec4f(); // each t s
    var b_t_s = vec4f(); // each t s
    var c_t_s = vec4f(); // each t s
    var d_t_s = vec4f(); // each t s
    for (var front = start; front < stop; front += 4u * DEEP) {
        for (var e = lid.x + 8u * lid.y; e < 8u * R * DEEP; e += 64u) {
            let token = min(front + e / (2u * R), p.N - 1u);
            let row = e % (2u * R);
            sh_a[(e / (2u * R) * (R / 4u) + row % (R / 4u)) * 8u + row / (R / 4u)] = dy[token * O4 + min(o - lid.y * (R / 4u) + row, O4 - 1u)];
        }
        for (var e = lid.x + 8u * lid.y; e < 8u * S * DEEP; e += 64u) {
            let token = min(front + e / (2u * S), p.N - 1u);
            let col = e % (2u * S);
            sh_b[(e / (2u * S) * (S / 4u) + col % (S / 4u)) * 8u + col / (S / 4u)] = x[token * I4 + min(i - lid.x * (S / 4u) + col, I4 - 1u)];
        }
        workgroupBarrier();
        for (var k = 0u; k < min(4u * DEEP, stop - front); k++) {
            let g_t = sh_a[(k * (R / 4u) + t) * 8u + lid.y]; // each t
            let v_s = sh_b[(k * (S / 4u) + s) * 8u + lid.x]; // each s
            a_t_s += g_t.x * v_s; // each t s
            b_t_s += g_t.y * v_s; // each t s
            c_t_s += g_t.z * v_s; // each t s
            d_t_s += g_t.w * v_s; // each t s
        }
        workgroupBarrier();
    }
