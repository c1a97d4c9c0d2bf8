// linear returns the flat index of an invocation in a dispatch of gpu.Groups1D, which
// folds workgroups beyond 65,535 into y.
fn linear(gid: vec3u, groups: vec3u, wg: u32) -> u32 {
    return gid.x + gid.y * groups.x * wg;
}
