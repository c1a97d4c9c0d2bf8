// The rest of a layer for the rows of shared/rows: attention's output product, norm and the gated feed-forward part. The kernel that
// imports this declares the parameter p.F, the hidden features.

#import shared/rows
#import shared/sigmoid

const F4: u32 = 8u; // tunable

// add adds the product of the rows at x, of I4 words each, with the weights from w on to the residual stream.
fn add(lid: u32, x: u32, I4: u32, w: u32) {
    for (var d = lid; d < D4; d += WG) {
        let y = dots(x, I4, w + 4u * d * I4);
        sh_words[X + r * D4 + d] += y.row_r; // each r
    }
    workgroupBarrier();
}

// feed adds both parts: x += o·attention, x += down·(silu(gate·h)·(up·h)) with h = norm(x). All but lid are places of weights.
fn feed(lid: u32, o: u32, norm: u32, gateUp: u32, down: u32) {
    add(lid, NORMED, p.D / 4u, o);
    normalise(lid, norm);
    for (var f = lid; f < F4; f += WG) {
        let gate = dots(NORMED, p.D / 4u, gateUp + 4u * f * D4);
        let up = dots(NORMED, p.D / 4u, gateUp + 4u * (F4 + f) * D4);
        sh_words[WIDE + r * F4 + f] = gate.row_r * sigmoid(gate.row_r) * up.row_r; // each r
    }
    workgroupBarrier();
    add(lid, WIDE, p.F / 4u, down);
}
