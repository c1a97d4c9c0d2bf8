// The end of a decoding step for the rows of shared/rows: final norm, logits, and the next token of every active row. The kernel that
// imports this declares p.M and p.eos, out and stat as decode/sample does, and what shared/draw needs.

#import shared/rows
#import shared/draw

fn logits4(r: u32, v: u32) -> vec4f { return sh_words[WIDE + r * width() + v]; }

fn setLogits(r: u32, v: u32, words: vec4f) { sh_words[WIDE + r * width() + v] = words; }

// next draws a token for every active row and advances it. norm and head are places of weights. Words of the head beyond the
// vocabulary are read as padding.
fn next(lid: u32, n: u32, norm: u32, head: u32) {
    normalise(lid, norm);
    for (var v = lid; v < width(); v += WG) {
        let y = dots(NORMED, p.D / 4u, head + 4u * v * D4);
        setLogits(r, v, y.row_r); // each r
    }
    workgroupBarrier();
    if (lid < R && n + lid < p.N) {
        let row = sh_row[lid];
        if (row.x > 0u && row.y < p.M) {
            let position = sh_at[lid].y + 1u;
            let drawn = draw(lid, row.z, position);
            out[(n + lid) * p.M + row.y] = drawn.token;
            stat[(n + lid) * p.M + row.y] = vec2f(drawn.logp, drawn.entropy);
            sh_at[lid].y = position;
            sh_row[lid] = vec4u(select(row.x - 1u, 0u, drawn.token == p.eos), row.y + 1u, row.z, drawn.token);
        }
    }
    workgroupBarrier();
}
