// The softmax of one row of logits and the gradient through it by a whole workgroup, shared by loss/xent_row and loss/policy_row: for
// vocabularies so large that one invocation would loop too long over them (shared/logits). The kernel that imports this declares the
// parameters p (V, scale) and the bindings targets [N] and dlogits [N, V4], whose logits backward replaces by their gradient.
// Invocation i takes the words of four i, i + WG, …

#import shared/row

// The statistics of a row of logits.
struct Softmax {
    top: f32,     // the largest logit
    lse: f32,     // log Σ exp
    entropy: f32, // in nats
    aim: u32,     // the target
    known: bool,  // whether there is one
    logp: f32,    // its log-probability, else 0
}

// The logit of a padding column: its exponential is 0.
const PADDING = vec4f(-1e30);
const ONE = vec4f(1.0);

// places are the tokens in word v of a row.
fn places(v: u32) -> vec4u { return 4u * v + vec4u(0u, 1u, 2u, 3u); }

// scaled reads the logits of word v of the row that begins at word row.
fn scaled(row: u32, v: u32) -> vec4f {
    return select(PADDING, p.scale * dlogits[row + v], places(v) < vec4u(p.V));
}

// forward sums the softmax of row n.
fn forward(lid: u32, n: u32) -> Softmax {
    let width = (p.V + 3u) / 4u;
    let row = n * width;
    var s: Softmax;
    s.aim = targets[n];
    s.known = s.aim < p.V;
    let t = min(s.aim, p.V - 1u);
    let aimed = p.scale * dlogits[row + t / 4u][t % 4u];

    var high = PADDING;
    for (var v = lid; v < width; v += WG) { high = max(high, scaled(row, v)); }
    s.top = rowMax(lid, max(max(high.x, high.y), max(high.z, high.w)));

    var sum = vec4f();
    var moment = vec4f(); // Σ exp(z)·z with z = l − top
    for (var v = lid; v < width; v += WG) {
        let z = scaled(row, v) - s.top;
        let e = exp(z);
        sum += e;
        moment += e * z;
    }
    let all = rowSum(lid, vec2f(dot(sum, ONE), dot(moment, ONE)));
    s.lse = s.top + log(all.x);
    s.entropy = log(all.x) - all.y / all.x;
    s.logp = select(0.0, aimed - s.lse, s.known);
    return s;
}

// backward replaces the logits of row n by the gradient of a loss whose derivatives are dlogp and dentropy. dlogp is 0 in a row
// without a target.
fn backward(lid: u32, n: u32, s: Softmax, dlogp: f32, dentropy: f32) {
    let width = (p.V + 3u) / 4u;
    let row = n * width;
    storageBarrier(); // every invocation has read the target's logit
    for (var v = lid; v < width; v += WG) {
        let logp = scaled(row, v) - s.lse;
        let prob = exp(logp);
        let hit = select(vec4f(), ONE, places(v) == vec4u(s.aim));
        let slope = p.scale * (dlogp * (hit - prob) - dentropy * prob * (logp + s.entropy));
        dlogits[row + v] = select(vec4f(), slope, places(v) < vec4u(p.V));
    }
}
