package gputest

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/gpu"
)

// Emulate returns a kernel of subgroups as one that needs no feature: its subgroups of the given size go through workgroup memory. Their
// invocations are neighbours, or where apart is true as far from each other as they can be, which WGSL allows too.
func Emulate(k *gpu.Kernel, size int, apart bool) *gpu.Kernel {
	kind, lanes, begin := "f32", 32, "let lane = 8u * lid.y + lid.x;"
	member, first, rank := "lane / SIZE * SIZE + i", "lane / SIZE * SIZE", "lane % SIZE"
	if strings.Contains(k.Source(), "fn rowSum(") {
		kind, lanes = "vec2f", 256
	}
	if apart {
		member, first, rank = "lane % GROUPS + i * GROUPS", "lane % GROUPS", "lane / GROUPS"
	}
	emulation := fmt.Sprintf(`
const SIZE = %du;
const GROUPS = %[2]du / SIZE;
var<private> emulated: u32;
var<workgroup> sh_emulated: array<%[3]s, %[2]d>;
fn emulatedSize() -> u32 { return SIZE; }
fn emulatedRank() -> u32 { let lane = emulated; return %[4]s; }
fn emulatedMin(lane: u32) -> u32 { return %[5]s; }
fn emulatedAdd(value: %[3]s) -> %[3]s {
    let lane = emulated;
    sh_emulated[lane] = value;
    workgroupBarrier();
    var sum = %[3]s();
    for (var i = 0u; i < SIZE; i++) { sum += sh_emulated[%[6]s]; }
    workgroupBarrier();
    return sum;
}
fn emulatedMax(value: f32) -> f32 {
    let lane = emulated;
    sh_emulated[lane] = %[3]s(value);
    workgroupBarrier();
    var top = %[3]s(value);
    for (var i = 0u; i < SIZE; i++) { top = max(top, sh_emulated[%[6]s]); }
    workgroupBarrier();
    return top%[7]s;
}
`, min(size, lanes), lanes, kind, rank, first, member, map[string]string{"vec2f": ".x"}[kind])
	e := *k
	e.Name = fmt.Sprintf("%s, emulated in subgroups of %d, apart %v", k.Name, size, apart)
	e.Subgroups = false
	e.Source = gpu.WGSL(strings.NewReplacer("enable subgroups;", emulation,
		"subgroupAdd(1u)", "emulatedSize()", "subgroupExclusiveAdd(1u)", "emulatedRank()",
		"subgroupAdd(", "emulatedAdd(", "subgroupMin(", "emulatedMin(", "subgroupMax(", "emulatedMax(",
		begin, begin+" emulated = lane;",
		"fn rowSum(lid: u32, value: vec2f) -> vec2f {", "fn rowSum(lid: u32, value: vec2f) -> vec2f { emulated = lid;",
		"fn rowMax(lid: u32, value: f32) -> f32 {", "fn rowMax(lid: u32, value: f32) -> f32 { emulated = lid;").Replace(k.Source()))
	return &e
}

// VerifyEmulated runs cases of kernels with subgroups on an adapter that has none: emulated in subgroups of 4 to 128 invocations, neighbours
// and apart. An adapter with subgroups has nothing to emulate.
func VerifyEmulated(t *testing.T, cases ...gpu.Case) {
	t.Helper()
	d := Adapter(t)
	if d.HasSubgroups {
		t.Skipf("%s has subgroups, so that they need not be emulated", d.Info)
	}
	for i, size := range []int{4, 16, 32, 128} {
		for _, c := range cases {
			c.Kernel = Emulate(c.Kernel, size, i%2 == 1)
			if _, err := c.Verify(d); err != nil {
				t.Error(err)
			}
			Count(d)
		}
	}
}
