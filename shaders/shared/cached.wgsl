// Attention of one head of a new token to cached keys and values, shared by attn/attn_cached and the fused kernels of decoding.
//
//   s[t] = q · k[t] / √C;   o = Σ_t softmax(s)[t] v[t]  without the t that are hidden
//
// The kernel that imports this declares kv, rows of vec4f, table, the rows by slot and position, query(at), which reads four words
// of the query, and answer(at, words), which writes four words of o. It loads the rows of Q positions together, because decoding a
// single sequence is bound by memory latency.

const C4: u32 = 4u; // tunable
const Q: u32 = 4u; // tunable

// attend reads the query from x on and writes the answer from o on, in words of four. Positions first to first+last of the table
// name the rows, of row words each; key and value are where the head's key and value stand in one. Positions in
// [hide.x, hide.y) are hidden.
fn attend(x: u32, o: u32, first: u32, last: u32, row: u32, key: u32, value: u32, hide: vec2u) {
    let scale = inverseSqrt(f32(4u * C4));
    let q_c = scale * query(x + c); // each c
    var o_c = vec4f(); // each c
    var top = -1e30;
    var sum = 0.0;
    for (var t = 0u; t <= last; t += Q) {
        let t_i = t + i; // each i
        let r_i = row * table[first + min(t_i, last)]; // each i
        var d_i = 0.0; // each i
        d_i += dot(q_c, kv[r_i + key + c]); // each i c
        var high = top;
        high = max(high, d_i); // each i
        let keep = exp(top - high);
        top = high;
        // Past the last position the loop repeats that position with weight 0.
        let w_i = select(0.0, exp(d_i - high), t_i <= last); // each i
        sum *= keep;
        sum += w_i; // each i
        let shown_i = select(w_i, 0.0, t_i >= hide.x && t_i < hide.y); // each i
        o_c *= keep; // each c
        o_c += shown_i * kv[r_i + value + c]; // each i c
    }
    answer(o + c, o_c / sum); // each c
}
