// Panels of both operands of a product in workgroup memory, for the loops that stage them
// there (shared/staged_*). DEEP is how many words of four of a row they hold.
const DEEP: u32 = 4u;
var<workgroup> sh_a: array<vec4f, 256>;
var<workgroup> sh_b: array<vec4f, 256>;

// A product's workgroups have 8 · TALL invocations.
const TALL: u32 = 8u;
