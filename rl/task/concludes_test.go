package task

import (
	"slices"
	"testing"
)

func TestConcludes(t *testing.T) {
	chain, _ := New("chain", "", "")
	countdown, _ := New("countdown", "", "")
	relay, _ := New("relay", "", "")
	for _, c := range []struct {
		task           Task
		prompt, answer string
		want           []bool
	}{
		{chain, "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j",
			"b &k 8 * &o 4 = b 2\nj &b 2 + &o 4 = j 7\nwait j &b 2 + &o 4 = j 6\nwait j &b 2 + &o 4 ok\nso j 6\nso b 6\nj\n</think> b 2 j 6 # 6 <eos>",
			[]bool{false, false, true, false, true, false, false}},
		{countdown, "3 4 5 ? 17", "3 + 4 = 7\nback\n3 * 4 = 12\n12 + 5 = 17\n9 + 8 = 17\n", []bool{false, false, false, true, false}},
		{relay, "2 # 1 9 ; 2 ; a 5 b * c * d * ?", "a 5 2 = 7\ntry 1\nb * 7 = 8\nc * 8 = 9\nd * 9 = 1\nhum w1\nd * 9 = 0\n", []bool{false, false, false, false, false, false, true}},
	} {
		p, err := c.task.Parse(c.prompt)
		if err != nil {
			t.Fatalf("%s: %v", c.task.Name(), err)
		}
		response, err := Tokens(c.task, c.answer)
		if err != nil {
			t.Fatalf("%s: %v", c.task.Name(), err)
		}
		if got := c.task.Concludes(p, c.task.Judge(p, response)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.task.Name(), got, c.want)
		}
	}
}
