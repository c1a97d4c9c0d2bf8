package hf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
)

// The training state is one file, [StateFile]. Its metadata are config, counts and
// the method's state. Its tensors are three arenas: the weights under their own
// names, AdamW's first moments with the prefix "m." and the second with "v.". One
// rename replaces one file, so a save is whole or absent, whatever happens to the
// files beside it. Where adapters are trained, the weights are the merged ones, the
// adapters have PEFT's names, and so have their moments; over a model that was opened
// in parts there are no weights at all.
//
// training.json repeats the metadata for people and other programs; nothing here reads
// it. In version 1 it was the only place of the counts, beside the moments alone in
// training.safetensors: that is still read.
const (
	trainFormat  = "attnlab-training"
	trainVersion = 2
)

// ErrNoState says that files hold no training state.
var ErrNoState = errors.New("hf: there is no training state to resume from")

// trainJSON is training.json. The checksums are of model.safetensors and
// training.safetensors; version 1 was held together by them.
type trainJSON struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Model   string `json:"model_sha256"`
	Moments string `json:"moments_sha256"`
	*model.TrainState
}

// addTrain adds the training state, if there is one, to the files of its model.
func (c *Checkpoint) addTrain(files map[string][]byte) error {
	if c.Train == nil {
		return nil
	}
	config, err := plainJSON(c.Config)
	if err != nil {
		return fmt.Errorf("hf: write JSON: %w", err)
	}
	train, err := plainJSON(c.Train)
	if err != nil {
		return fmt.Errorf("hf: write JSON: %w", err)
	}
	var tensors []safetensors.Array
	if c.Weights != nil {
		tensors = arrays(c.Config, "", c.Weights)
	}
	if l := c.Train.LoRA; l != nil {
		tensors = append(tensors, adapterArrays(c.Config, *l, "", c.Train.Adapters)...)
		tensors = append(tensors, adapterArrays(c.Config, *l, "m.", c.Train.M)...)
		tensors = append(tensors, adapterArrays(c.Config, *l, "v.", c.Train.V)...)
	} else {
		tensors = append(tensors, arrays(c.Config, "m.", c.Train.M)...)
		tensors = append(tensors, arrays(c.Config, "v.", c.Train.V)...)
	}
	files[StateFile], err = pack(map[string]string{"format": trainFormat, "version": strconv.Itoa(trainVersion), "config": string(config), "training": string(train)}, tensors)
	if err == nil {
		files[trainFile], err = indent(trainJSON{trainFormat, trainVersion, checksum(files[weightsFile]), checksum(files[StateFile]), c.Train})
	}
	return err
}

// LoadState reads the checkpoint that a training run resumes from: config, weights and
// training state of one save. It returns [ErrNoState] where the files have none.
func LoadState(files map[string][]byte) (*Checkpoint, error) {
	if files[StateFile] == nil && files[trainFile] == nil {
		return nil, ErrNoState
	}
	c, err := readState(files)
	if err != nil {
		return nil, fmt.Errorf("hf: the training state cannot be read: %w; the model can still be used, but training must start again in another folder", err)
	}
	if data, ok := files[tokenizerFile]; ok {
		if t, err := ReadTokenizer(data); err == nil && t.Len() <= c.Config.VocabSize {
			c.Tokenizer = t
		}
	}
	return c, nil
}

// readState reads either version, without the tokenizer.
func readState(files map[string][]byte) (*Checkpoint, error) {
	if files[StateFile] == nil {
		return nil, fmt.Errorf("%s is missing beside %s", StateFile, trainFile)
	}
	file, err := safetensors.Read(files[StateFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", StateFile, err)
	}
	if file.Metadata["version"] == "" {
		return readState1(files)
	}
	if m := file.Metadata; m["format"] != trainFormat || m["version"] != strconv.Itoa(trainVersion) {
		return nil, fmt.Errorf("%s is of format %.40q version %.10q, not %q version %d", StateFile, m["format"], m["version"], trainFormat, trainVersion)
	}
	c := &Checkpoint{Train: &model.TrainState{}}
	if err := json.Unmarshal([]byte(file.Metadata["config"]), &c.Config); err != nil {
		return nil, fmt.Errorf("%s: config: %w", StateFile, err)
	}
	if err := json.Unmarshal([]byte(file.Metadata["training"]), c.Train); err != nil {
		return nil, fmt.Errorf("%s: training: %w", StateFile, err)
	}
	if negative(c.Train) {
		return nil, fmt.Errorf("%s has a negative count", StateFile)
	}
	if c.Train.LoRA != nil {
		if err := c.readAdapted(file); err != nil {
			return nil, fmt.Errorf("%s: %w", StateFile, err)
		}
		return c, nil
	}
	all, err := arenas(c.Config, files[StateFile], "", "m.", "v.")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", StateFile, err)
	}
	c.Weights, c.Train.M, c.Train.V = all[0], all[1], all[2]
	return c, nil
}

// readAdapted reads weights, adapters and moments of a run that trained adapters.
func (c *Checkpoint) readAdapted(file safetensors.File) (err error) {
	l := *c.Train.LoRA
	if err := errors.Join(c.Config.Validate(), l.Validate()); err != nil {
		return err
	}
	for prefix, arena := range map[string]*[]float32{"": &c.Train.Adapters, "m.": &c.Train.M, "v.": &c.Train.V} {
		if *arena, err = adapterArena(c.Config, l, prefix, file); err != nil {
			return err
		}
	}
	weights := safetensors.File{Arrays: slices.DeleteFunc(slices.Clone(file.Arrays), func(a safetensors.Array) bool {
		return strings.Contains(a.Name, ".lora_A.") || strings.Contains(a.Name, ".lora_B.")
	})}
	if adapters := 3 * len(adapterArrays(c.Config, l, "", c.Train.Adapters)); len(file.Arrays)-len(weights.Arrays) != adapters {
		return fmt.Errorf("there are %d tensors of adapters and moments, this model has %d", len(file.Arrays)-len(weights.Arrays), adapters)
	}
	if len(weights.Arrays) == 0 {
		return nil
	}
	data, err := pack(nil, weights.Arrays)
	if err != nil {
		return err
	}
	all, err := arenas(c.Config, data, "")
	if err != nil {
		return err
	}
	c.Weights = all[0]
	return nil
}

// readState1 reads version 1: training.json names the two other files by checksum.
func readState1(files map[string][]byte) (*Checkpoint, error) {
	if files[trainFile] == nil {
		return nil, fmt.Errorf("%s is missing beside %s", trainFile, StateFile)
	}
	c := &Checkpoint{Train: &model.TrainState{}}
	f := trainJSON{TrainState: c.Train}
	if err := json.Unmarshal(files[trainFile], &f); err != nil {
		return nil, fmt.Errorf("%s: %w", trainFile, err)
	}
	switch {
	case f.Format != trainFormat || f.Version != 1:
		return nil, fmt.Errorf("%s is of format %.40q version %d, not %q version 1", trainFile, f.Format, f.Version, trainFormat)
	case f.Model != checksum(files[weightsFile]):
		return nil, fmt.Errorf("%s belongs to other weights than those in %s: an older attnlab was stopped while it saved, or a file was replaced", trainFile, weightsFile)
	case f.Moments != checksum(files[StateFile]):
		return nil, fmt.Errorf("%s belongs to other moments than those in %s: an older attnlab was stopped while it saved, or a file was replaced", trainFile, StateFile)
	case negative(c.Train):
		return nil, fmt.Errorf("%s has a negative count", trainFile)
	}
	if err := json.Unmarshal(files[configFile], &c.Config); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	weights, err := arenas(c.Config, files[weightsFile], "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	moments, err := arenas(c.Config, files[StateFile], "m.", "v.")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", StateFile, err)
	}
	c.Weights, c.Train.M, c.Train.V = weights[0], moments[0], moments[1]
	return c, nil
}

func negative(t *model.TrainState) bool {
	return t.Step < 0 || t.Tokens < 0 || t.Schedule < 0 || t.ScheduleOf < 0
}

// loadTrain is the training state of the model in c; nil where the files have none, or
// where its save is of other weights: [LoadState] reads that.
func (c *Checkpoint) loadTrain(files map[string][]byte) *model.TrainState {
	s, err := readState(files)
	if err != nil || !slices.Equal(s.Weights, c.Weights) {
		return nil
	}
	return s.Train
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
