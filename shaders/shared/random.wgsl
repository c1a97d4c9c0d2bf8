// random returns a number in [0, 1) with 24 bits that depends only on its key:
// PCG4D (Jarzynski & Olano, Hash Functions for GPU Rendering, JCGT 2020). Go's
// decode.Uniform is the same, bit for bit.
fn random(key: vec4u) -> f32 {
    var h = mix4(key * 1664525u + 1013904223u);
    h = mix4(h ^ (h >> vec4u(16u)));
    return f32(h.x >> 8u) / 16777216.0;
}

fn mix4(key: vec4u) -> vec4u {
    var h = key;
    h.x += h.y * h.w;
    h.y += h.z * h.x;
    h.z += h.x * h.y;
    h.w += h.y * h.z;
    return h;
}
