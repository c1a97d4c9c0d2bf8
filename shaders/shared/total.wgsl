// total sums one value of each of a workgroup's WG invocations, always in the same
// order. All invocations of the workgroup must call it, once in a kernel.
var<workgroup> sh_parts: array<f32, WG>;

fn total(lid: u32, value: f32) -> f32 {
    sh_parts[lid] = value;
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < WG; i++) {
        sum += sh_parts[i];
    }
    return sum;
}
