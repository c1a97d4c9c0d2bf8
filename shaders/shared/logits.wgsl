// The logits of four tokens at once and the gradient through their softmax, shared by
// loss/xent and loss/policy. The kernel that imports this declares the
// parameters p (N, D, V, scale) and the bindings h [N, D], head [V, D],
// targets [N] and dlogits [N, V4]. dlogits holds the logits until backward replaces
// them by their gradient. Four rows are the components of a vec4.

// The statistics of four rows of logits.
struct Softmax {
    top: vec4f,     // the largest logit
    lse: vec4f,     // log Σ exp
    entropy: vec4f, // in nats
    aim: vec4u,     // the target
    known: vec4<bool>, // whether there is one
    logp: vec4f,    // its log-probability, else 0
}

// The logit of a padding column: its exponential is 0.
const PADDING = -1e30;

// four returns the four rows from n on. Rows beyond the last repeat it and store the same values again.
fn four(n: u32) -> vec4u {
    return min(n + vec4u(0u, 1u, 2u, 3u), vec4u(p.N - 1u));
}

// columns reads the logits of tokens 4v to 4v+3, a column of four rows each.
fn columns(at: vec4u, v: u32) -> mat4x4f {
    return transpose(mat4x4f(dlogits[at.x + v], dlogits[at.y + v], dlogits[at.z + v], dlogits[at.w + v]));
}

fn store(at: vec4u, v: u32, columns: mat4x4f) {
    let rows = transpose(columns);
    dlogits[at.x + v] = rows[0];
    dlogits[at.y + v] = rows[1];
    dlogits[at.z + v] = rows[2];
    dlogits[at.w + v] = rows[3];
}

// forward stores the logits of rows r and sums their softmax.
fn forward(r: vec4u) -> Softmax {
    let D4 = p.D / 4u;
    let V4 = (p.V + 3u) / 4u;
    let at = r * V4;
    let x = r * D4;
    var s: Softmax;
    s.top = vec4f(PADDING);
    for (var v = 0u; v < V4; v++) {
        let t = min(4u * v + vec4u(0u, 1u, 2u, 3u), vec4u(p.V - 1u)) * D4;
        var c0 = vec4f();
        var c1 = vec4f();
        var c2 = vec4f();
        var c3 = vec4f();
        for (var d = 0u; d < D4; d++) {
            let rows = mat4x4f(h[x.x + d], h[x.y + d], h[x.z + d], h[x.w + d]);
            c0 += head[t.x + d] * rows;
            c1 += head[t.y + d] * rows;
            c2 += head[t.z + d] * rows;
            c3 += head[t.w + d] * rows;
        }
        let known = 4u * v + vec4u(0u, 1u, 2u, 3u) < vec4u(p.V);
        c0 *= p.scale;
        c1 = select(vec4f(PADDING), c1 * p.scale, known.y);
        c2 = select(vec4f(PADDING), c2 * p.scale, known.z);
        c3 = select(vec4f(PADDING), c3 * p.scale, known.w);
        s.top = max(s.top, max(max(c0, c1), max(c2, c3)));
        store(at, v, mat4x4f(c0, c1, c2, c3));
    }

    var sum = vec4f();
    var moment = vec4f(); // Σ exp(z)·z with z = l − top
    for (var v = 0u; v < V4; v++) {
        let l = columns(at, v);
        let z0 = l[0] - s.top;
        let z1 = l[1] - s.top;
        let z2 = l[2] - s.top;
        let z3 = l[3] - s.top;
        let e0 = exp(z0);
        let e1 = exp(z1);
        let e2 = exp(z2);
        let e3 = exp(z3);
        sum += e0 + e1 + e2 + e3;
        moment += e0 * z0 + e1 * z1 + e2 * z2 + e3 * z3;
    }
    s.lse = s.top + log(sum);
    s.entropy = log(sum) - moment / sum;

    s.aim = vec4u(targets[r.x], targets[r.y], targets[r.z], targets[r.w]);
    s.known = s.aim < vec4u(p.V);
    let t = min(s.aim, vec4u(p.V - 1u));
    let l = vec4f(dlogits[at.x + t.x / 4u][t.x % 4u], dlogits[at.y + t.y / 4u][t.y % 4u],
        dlogits[at.z + t.z / 4u][t.z % 4u], dlogits[at.w + t.w / 4u][t.w % 4u]);
    s.logp = select(vec4f(), l - s.lse, s.known);
    return s;
}

// slope returns the gradient of the logits l of one token in four rows; hit is true where it is the target.
fn slope(l: vec4f, hit: vec4<bool>, s: Softmax, dlogp: vec4f, dentropy: vec4f) -> vec4f {
    let logp = l - s.lse;
    let prob = exp(logp);
    return p.scale * (dlogp * (select(vec4f(), vec4f(1.0), hit) - prob) - dentropy * prob * (logp + s.entropy));
}

// backward replaces the logits of rows r by the gradient of a loss whose derivatives
// are dlogp and dentropy. dlogp is 0 in a row without a target.
fn backward(r: vec4u, s: Softmax, dlogp: vec4f, dentropy: vec4f) {
    let V4 = (p.V + 3u) / 4u;
    let at = r * V4;
    for (var v = 0u; v < V4; v++) {
        let l = columns(at, v);
        store(at, v, mat4x4f(
            slope(l[0], s.aim == vec4u(4u * v), s, dlogp, dentropy),
            slope(l[1], s.aim == vec4u(4u * v + 1u), s, dlogp, dentropy),
            slope(l[2], s.aim == vec4u(4u * v + 2u), s, dlogp, dentropy),
            slope(l[3], s.aim == vec4u(4u * v + 3u), s, dlogp, dentropy)));
    }
}
