// The attention of one layer for the rows of shared/rows: norm, queries, keys and values with rotary positions, the rows of the
// cache, and attention to it. The kernel that imports this declares rope, table and kv as attn/attn_cached does, p.N and p.T.

#import shared/rows
#import shared/cached

const H: u32 = 1u; // tunable
const K: u32 = 1u; // tunable

fn query(x: u32) -> vec4f { return sh_words[x]; }

fn answer(x: u32, words: vec4f) { sh_words[x] = words; }

// embed reads the residual stream of each row's token.
fn embed(lid: u32, w: u32) {
    for (var i = lid; i < R * D4; i += WG) {
        sh_words[X + i] = weights[w + sh_row[i / D4].w * D4 + i % D4];
    }
    workgroupBarrier();
}

// place stores four pairs of head a of row n+r: queries and keys turned by the row's position, keys and values in the cache from
// base on. j counts words of four of half a head.
fn place(n: u32, r: u32, base: u32, a: u32, j: u32, low: vec4f, high: vec4f) {
    let half = C4 / 2u;
    let at = sh_at[r];
    var first = low;
    var second = high;
    if (a < H + K) {
        let turn = at.y * C4 + j;
        let cosine = rope[turn];
        let sine = rope[turn + half];
        first = low * cosine - high * sine;
        second = high * cosine + low * sine;
    }
    if (a < H) {
        sh_words[WIDE + r * D4 + a * C4 + j] = first;
        sh_words[WIDE + r * D4 + a * C4 + j + half] = second;
    } else if (n + r < p.N && at.y < p.T) {
        let to = base + table[at.x * p.T + at.y] * 2u * K * C4 + (a - H) * C4 + j;
        kv[to] = first;
        kv[to + half] = second;
    }
}

// attention replaces the normed states by the answers of attention. norm and qkv are places of weights.
fn attention(lid: u32, n: u32, norm: u32, qkv: u32, base: u32) {
    normalise(lid, norm);
    let half = C4 / 2u;
    for (var i = lid; i < (H + 2u * K) * half; i += WG) {
        let a = i / half;
        let j = i % half;
        let low = dots(NORMED, p.D / 4u, qkv + (a * C4 + j) * 4u * D4);
        let high = dots(NORMED, p.D / 4u, qkv + (a * C4 + j + half) * 4u * D4);
        place(n, r, base, a, j, low.row_r, high.row_r); // each r
    }
    storageBarrier();
    workgroupBarrier();
    for (var i = lid; i < R * H; i += WG) {
        let at = sh_at[i / H];
        let head = i / H * D4 + i % H * C4;
        let key = base + i % H / (H / K) * C4;
        attend(WIDE + head, NORMED + head, at.x * p.T, min(at.y, p.T - 1u), 2u * K * C4, key, key + K * C4, at.zw);
    }
    workgroupBarrier();
}
