// Gradient of a linear layer's input.
//
//   dx[n,i] = Σ_o dy[n,o] · w[o,i]
//
// dy: [N, O rounded up to 4], padding columns 0; w: [O, I]; dx: [N, I].
// An invocation makes 4 rows by 4 columns of dx.

#import shared/matmul

struct Params { N: u32, O: u32, I: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let I4 = p.I / 4u;
    let n = gid.y * 4u;
    let i = gid.x;
    if (n >= p.N || i >= I4) { return; }
    let O4 = (p.O + 3u) / 4u;
    let y0 = n * O4;
    let y1 = min(n + 1u, p.N - 1u) * O4;
    let y2 = min(n + 2u, p.N - 1u) * O4;
    let y3 = min(n + 3u, p.N - 1u) * O4;
    var r0 = vec4f();
    var r1 = vec4f();
    var r2 = vec4f();
    var r3 = vec4f();
    for (var o = 0u; o < O4; o++) {
        let a = w[4u * o * I4 + i];
        let b = w[min(4u * o + 1u, p.O - 1u) * I4 + i];
        let c = w[min(4u * o + 2u, p.O - 1u) * I4 + i];
        let d = w[min(4u * o + 3u, p.O - 1u) * I4 + i];
        r0 += combine(dy[y0 + o], a, b, c, d);
        r1 += combine(dy[y1 + o], a, b, c, d);
        r2 += combine(dy[y2 + o], a, b, c, d);
        r3 += combine(dy[y3 + o], a, b, c, d);
    }
    let at = n * I4 + i;
    dx[at] = r0;
    if (n + 1u < p.N) { dx[at + I4] = r1; }
    if (n + 2u < p.N) { dx[at + 2u * I4] = r2; }
    if (n + 3u < p.N) { dx[at + 3u * I4] = r3; }
}
