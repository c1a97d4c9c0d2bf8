// Sums the columns of a table over the rows that have weight, into one row of a
// ring of metrics.
//
//   ring[slot, first+c] = Σ_{n: weight[n·stride+at] ≠ 0} stat[n,c]
//   ring[slot, first+S] = the number of those rows
//
// stat: [N, S]; weight: [N, stride], stride 0 counts every row; ring: [R, M].
// One workgroup sums one column; one more counts the rows.

#import shared/total

struct Params { N: u32, S: u32, stride: u32, at: u32, slot: u32, M: u32, first: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> stat: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> ring: array<f32>;

const WG: u32 = 64u;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32) {
    let c = wid.x;
    var part = 0.0;
    for (var n = lid; n < p.N; n += WG) {
        if (p.stride == 0u || weight[n * p.stride + p.at] != 0.0) {
            if (c < p.S) {
                part += stat[n * p.S + c];
            } else {
                part += 1.0;
            }
        }
    }
    let sum = total(lid, part);
    if (lid == 0u) {
        ring[p.slot * p.M + p.first + c] = sum;
    }
}
