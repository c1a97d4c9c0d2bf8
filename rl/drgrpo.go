package rl

import (
	"slices"

	"attnlab/rl/hyper"
)

// DrGRPO is Dr. GRPO, Understanding R1-Zero-Like Training, arXiv 2503.20783: GRPO without two divisions that favour long wrong
// responses and problems of little spread.
//
//	A_i = r_i - mean; sum over tokens divided by the constant L_max; no KL
//
// Its training step is GRPO's. Departures: as GRPO.
var DrGRPO = Method{
	Name:    "drgrpo",
	Title:   "Dr. GRPO",
	Summary: "GRPO without the division by the standard deviation and by the response's length.",
	Source:  "arXiv 2503.20783",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(128, 16).From("Dr. GRPO script"),
		hyper.Group.With(8, 8).From("Dr. GRPO script"),
		hyper.Temperature.With(1, 1).From("Dr. GRPO script"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(3000, hyper.LabMaxLength).From("Dr. GRPO script"),
		hyper.LearningRate.With(1e-6, 5e-4).From("Dr. GRPO script"),
		hyper.WarmUp.With(0, 0).From("Dr. GRPO script"),
		hyper.MiniBatches.With(8, 2).From("Dr. GRPO script: 1,024 responses in batches of 128"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0, 0).From("Dr. GRPO script"),
		hyper.Entropy.With(0, 0).From("not in the paper"),
		hyper.Aggregation.Choosing("constant", "constant").From("Dr. GRPO 3"),
		hyper.FlatGroups.Choosing("keep", "drop").From("GRPO 4.1 averages over all"),
		hyper.Std.Choosing("off", "off").From("Dr. GRPO 3.1"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	New: func(h hyper.Values, _ Setup) (Trainer, error) { return newGRPO(h), nil },
}
