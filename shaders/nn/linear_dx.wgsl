// Gradient of the input of a linear layer y = x·wᵀ, whose weight is frozen: in any storage, and perhaps only some rows of it.
//
//   dx[n,i] = Σ_o dy[n, first + o] · w[o,i], plus dx[n,i] where keep is 1
//
// dy: [N, row], row and first multiples of 4, columns beyond O up to the next multiple of 4 zero; w: [O, I]; dx: [N, I].
// One invocation computes R rows (r) by S/4 columns of four (s).

#import shared/panels

struct Params { N: u32, O: u32, I: u32, row: u32, first: u32, keep: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
#import shared/weights
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let row4 = p.row / 4u;
    let first4 = p.first / 4u;
    let n = (8u * wid.y + lid.y) * R;
    let i = (8u * wid.x + lid.x) * (S / 4u);
    #import shared/product_nn
    if (n + r < p.N && i + s < I4) { dx[(n + r) * I4 + i + s] = x_r_s + select(vec4f(), dx[(n + r) * I4 + i + s], p.keep == 1u); } // each r s
}
