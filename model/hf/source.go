package hf

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/model/hf/tokenizer"
)

// Limits on files that are read whole. The largest index of a published model has under 10 MB.
const (
	generationFile = "generation_config.json"
	indexFile      = "model.safetensors.index.json"
	maxConfig      = 4 << 20
	maxIndex       = 64 << 20
	maxTokenizer   = 128 << 20
	maxShards      = 4096
	valuesARun     = 1 << 20 // values that ReadRows reads before it looks at its context
)

// Source is a model whose files are open: its config is known, its tensors are found and checked, and no value has been read. It
// is a [model.Source], which reads each tensor by ranges, so a model is never whole in memory.
type Source struct {
	Config    model.Config
	Kind      string              // model_type of config.json, or the architecture of a GGUF file
	Tokenizer tokenizer.Tokenizer // nil if the folder has none
	Bytes     int64               // of the model's tensors in the files
	Ignored   []string            // one sentence for each thing in the files that the model does not use
	tensors   map[string]tensor
	announced model.Storage // of a model without tensors
	closers   []io.Closer
}

var _ model.Source = (*Source)(nil)

// tensor is the place of a tensor in a file.
type tensor interface {
	Dims() []int
	Kind() string                        // the name of its type in the file
	Bytes() int64                        // in the file
	Float() error                        // why its type cannot be read, or nil
	Read(first int, dst []float32) error // the values from first on
}

// Open opens the model in a folder of Hugging Face's form. It reads config.json first and alone, then the headers of the weights:
// model.safetensors, or the files that model.safetensors.index.json names. It returns an error for a model that has no kernel,
// before it reads anything of its weights.
func Open(fsys fs.FS) (s *Source, err error) {
	s = &Source{}
	if s.Config, s.Kind, err = readConfig(fsys); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
			s = nil
		}
	}()
	if err = s.readTokenizer(fsys); err != nil {
		return s, err
	}
	switch {
	case exists(fsys, weightsFile):
		if err = s.openFiles(fsys, weightsFile); err == nil {
			err = wrap(weightsFile, s.match())
		}
	case exists(fsys, indexFile):
		if err = s.openShards(fsys); err == nil {
			err = wrap(indexFile, s.match())
		}
	default:
		err = noWeights(fsys)
	}
	return s, err
}

// OpenFiles opens the model among some files: the one GGUF file, or a folder as [Open].
func OpenFiles(fsys fs.FS) (*Source, error) {
	if exists(fsys, configFile) {
		return Open(fsys)
	}
	switch files, _ := fs.Glob(fsys, "*.[gG][gG][uU][fF]"); len(files) {
	case 0:
		return Open(fsys) // which says what is missing
	case 1:
		f, err := openRanged(fsys, files[0])
		if err != nil {
			return nil, err
		}
		s, err := OpenGGUF(f, f.size)
		if err != nil {
			f.Close()
			return nil, wrap(files[0], err)
		}
		s.closers = append(s.closers, f)
		return s, nil
	default:
		return nil, fmt.Errorf("hf: there are %d GGUF files, such as %s and %s; choose one of them", len(files), files[0], files[1])
	}
}

// Announced is a model of which nothing is known but its config.json and the size of its files, because they lie elsewhere. No tensor of it can be
// read, and its type is what the config says, F32 if it says nothing.
func Announced(config []byte, bytes int64) (s *Source, err error) {
	s = &Source{Bytes: bytes}
	if s.Config, s.Kind, err = readConfig(Memory{configFile: config}); err != nil {
		return nil, err
	}
	var types struct {
		Type string `json:"dtype"`
		Old  string `json:"torch_dtype"`
	}
	if err := json.Unmarshal(config, &types); err != nil {
		return nil, wrap(configFile, err)
	}
	switch cmp.Or(types.Type, types.Old) {
	case "bfloat16":
		s.announced = model.BF16
	case "float16":
		s.announced = model.F16
	}
	return s, nil
}

// readTokenizer reads tokenizer.json, if there is one.
func (s *Source) readTokenizer(fsys fs.FS) error {
	data, err := readSmall(fsys, tokenizerFile, maxTokenizer)
	if data == nil || err != nil {
		return err
	}
	if err := marked(data); err != nil {
		return wrap(tokenizerFile, err)
	}
	if s.Tokenizer, err = ReadTokenizer(data); err != nil {
		return wrap(tokenizerFile, err)
	}
	if s.Tokenizer.Len() > s.Config.VocabSize {
		return vocabularyError(s.Tokenizer, s.Config)
	}
	return nil
}

// wrap names the file that an error is about.
func wrap(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// noWeights names what a folder has in the place of weights that can be read.
func noWeights(fsys fs.FS) error {
	if exists(fsys, "adapter/"+adapterConfFile) {
		return fmt.Errorf("hf: %s is missing: this folder has adapters of another model; open that model, with the adapters in the folder \"adapter\" below this one", weightsFile)
	}
	for _, name := range []string{"pytorch_model.bin", "pytorch_model.bin.index.json"} {
		if exists(fsys, name) {
			return fmt.Errorf("hf: %s is missing, and %s is not read, because such a file can run code when it is opened; save the model as safetensors first", weightsFile, name)
		}
	}
	return fmt.Errorf("hf: %s is missing, a checkpoint needs %s and %s (or %s and the files that it names)", weightsFile, configFile, weightsFile, indexFile)
}

// readConfig reads config.json and generation_config.json.
func readConfig(fsys fs.FS) (c model.Config, kind string, err error) {
	data, err := readSmall(fsys, configFile, maxConfig)
	switch {
	case err != nil:
		return c, kind, err
	case data == nil && exists(fsys, "adapter_config.json"):
		return c, kind, errors.New("hf: this folder holds an adapter and no model; merge the adapter into its base model first")
	case data == nil:
		if files, _ := fs.Glob(fsys, "*.gguf"); len(files) > 0 {
			return c, kind, fmt.Errorf("hf: %s is missing, but there is %s; open that file instead of its folder", configFile, files[0])
		}
		return c, kind, fmt.Errorf("hf: %s is missing, a checkpoint needs %s and %s", configFile, configFile, weightsFile)
	}
	if err := wrap(configFile, unmarshal(data, &c)); err != nil {
		return c, kind, err
	}
	var named struct {
		Type string `json:"model_type"`
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return c, kind, wrap(configFile, err)
	}
	kind = named.Type
	if data, err = readSmall(fsys, generationFile, maxConfig); err != nil || data == nil {
		return c, kind, err
	}
	if err = marked(data); err == nil {
		err = c.ReadGeneration(data)
	}
	return c, kind, wrap(generationFile, err)
}

// marked returns an error for a byte-order mark, about which encoding/json only says "invalid character 'ï'".
func marked(data []byte) error {
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return errors.New("hf: the file starts with a byte-order mark, which JSON does not allow; save it as UTF-8 without one")
	}
	return nil
}

// unmarshal reads the JSON of a file.
func unmarshal(data []byte, v any) error {
	if err := marked(data); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// openFiles reads the headers of safetensors files and gathers their tensors.
func (s *Source) openFiles(fsys fs.FS, names ...string) error {
	s.tensors = map[string]tensor{}
	for _, name := range names {
		f, err := openRanged(fsys, name)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, f)
		opened, err := safetensors.Open(f, f.size)
		if err != nil {
			return wrap(name, err)
		}
		for _, t := range opened.Tensors {
			if _, twice := s.tensors[t.Name]; twice {
				return fmt.Errorf("%s: hf: tensor %s is in another file of this model too", name, t.Name)
			}
			s.tensors[t.Name] = t
		}
	}
	return nil
}

// openShards opens the files that the index names.
func (s *Source) openShards(fsys fs.FS) error {
	data, err := readSmall(fsys, indexFile, maxIndex)
	if err != nil {
		return err
	}
	var index struct {
		Files map[string]string `json:"weight_map"` // tensor to file
	}
	if err := unmarshal(data, &index); err != nil {
		return wrap(indexFile, err)
	}
	names := slices.Compact(slices.Sorted(maps.Values(index.Files)))
	switch {
	case len(names) == 0:
		return fmt.Errorf("%s: hf: it names no files", indexFile)
	case len(names) > maxShards:
		return fmt.Errorf("%s: hf: it names %d files, at most %d are read", indexFile, len(names), maxShards)
	}
	for _, name := range names {
		if !fs.ValidPath(name) || path.Base(name) != name || !strings.HasSuffix(name, ".safetensors") {
			return fmt.Errorf("%s: hf: it names %.80q, which is not a safetensors file of the same folder", indexFile, name)
		}
		if !exists(fsys, name) {
			return fmt.Errorf("%s: hf: it names %s, which is missing; all files of the model must lie in one folder", indexFile, name)
		}
	}
	if err := s.openFiles(fsys, names...); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(index.Files)) {
		if _, ok := s.tensors[name]; !ok {
			return fmt.Errorf("%s: hf: tensor %.80q is in none of the files", indexFile, name)
		}
	}
	return nil
}

// match finds each tensor of the config among those of the files, checks shape and type, and sorts out the rest.
func (s *Source) match() error {
	if _, bare := s.tensors["embed_tokens.weight"]; bare { // saved without its output matrix
		named := make(map[string]tensor, len(s.tensors))
		for name, t := range s.tensors {
			if name != "lm_head.weight" {
				name = "model." + name
			}
			named[name] = t
		}
		s.tensors = named
	}
	used, err := find(s.Config, s.tensors, "")
	if err != nil {
		return err
	}
	var frequencies, layers int
	for _, name := range slices.Sorted(maps.Keys(s.tensors)) {
		if _, ok := used[name]; ok {
			s.Bytes += used[name].Bytes()
			continue
		}
		switch {
		case strings.HasSuffix(name, "rotary_emb.inv_freq"):
			frequencies++
		case name == "lm_head.weight" && s.Config.TieEmbeddings:
			s.Ignored = append(s.Ignored, "lm_head.weight is not read: the config ties the output matrix to the embedding.")
		case layerOf(name) >= s.Config.Layers:
			layers++
		default:
			return fmt.Errorf("hf: tensor %s is not part of a model of this config", name)
		}
	}
	if frequencies > 0 {
		s.Ignored = append(s.Ignored, fmt.Sprintf("Tensors rotary_emb.inv_freq (%d) are not read: the frequencies follow from the config.", frequencies))
	}
	if layers > 0 {
		s.Ignored = append(s.Ignored, fmt.Sprintf("Tensors of later layers (%d) are not read: num_hidden_layers is %d.", layers, s.Config.Layers))
	}
	s.tensors = used
	return nil
}

// layerOf is the layer in the name of a tensor, -1 without one.
func layerOf(name string) int {
	rest, ok := strings.CutPrefix(name, "model.layers.")
	number, _, dot := strings.Cut(rest, ".")
	layer, err := strconv.Atoi(number)
	if !ok || !dot || err != nil {
		return -1
	}
	return layer
}

// find returns the tensors of a model by name. It returns an error for the first that is missing, has another shape, or a type that
// cannot be read.
func find(c model.Config, tensors map[string]tensor, prefix string) (map[string]tensor, error) {
	found := map[string]tensor{}
	for _, p := range c.Params() {
		for _, want := range p.Tensors() {
			name := prefix + want.Name
			t, ok := tensors[name]
			if !ok {
				return nil, fmt.Errorf("hf: tensor %s is missing, the config wants it in shape %v", name, want.Shape)
			}
			if !slices.Equal(t.Dims(), want.Shape) {
				return nil, fmt.Errorf("hf: tensor %s has shape %v, the config wants %v", name, t.Dims(), want.Shape)
			}
			if err := t.Float(); err != nil {
				return nil, err
			}
			found[name] = t
		}
	}
	return found, nil
}

// storages are those that hold the numbers of a file's type: exactly, but for Q5 and Q6, which Q8 rounds by less than their own step.
var storages = map[string]model.Storage{
	"F32": model.F32, "F64": model.F32, "BF16": model.BF16, "F16": model.F16,
	"Q8_0": model.Q8, "Q6_K": model.Q8, "Q5_0": model.Q8, "Q5_1": model.Q8, "Q5_K": model.Q8,
	"Q4_0": model.Q4, "Q4_1": model.Q4, "Q4_K": model.Q4,
}

// Stored is the smallest storage on a device that holds what the files hold. Where BF16 is mixed with another type, only F32 does. The embedding and
// the output matrix may be in Q8 where the others are in Q4, as [model.Config.StorageOf] has them.
func (s *Source) Stored() model.Storage {
	if s.tensors == nil {
		return s.announced
	}
	least, other := model.Q4, false // the largest storage that any matrix needs
	bf16 := false
	for name, t := range s.tensors {
		if len(t.Dims()) != 2 {
			continue
		}
		holds, known := storages[t.Kind()]
		switch {
		case !known:
			return model.F32
		case holds == model.BF16:
			bf16 = true
			continue
		case holds == model.Q8 && (name == "model.embed_tokens.weight" || name == "lm_head.weight"):
			holds = model.Q4
		}
		least, other = min(least, holds), true
	}
	switch {
	case bf16 && other:
		return model.F32
	case bf16:
		return model.BF16
	}
	return least
}

// ReadRows reads the rows from row on of a tensor into dst. A vector is one row.
func (s *Source) ReadRows(ctx context.Context, name string, row int, dst []float32) error {
	t, ok := s.tensors[name]
	if !ok {
		return fmt.Errorf("hf: the model has no tensor %s", name)
	}
	dims := t.Dims()
	columns := dims[len(dims)-1]
	size := columns
	if len(dims) == 2 {
		size *= dims[0]
	}
	if columns == 0 || len(dst)%columns != 0 || row < 0 || row*columns+len(dst) > size {
		return fmt.Errorf("hf: %d values from row %d on are not rows of tensor %s of shape %v", len(dst), row, name, dims)
	}
	for first := row * columns; len(dst) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(dst), max(1, valuesARun/columns)*columns) // whole rows
		if err := t.Read(first, dst[:n]); err != nil {
			return err
		}
		first, dst = first+n, dst[n:]
	}
	return nil
}

// Small reports whether the model is small enough to be read whole, in F32, wherever models run: then it can also be trained in full.
func (s *Source) Small() bool { return s.Config.ArenaSize() <= smallWords }

// smallWords is 64 MiB of values in F32. The shipped bases have under 1 MiB.
const smallWords = 16 << 20

// Weights reads all tensors into an arena. It calls progress, which may be nil, with the bytes of the files that are read so far.
func (s *Source) Weights(ctx context.Context, progress func(done, of int64)) ([]float32, error) {
	arena := make([]float32, s.Config.ArenaSize())
	var done int64
	for _, p := range s.Config.Params() {
		for _, t := range p.Tensors() {
			if err := s.ReadRows(ctx, t.Name, 0, arena[t.Offset:][:t.Size()]); err != nil {
				return nil, err
			}
			if done += s.tensors[t.Name].Bytes(); progress != nil {
				progress(done, s.Bytes)
			}
		}
	}
	return arena, nil
}

// Checkpoint reads the model: its weights, as Weights does.
func (s *Source) Checkpoint(ctx context.Context, progress func(done, of int64)) (*Checkpoint, error) {
	weights, err := s.Weights(ctx, progress)
	if err != nil {
		return nil, err
	}
	return &Checkpoint{Config: s.Config, Tokenizer: s.Tokenizer, Weights: weights}, nil
}

// Close closes the files.
func (s *Source) Close() error {
	var err error
	for _, c := range s.closers {
		err = errors.Join(err, c.Close())
	}
	s.closers = nil
	return err
}
