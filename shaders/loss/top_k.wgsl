// The likeliest tokens of rows of logits.
//
//   ids[n,0…K-1]   = the K tokens with the largest logits, largest first; of equals
//                    the one with the smaller id first
//   logps[n,i]     = scale · logits[n,ids[n,i]] − lse[n]
//
// logits: [N, V4] with V4 = V rounded up to a multiple of 4, padding unused; stat:
// [N, 4], of which the third word is lse, from logit_stat; ids, logps: [N, K], V
// and 0 where K is more than V. One workgroup a row, K rounds: invocation i finds
// the best of the tokens i, i + WG, … that come after the last one chosen.

#import shared/linear

struct Params { N: u32, V: u32, K: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> stat: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> logps: array<f32>;

const WG: u32 = 64u; // tunable

var<workgroup> sh_best: array<f32, WG>;
var<workgroup> sh_id: array<u32, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(wid, groups, 1u);
    if (n >= p.N) { return; }
    let row = n * ((p.V + 3u) / 4u * 4u);
    var last = 0.0; // the logit of the last token chosen, and its id
    var chosen = p.V;
    for (var k = 0u; k < p.K; k++) {
        var best = 0.0;
        var id = p.V; // none yet
        for (var v = lid; v < p.V; v += WG) {
            let l = logits[row + v];
            let left = k == 0u || (chosen < p.V && (l < last || (l == last && v > chosen)));
            if (left && (id == p.V || l > best)) {
                best = l;
                id = v;
            }
        }
        sh_best[lid] = best;
        sh_id[lid] = id;
        workgroupBarrier();
        if (lid == 0u) { // the best of all invocations' goes into place 0
            for (var i = 1u; i < WG; i++) {
                let other = sh_id[i];
                if (other < p.V && (id == p.V || sh_best[i] > best || (sh_best[i] == best && other < id))) {
                    best = sh_best[i];
                    id = other;
                }
            }
            sh_best[0] = best;
            sh_id[0] = id;
            ids[n * p.K + k] = id;
            logps[n * p.K + k] = select(0.0, p.scale * best - stat[n].z, id < p.V);
        }
        workgroupBarrier();
        last = sh_best[0];
        chosen = sh_id[0];
        workgroupBarrier();
    }
}
