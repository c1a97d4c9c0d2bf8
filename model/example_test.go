// An example prints to a file, and a browser has none.

//go:build !js

package model_test

import (
	"context"
	"fmt"
	"log"

	"attnlab/gpu"
	"attnlab/model"
)

// A model from random weights learns one sequence by heart, and then writes it: forward, backward, AdamW and cached decoding on the
// host backend. gpu.Open(gpu.Auto) in place of OpenHost runs the same on an adapter.
func Example() {
	d := gpu.OpenHost()
	defer d.Close()
	config, err := model.Preset("tiny", 16) // 16 tokens
	if err != nil {
		log.Fatal(err)
	}
	m, err := model.New(d, config, config.Init(1))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Release()
	trainer, err := model.NewTrainer(m, 16, model.DefaultAdam)
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Release()

	sequence := []int{config.BosID, 3, 5, 9, 8, 7, config.EosID}
	batch := model.Pack(sequence)
	part := model.MicroBatch{Batch: batch, Targets: batch.Next(config.VocabSize), Weight: make([]float32, batch.N())}
	for i := range part.Weight {
		part.Weight[i] = 1 / float32(batch.N()-1) // the mean over tokens; the last one has no target
	}
	for range 60 {
		if err := trainer.Step(3e-3, part); err != nil {
			log.Fatal(err)
		}
	}
	metrics, err := trainer.Metrics()
	if err != nil {
		log.Fatal(err)
	}
	first, last := metrics[0], metrics[len(metrics)-1]
	fmt.Printf("%d steps; loss at first above 2: %v, at last below .1: %v\n", last.Step, first.Loss > 2, last.Loss < 0.1)

	decoder, err := model.NewDecoder(m, model.DecoderSize{Slots: 1, Rows: 32, Chunk: 16})
	if err != nil {
		log.Fatal(err)
	}
	defer decoder.Release()
	greedy := model.Sampling{Temperature: 0}
	rollouts, err := decoder.Generate(context.Background(), []model.Request{{Tokens: sequence[:1], Max: 10}}, greedy, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rollouts[0].Tokens)
	// Output:
	// 60 steps; loss at first above 2: true, at last below .1: true
	// [3 5 9 8 7 2]
}
