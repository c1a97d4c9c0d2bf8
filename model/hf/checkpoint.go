// Package hf reads and writes models as Hugging Face's tools do: config.json, model.safetensors and tokenizer.json in one folder,
// with the state of training beside them. What it reads may come from anywhere, so it checks everything before it allocates.
package hf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/model/hf/tokenizer"
)

// The files of a checkpoint folder. Package runs has the same names, without the weights' code: a test of the command line compares
// the two lists.
const (
	configFile        = "config.json"
	weightsFile       = "model.safetensors"
	tokenizerFile     = "tokenizer.json"
	tokenizerConfFile = "tokenizer_config.json" // tells transformers how to open tokenizer.json; this package does not read it
	trainFile         = "training.json"         // of a training state of version 1; not written any more
	// StateFile holds the training state, see [LoadState].
	StateFile = "training.safetensors"
)

// CheckpointFiles are the names of all files a checkpoint may have. The training state
// is replaced first, so that the other files are never newer than it.
var CheckpointFiles = []string{StateFile, weightsFile, configFile, tokenizerFile, tokenizerConfFile, trainFile}

// Checkpoint is a model in a folder of Hugging Face's form: config.json,
// model.safetensors, tokenizer.json. A training run saves its state beside them
// in training.safetensors, which transformers ignores.
type Checkpoint struct {
	Config    model.Config
	Tokenizer tokenizer.Tokenizer // nil if the folder has none
	Weights   []float32           // the arena, Config.ArenaSize() long; nil where Train has adapters over a model that lies elsewhere
	Train     *model.TrainState
}

// Files returns the files of the folder by name, ready to be written, downloaded or
// stored by a browser. It returns an error for weights that are not finite, and panics
// on an arena of the wrong length.
func (c *Checkpoint) Files() (map[string][]byte, error) {
	if err := c.Config.Validate(); err != nil {
		return nil, err
	}
	files, err := c.lightFiles()
	if err != nil {
		return nil, err
	}
	if c.Weights != nil || c.Train == nil || c.Train.LoRA == nil {
		// transformers opens only files whose metadata names their format.
		if files[weightsFile], err = pack(map[string]string{"format": "pt"}, arrays(c.Config, "", c.Weights)); err != nil {
			return nil, err
		}
	}
	if err := c.addTrain(files); err != nil {
		return nil, err
	}
	return files, nil
}

// lightFiles are the files of config and tokenizer.
func (c *Checkpoint) lightFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	var err error
	if files[configFile], err = indent(c.Config); err != nil {
		return nil, err
	}
	if c.Tokenizer != nil {
		if c.Tokenizer.Len() > c.Config.VocabSize {
			return nil, vocabularyError(c.Tokenizer, c.Config)
		}
		if _, ok := c.Tokenizer.(json.Marshaler); !ok {
			panic(fmt.Sprintf("hf: a tokenizer of type %T cannot be saved", c.Tokenizer))
		}
		if files[tokenizerFile], err = indent(c.Tokenizer); err != nil {
			return nil, err
		}
		if files[tokenizerConfFile], err = indent(c.tokenizerConf()); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// LoadFiles reads a model from its files by name, as Files gives them, with the
// training state where the files have the one of these weights.
func LoadFiles(files map[string][]byte) (*Checkpoint, error) { return LoadFS(Memory(files)) }

// LoadFS reads the checkpoint at the root of a file system, as LoadFiles does.
func LoadFS(fsys fs.FS) (*Checkpoint, error) {
	s, err := Open(fsys)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	c, err := s.Checkpoint(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	if !exists(fsys, StateFile) && !exists(fsys, trainFile) {
		return c, nil
	}
	files := map[string][]byte{}
	for _, name := range CheckpointFiles {
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("hf: %w", err)
		}
		files[name] = data
	}
	c.Train = c.loadTrain(files)
	return c, nil
}

// arrays returns the tensors of an arena under their Hugging Face names.
func arrays(c model.Config, prefix string, arena []float32) []safetensors.Array {
	if len(arena) != c.ArenaSize() {
		panic(fmt.Sprintf("hf: an arena of %d values for a model of %d", len(arena), c.ArenaSize()))
	}
	var arrays []safetensors.Array
	for _, p := range c.Params() {
		for _, t := range p.Tensors() {
			arrays = append(arrays, safetensors.Array{Name: prefix + t.Name, Shape: t.Shape, Data: arena[t.Offset : t.Offset+t.Size()]})
		}
	}
	return arrays
}

// arenas is the inverse of arrays: one arena for each prefix. The file must hold exactly
// the tensors of c. arenas allocates nothing for c before it has found them.
func arenas(c model.Config, file []byte, prefixes ...string) ([][]float32, error) {
	s, err := safetensors.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	tensors := make(map[string]tensor, len(s.Tensors))
	for _, t := range s.Tensors {
		tensors[t.Name] = t
	}
	var found []*Source
	for _, prefix := range prefixes {
		used, err := find(c, tensors, prefix)
		if err != nil {
			return nil, err
		}
		source := &Source{Config: c, tensors: map[string]tensor{}}
		for name, t := range used {
			delete(tensors, name)
			source.tensors[strings.TrimPrefix(name, prefix)] = t
		}
		found = append(found, source)
	}
	if len(tensors) > 0 {
		return nil, fmt.Errorf("hf: tensor %s is not part of a model of this config", slices.Min(slices.Collect(maps.Keys(tensors))))
	}
	var arenas [][]float32
	for _, source := range found {
		arena, err := source.Weights(context.Background(), nil)
		if err != nil {
			return nil, err
		}
		arenas = append(arenas, arena)
	}
	return arenas, nil
}

func (c *Checkpoint) tokenizerConf() map[string]any {
	conf := map[string]any{
		"tokenizer_class":              "PreTrainedTokenizerFast",
		"model_max_length":             c.Config.MaxContext,
		"clean_up_tokenization_spaces": false,
	}
	for key, id := range map[string]int{"pad_token": c.Config.PadID, "bos_token": c.Config.BosID, "eos_token": c.Config.EosID} {
		if token := c.Tokenizer.Token(id); token != "" {
			conf[key] = token
		}
	}
	return conf
}

func vocabularyError(t tokenizer.Tokenizer, c model.Config) error {
	return fmt.Errorf("hf: the tokenizer has %d tokens, but vocab_size is only %d", t.Len(), c.VocabSize)
}

func pack(metadata map[string]string, arrays []safetensors.Array) ([]byte, error) {
	var b bytes.Buffer
	_, err := safetensors.File{Metadata: metadata, Arrays: arrays}.WriteTo(&b)
	return b.Bytes(), err
}

// indent returns v as indented JSON, for people.
func indent(v any) ([]byte, error) {
	data, err := plainJSON(v)
	if err != nil {
		return nil, fmt.Errorf("hf: write JSON: %w", err)
	}
	var b bytes.Buffer
	err = json.Indent(&b, data, "", "  ")
	return b.Bytes(), err
}

// plainJSON is json.Marshal without escaping <think>, and with a line end.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
