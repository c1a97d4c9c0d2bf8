// Package rltest makes models whose behaviour is known, for tests of what samples and measures.
package rltest

import (
	"fmt"
	"math"

	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/task"
)

// Bigram is a model whose next token depends on the last one only: next[a][b] is the probability of b after a, and 0 where b is not
// named. After tokens that next does not have, all are equally likely. Its attention is random and without effect on the output.
//
// The embedding is one-hot, the layers add nothing, and the output matrix holds log-probabilities over the √D of the last norm.
func Bigram(kind task.Task, next map[string]map[string]float64) *hf.Checkpoint {
	return bigram(kind.Vocabulary(), next)
}

func bigram(vocabulary []string, next map[string]map[string]float64) *hf.Checkpoint {
	words, err := tokenizer.NewWords(vocabulary)
	if err != nil {
		panic(err)
	}
	V, D := len(vocabulary), (len(vocabulary)+15)/16*16
	c := model.Config{
		VocabSize: V, HiddenSize: D, IntermediateSize: 16, Layers: 2, Heads: D / 16, KVHeads: D / 16, HeadDim: 16,
		MaxContext: 256, RMSNormEps: 1e-9, Rope: model.Rope{Theta: 10000}, PadID: task.Pad, BosID: task.Bos, EosID: task.Eos,
	}
	weights := c.Init(1)
	region := func(name string) []float32 {
		p := c.Param(name)
		return weights[p.Offset : p.Offset+p.Size()]
	}
	for l := range c.Layers {
		clear(region(fmt.Sprintf("layers.%d.o", l)))
		clear(region(fmt.Sprintf("layers.%d.down", l)))
		for i, w := range region(fmt.Sprintf("layers.%d.qkv", l)) {
			region(fmt.Sprintf("layers.%d.qkv", l))[i] = 20 * w
		}
	}
	embed, head := region("embed"), region("lm_head")
	clear(embed)
	clear(head)
	for a, token := range vocabulary {
		embed[a*D+a] = 1
		if next[token] == nil {
			continue
		}
		for b, following := range vocabulary {
			const never = 1e-20
			p := max(next[token][following], never)
			head[b*D+a] = float32(math.Log(p) / math.Sqrt(float64(D)))
		}
	}
	return &hf.Checkpoint{Config: c, Tokenizer: words, Weights: weights}
}

// Parrot is a [Bigram] for task chain that says anything and always answers 9: some steps "so LETTER DIGIT", then "# 9". All it
// says is well-formed, each step is the last with probability 0.3, and it is correct exactly where 9 is the right answer.
func Parrot(task task.Task) *hf.Checkpoint {
	next := map[string]map[string]float64{
		"<think>":  {"so": 1},
		"so":       {},
		"\n":       {"so": 0.7, "</think>": 0.3},
		"</think>": {"#": 1},
		"#":        {"9": 1},
		"9":        {"<eos>": 1},
	}
	for name := 'a'; name <= 'p'; name++ {
		next["so"][string(name)] = 1. / 16
		next[string(name)] = map[string]float64{}
		for digit := '0'; digit <= '8'; digit++ {
			next[string(name)][string(digit)] = 1. / 9
			next[string(digit)] = map[string]float64{"\n": 1}
		}
	}
	return Bigram(task, next)
}

// Rambler is a bigram model for task few-shot chain in words: it writes some lines that give a letter a number, and always answers 5. Each line is
// the last with probability 0.3. Its markers are plain text.
func Rambler() *hf.Checkpoint {
	vocabulary := []string{"<pad>", "<bos>", "<eos>", "\n", ";", "?", "=", "+", "-", "Answer:", "05"}
	next := map[string]map[string]float64{
		"\n":      {"Answer:": 0.3},
		"=":       {},
		"Answer:": {"05": 1},
		"05":      {"<eos>": 1},
	}
	for number := range 16 {
		word := fmt.Sprint(number)
		vocabulary = append(vocabulary, word)
		next["="][word], next[word] = 1./16, map[string]float64{"\n": 1}
	}
	for name := 'a'; name <= 'z'; name++ {
		vocabulary = append(vocabulary, string(name))
		next["\n"][string(name)], next[string(name)] = 0.7/26, map[string]float64{"=": 1}
	}
	c := bigram(vocabulary, next)
	c.Config.MaxContext = 512
	return c
}
