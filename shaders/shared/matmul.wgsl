// Four by four register tiles of a matrix product, without barriers: each
// invocation keeps four rows of vec4f in named registers. Rows beyond the edge
// repeat the last one and are not stored.

// dots is one row of x against four rows of w.
fn dots(x: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f) -> vec4f {
    return vec4f(dot(x, w0), dot(x, w1), dot(x, w2), dot(x, w3));
}

// combine is four elements of a row against four rows of w.
fn combine(v: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f) -> vec4f {
    return v.x * w0 + v.y * w1 + v.z * w2 + v.w * w3;
}
