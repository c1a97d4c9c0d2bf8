// Package runs is a training run as it is saved, measured and compared. The page, the
// command line and the figures share it.
//
// A [Run] is a set of files by name, in a folder or in a browser's storage:
//
//	run.json        Settings: the options of the run
//	metrics.jsonl   Log: a line a training step (training.jsonl of pretraining)
//	rollouts.jsonl.gz
//	                Rollouts: the responses of every step, a gzip member a step
//	result.json     Result: measurements after the last step
//	training.safetensors, model.safetensors, config.json, tokenizer.json, …
//	                the newest checkpoint; package hf reads and writes these
//	base/           the model that the run began from, where that is not a shipped one
//	reflection/     the reflection model, where that is not a shipped one
//
// [Read] is the only reader of these files and [Writer] the only writer, over a
// [Store]: a folder, a browser's IndexedDB or memory. Keys that this version does not
// know survive. A save is whole or absent: training.safetensors holds all that a run
// resumes from, one rename or one transaction replaces it, and lines of the log after
// its step are cut. One process writes a run at a time.
package runs
