// Gradient of a linear layer's weight, in Z parts over the tokens, which
// sum_parts adds up: a weight is small, and one part would keep few cores busy.
//
//   part[z,o,i] = Σ_{n in part z} dy[n,o] · x[n,i]
//
// dy: [N, O rounded up to 4], padding columns 0; x: [N, I]; part: [Z, O, I].
// An invocation makes 4 rows by 4 columns of one part.

struct Params { N: u32, O: u32, I: u32, Z: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let i = gid.x;
    if (i >= I4 || gid.y >= O4) { return; }
    let rows = (p.N + p.Z - 1u) / p.Z;
    let stop = min((gid.z + 1u) * rows, p.N);
    var r0 = vec4f();
    var r1 = vec4f();
    var r2 = vec4f();
    var r3 = vec4f();
    for (var n = gid.z * rows; n < stop; n++) {
        let g = dy[n * O4 + gid.y];
        let v = x[n * I4 + i];
        r0 += g.x * v;
        r1 += g.y * v;
        r2 += g.z * v;
        r3 += g.w * v;
    }
    let o = gid.y * 4u;
    let at = (gid.z * p.O + o) * I4 + i;
    part[at] = r0;
    if (o + 1u < p.O) { part[at + I4] = r1; }
    if (o + 2u < p.O) { part[at + 2u * I4] = r2; }
    if (o + 3u < p.O) { part[at + 3u * I4] = r3; }
}
