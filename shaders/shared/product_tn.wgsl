    // Four rows a, b, c, d of the part: a_t_s = Σ_n dy[n, 4(o + t)] · x[n, i + s], R/4 rows of four by S/4 columns of four.
    if (i >= I4 || o >= O4) { return; }
    let o_t = min(o + t, O4 - 1u); // each t
    let i_s = min(i + s, I4 - 1u); // each s
    var a_t_s = vec4f(); // each t s
    var b_t_s = vec4f(); // each t s
    var c_t_s = vec4f(); // each t s
    var d_t_s = vec4f(); // each t s
    for (var n = start; n < stop; n++) {
        let g_t = dy[n * O4 + o_t]; // each t
        let v_s = x[n * I4 + i_s]; // each s
        a_t_s += g_t.x * v_s; // each t s
        b_t_s += g_t.y * v_s; // each t s
        c_t_s += g_t.z * v_s; // each t s
        d_t_s += g_t.w * v_s; // each t s
    }
