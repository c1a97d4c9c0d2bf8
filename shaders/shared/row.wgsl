// Reductions over a workgroup whose WG = SIDE · SIDE invocations share one row. Each has two levels, so that no invocation loops more than
// 2 · SIDE times and the order of a sum is fixed. All invocations of the workgroup must call them, and get the result.
const SIDE: u32 = 16u;
const WG: u32 = SIDE * SIDE;

var<workgroup> sh_each: array<vec2f, WG>;
var<workgroup> sh_side: array<vec2f, SIDE>;

// rowSum adds up a pair of values of each invocation.
fn rowSum(lid: u32, value: vec2f) -> vec2f {
    sh_each[lid] = value;
    workgroupBarrier();
    if (lid < SIDE) {
        var part = vec2f();
        for (var i = 0u; i < SIDE; i++) { part += sh_each[SIDE * lid + i]; }
        sh_side[lid] = part;
    }
    workgroupBarrier();
    var sum = vec2f();
    for (var i = 0u; i < SIDE; i++) { sum += sh_side[i]; }
    return sum;
}

// rowMax returns the largest value of all invocations.
fn rowMax(lid: u32, value: f32) -> f32 {
    sh_each[lid].x = value;
    workgroupBarrier();
    if (lid < SIDE) {
        var part = sh_each[SIDE * lid].x;
        for (var i = 1u; i < SIDE; i++) { part = max(part, sh_each[SIDE * lid + i].x); }
        sh_side[lid].x = part;
    }
    workgroupBarrier();
    var top = sh_side[0].x;
    for (var i = 1u; i < SIDE; i++) { top = max(top, sh_side[i].x); }
    return top;
}
