// The weight of a linear layer, w: [rows, columns], in the storage F32. weight(i) returns the four columns i of w, counted in fours.
@group(0) @binding(2) var<storage, read> w: array<vec4f>;

fn weight(i: u32) -> vec4f { return w[i]; }

