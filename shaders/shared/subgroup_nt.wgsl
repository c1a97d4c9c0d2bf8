    // y_r_s as in shared/product_nt, R rows by S columns for a whole workgroup: its invocations share the words of a row, add up their
    // sums in each subgroup, of any size, and then over the subgroups in the order of their first invocations. The first one of all
    // continues with the result.
    let at = wid.xy;
    let n = at.y * R;
    if (n >= p.N || at.x >= columns()) { return; }
    let lane = 8u * lid.y + lid.x;
    let K4 = depth();
    let x_r = min(n + r, p.N - 1u) * K4; // each r
    let w_s = column(at.x, s) * K4; // each s
    var y_r_s = 0.0; // each r s
    for (var k = lane; k < K4; k += LANES) {
        let a_r = x[x_r + k]; // each r
        let b_s = weight(w_s + k); // each s
        y_r_s += dot(a_r, b_s); // each r s
    }
    y_r_s = subgroupAdd(y_r_s); // each r s
    let first = subgroupMin(lane);
    if (lane == first) { atomicOr(&sh_firsts, 1u << lane); }
    workgroupBarrier();
    let firsts = atomicLoad(&sh_firsts);
    let place = countOneBits(firsts & ((1u << first) - 1u)) * R * S;
    if (lane == first) { sh_sums[place + r * S + s] = y_r_s; } // each r s
    workgroupBarrier();
    if (lane > 0u) { return; }
    for (var i = 1u; i < countOneBits(firsts); i++) {
        y_r_s += sh_sums[i * R * S + r * S + s]; // each r s
    }
