// What a row of logits says about its target, without a gradient.
//
//   l[n,v]     = scale · logits[n,v]
//   lse[n]     = log Σ_v exp l[n,v]
//   logp[n]    = l[n,target] − lse[n]
//   entropy[n] = lse[n] − Σ_v exp(l[n,v] − lse[n]) · l[n,v]
//
// logits: [N, V4] with V4 = V rounded up to a multiple of 4, padding unused;
// targets: [N]; stat: [N, 4] = (logp, entropy, lse, 1 where no token beats the
// target). One workgroup a row: invocation i takes the tokens i, i + WG, … A
// target of V or more has logp 0.

#import shared/linear

struct Params { N: u32, V: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> stat: array<vec4f>;

const WG: u32 = 64u; // tunable

var<workgroup> sh_top: array<f32, WG>;
var<workgroup> sh_sum: array<vec2f, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(wid, groups, 1u);
    if (n >= p.N) { return; }
    let row = n * ((p.V + 3u) / 4u * 4u);

    var top = -1e30;
    for (var v = lid; v < p.V; v += WG) { top = max(top, p.scale * logits[row + v]); }
    sh_top[lid] = top;
    workgroupBarrier();
    for (var i = 0u; i < WG; i++) { top = max(top, sh_top[i]); }

    var part = vec2f(); // Σ exp(z) and Σ exp(z)·z with z = l − top
    for (var v = lid; v < p.V; v += WG) {
        let z = p.scale * logits[row + v] - top;
        let e = exp(z);
        part += vec2f(e, e * z);
    }
    sh_sum[lid] = part;
    workgroupBarrier();
    if (lid != 0u) { return; }
    var sum = vec2f();
    for (var i = 0u; i < WG; i++) { sum += sh_sum[i]; }

    let lse = top + log(sum.x);
    var logp = 0.0;
    var right = 0.0;
    if (targets[n] < p.V) {
        let l = p.scale * logits[row + targets[n]];
        logp = l - lse;
        right = select(0.0, 1.0, l >= top);
    }
    stat[n] = vec4f(logp, log(sum.x) - sum.y / sum.x, lse, right);
}
