    // Four rows a, b, c, d of the part: a_t_s = Σ_n dy[n, 4(o + t)] · x[n, i + s], R/4 rows of four by S/4 columns of four. A round adds
    // two tokens, n and m, of which the second counts as zero beyond the end. The sum is written word by word (q) as in product_nn.
    if (i >= I4 || o >= O4) { return; }
    let o_t = min(o + t, O4 - 1u); // each t
    let i_s = min(i + s, I4 - 1u); // each s
    var a_t_s = vec4f(); // each t s
    var b_t_s = vec4f(); // each t s
    var c_t_s = vec4f(); // each t s
    var d_t_s = vec4f(); // each t s
    for (var n = start; n < stop; n += 2u) {
        let m = min(n + 1u, stop - 1u);
        let g_t = dy[n * O4 + o_t]; // each t
        let v_s = x[n * I4 + i_s]; // each s
        let h_t = select(vec4f(), dy[m * O4 + o_t], n + 1u < stop); // each t
        let w_s = x[m * I4 + i_s]; // each s
        a_t_s[q] = a_t_s[q] + g_t.x * v_s[q] + h_t.x * w_s[q]; // each t s q
        b_t_s[q] = b_t_s[q] + g_t.y * v_s[q] + h_t.y * w_s[q]; // each t s q
        c_t_s[q] = c_t_s[q] + g_t.z * v_s[q] + h_t.z * w_s[q]; // each t s q
        d_t_s[q] = d_t_s[q] + g_t.w * v_s[q] + h_t.w * w_s[q]; // each t s q
    }
