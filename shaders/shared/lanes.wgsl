// In the place of shared/panels, for the loop that sums by subgroups (shared/subgroup_nt): a workgroup has LANES invocations, of which
// sh_firsts has a bit for the first one of each subgroup, and sh_sums has R · S sums of each subgroup.
enable subgroups;
const TALL: u32 = 4u;
const LANES = 8u * TALL;
var<workgroup> sh_firsts: atomic<u32>;
const SUMS = LANES * R * S;
var<workgroup> sh_sums: array<f32, SUMS>;
