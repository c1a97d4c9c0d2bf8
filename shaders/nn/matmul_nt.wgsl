// Linear layer.
//
//   y[n,o] = Σ_i x[n,i] · w[o,i]
//
// x: [N, I]; w: [O, I]; y: [N, O rounded up to 4], padding columns 0.
// An invocation makes 4 rows by 4 columns of y.

#import shared/matmul

struct Params { N: u32, O: u32, I: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let O4 = (p.O + 3u) / 4u;
    let n = gid.y * 4u;
    let o = gid.x * 4u;
    if (n >= p.N || gid.x >= O4) { return; }
    let I4 = p.I / 4u;
    let x0 = n * I4;
    let x1 = min(n + 1u, p.N - 1u) * I4;
    let x2 = min(n + 2u, p.N - 1u) * I4;
    let x3 = min(n + 3u, p.N - 1u) * I4;
    let w0 = o * I4;
    let w1 = min(o + 1u, p.O - 1u) * I4;
    let w2 = min(o + 2u, p.O - 1u) * I4;
    let w3 = min(o + 3u, p.O - 1u) * I4;
    var r0 = vec4f();
    var r1 = vec4f();
    var r2 = vec4f();
    var r3 = vec4f();
    for (var i = 0u; i < I4; i++) {
        let a = w[w0 + i];
        let b = w[w1 + i];
        let c = w[w2 + i];
        let d = w[w3 + i];
        r0 += dots(x[x0 + i], a, b, c, d);
        r1 += dots(x[x1 + i], a, b, c, d);
        r2 += dots(x[x2 + i], a, b, c, d);
        r3 += dots(x[x3 + i], a, b, c, d);
    }
    let inside = vec4u(o, o + 1u, o + 2u, o + 3u) < vec4u(p.O);
    let at = n * O4 + gid.x;
    y[at] = select(vec4f(), r0, inside);
    if (n + 1u < p.N) { y[at + O4] = select(vec4f(), r1, inside); }
    if (n + 2u < p.N) { y[at + 2u * O4] = select(vec4f(), r2, inside); }
    if (n + 3u < p.N) { y[at + 3u * O4] = select(vec4f(), r3, inside); }
}
