// As shared/row, by subgroups of any size and of any invocations: a subgroup reduces its own values and leaves the result in workgroup
// memory, then each subgroup reduces what all have left.
enable subgroups;
const WG: u32 = 256u;

var<workgroup> sh_each: array<vec2f, WG>;

// rowSum adds up a pair of values of each invocation. The first invocation of a subgroup leaves its sum, the others leave 0.
fn rowSum(lid: u32, value: vec2f) -> vec2f {
    let own = subgroupAdd(value);
    workgroupBarrier(); // every invocation has read what the reduction before left
    sh_each[lid] = select(vec2f(), own, lid == subgroupMin(lid));
    workgroupBarrier();
    let size = subgroupAdd(1u);
    var part = vec2f();
    for (var i = subgroupExclusiveAdd(1u); i < WG; i += size) { part += sh_each[i]; }
    return subgroupAdd(part);
}

// rowMax returns the largest value of all invocations.
fn rowMax(lid: u32, value: f32) -> f32 {
    let own = subgroupMax(value);
    workgroupBarrier();
    sh_each[lid].x = own;
    workgroupBarrier();
    let size = subgroupAdd(1u);
    var top = own;
    for (var i = subgroupExclusiveAdd(1u); i < WG; i += size) { top = max(top, sh_each[i].x); }
    return subgroupMax(top);
}
