package hf

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/model/hf/safetensors"
)

// plain is checkpoint without tokenizer and training state, as files.
func plain(t testing.TB) (*Checkpoint, Memory) {
	t.Helper()
	c := checkpoint(t)
	c.Tokenizer, c.Train = nil, nil
	files, err := c.Files()
	if err != nil {
		t.Fatal(err)
	}
	return c, files
}

// packed is arrays as a safetensors file.
func packed(t testing.TB, arrays []safetensors.Array) []byte {
	t.Helper()
	data, err := pack(map[string]string{"format": "pt"}, arrays)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// index is a model.safetensors.index.json.
func index(t testing.TB, files map[string]string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": files})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sharded spreads the tensors of files over two files with an index.
func sharded(t testing.TB, c *Checkpoint, files Memory) (Memory, map[string]string) {
	t.Helper()
	var parts [2][]safetensors.Array
	names := [2]string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
	of := map[string]string{}
	for i, a := range arrays(c.Config, "", c.Weights) {
		parts[i%2] = append(parts[i%2], a)
		of[a.Name] = names[i%2]
	}
	return Memory{configFile: files[configFile], names[0]: packed(t, parts[0]), names[1]: packed(t, parts[1]), indexFile: index(t, of)}, of
}

func TestShards(t *testing.T) {
	want, files := plain(t)
	shards, _ := sharded(t, want, files)
	got, err := LoadFS(shards)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
}

func TestShardsRefuse(t *testing.T) {
	c, files := plain(t)
	for name, test := range map[string]struct {
		edit func(m Memory, of map[string]string)
		want string
	}{
		"no index":     {func(m Memory, of map[string]string) { delete(m, indexFile) }, "model.safetensors is missing"},
		"no shard":     {func(m Memory, of map[string]string) { delete(m, "model-00002-of-00002.safetensors") }, "names model-00002-of-00002.safetensors, which is missing"},
		"empty index":  {func(m Memory, of map[string]string) { m[indexFile] = []byte("{}") }, "names no files"},
		"broken index": {func(m Memory, of map[string]string) { m[indexFile] = []byte("[") }, "index.json"},
		"marked index": {func(m Memory, of map[string]string) { m[indexFile] = []byte("\xef\xbb\xbf{}") }, "byte-order mark"},
		"way out": {func(m Memory, of map[string]string) {
			of["model.norm.weight"] = "../model.safetensors"
			m[indexFile] = index(t, of)
		}, "not a safetensors file of the same folder"},
		"below": {func(m Memory, of map[string]string) {
			of["model.norm.weight"] = "a/model.safetensors"
			m[indexFile] = index(t, of)
		}, "not a safetensors file of the same folder"},
		"pickle": {func(m Memory, of map[string]string) {
			of["model.norm.weight"] = "pytorch_model.bin"
			m[indexFile] = index(t, of)
		}, "not a safetensors file of the same folder"},
		"promise": {func(m Memory, of map[string]string) {
			of["lm_head.weight"] = "model-00001-of-00002.safetensors"
			m[indexFile] = index(t, of)
		}, `tensor "lm_head.weight" is in none of the files`},
		"twice": {func(m Memory, of map[string]string) {
			m["model-00002-of-00002.safetensors"] = m["model-00001-of-00002.safetensors"]
		}, "is in another file"},
	} {
		m, of := sharded(t, c, files)
		test.edit(m, of)
		if got, err := LoadFS(m); err == nil || got != nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one about %q", name, err, test.want)
		}
	}
}

// What transformers ignores in a file is ignored, and a sentence says so.
func TestIgnored(t *testing.T) {
	want, files := plain(t)
	all := arrays(want.Config, "", want.Weights)
	more := func(name string, shape ...int) safetensors.Array {
		size := 1
		for _, n := range shape {
			size *= n
		}
		return safetensors.Array{Name: name, Shape: shape, Data: make([]float32, size)}
	}
	bare := slices.Clone(all)
	for i := range bare {
		bare[i].Name = strings.TrimPrefix(bare[i].Name, "model.")
	}
	for name, test := range map[string]struct {
		arrays []safetensors.Array
		want   []string
	}{
		"nothing":     {all, nil},
		"tied head":   {append(slices.Clone(all), more("lm_head.weight", 13, 16)), []string{"lm_head.weight is not read"}},
		"frequencies": {append(slices.Clone(all), more("model.layers.0.self_attn.rotary_emb.inv_freq", 4), more("model.rotary_emb.inv_freq", 4)), []string{"Tensors rotary_emb.inv_freq (2) are not read"}},
		"later layer": {append(slices.Clone(all), more("model.layers.2.mlp.up_proj.weight", 4, 16)), []string{"Tensors of later layers (1) are not read: num_hidden_layers is 2"}},
		"bare":        {bare, nil},
		"bare, head":  {append(slices.Clone(bare), more("lm_head.weight", 13, 16)), []string{"lm_head.weight is not read"}},
	} {
		s, err := Open(Memory{configFile: files[configFile], weightsFile: packed(t, test.arrays)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.EqualFunc(s.Ignored, test.want, strings.Contains) {
			t.Errorf("%s: ignored %q, want %q", name, s.Ignored, test.want)
		}
		got, err := s.Weights(context.Background(), nil)
		if err != nil || !slices.Equal(got, want.Weights) {
			t.Errorf("%s: other weights, or %v", name, err)
		}
	}
}

// ranges is a folder that counts what is read of its files.
type ranges struct {
	fs.FS
	read    map[string]int64
	largest int
}

type rangedFile struct {
	fs.File
	io.ReaderAt
	of   *ranges
	name string
}

func (r *ranges) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return rangedFile{f, f.(io.ReaderAt), r, name}, nil
}

func (f rangedFile) count(n int) {
	f.of.read[f.name] += int64(n)
	f.of.largest = max(f.of.largest, n)
}

func (f rangedFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.count(n)
	return n, err
}

func (f rangedFile) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.ReaderAt.ReadAt(b, at)
	f.count(n)
	return n, err
}

func TestOpenReadsOnlyTheHeader(t *testing.T) {
	c, files := plain(t)
	values := int64(4 * c.Config.Count())
	header := int64(len(files[weightsFile])) - values
	r := &ranges{FS: files, read: map[string]int64{}}
	s, err := Open(r)
	if err != nil {
		t.Fatal(err)
	}
	if r.read[weightsFile] != header || s.Bytes != values {
		t.Errorf("opening read %d bytes of the weights, the header has %d; the tensors have %d bytes, want %d", r.read[weightsFile], header, s.Bytes, values)
	}
	// Two rows of a matrix are two rows of the file.
	down := c.Config.Param("layers.1.down")
	dst := make([]float32, 2*down.Cols)
	if err := s.ReadRows(context.Background(), "model.layers.1.mlp.down_proj.weight", 3, dst); err != nil || !slices.Equal(dst, c.Weights[down.Offset+3*down.Cols:][:len(dst)]) {
		t.Errorf("rows 3 and 4 of down are %g, %v", dst, err)
	}
	if got := r.read[weightsFile] - header; got != int64(4*len(dst)) {
		t.Errorf("two rows took %d bytes, want %d", got, 4*len(dst))
	}

	// A config that has no kernel is refused before any other file is touched.
	files[configFile] = []byte(strings.Replace(string(files[configFile]), `"llama"`, `"gpt2"`, 1))
	r.read = map[string]int64{}
	if _, err := Open(r); err == nil || !strings.Contains(err.Error(), "gpt2") || len(r.read) != 1 {
		t.Errorf("a GPT-2: %v, after reading %v", err, r.read)
	}
}

// generation_config.json says where a response ends, as in transformers.
func TestGenerationConfig(t *testing.T) {
	_, files := plain(t)
	files[generationFile] = []byte(`{"eos_token_id": [3, 4], "temperature": 0.6}`)
	s, err := Open(files)
	if err != nil || !s.Config.Ends(3) || !s.Config.Ends(4) || s.Config.Ends(2) {
		t.Errorf("the config ends at %v, %v", s.Config.Stop, err)
	}
	files[generationFile] = []byte(`{"eos_token_id": [3, 400]}`)
	if _, err := Open(files); err == nil || !strings.Contains(err.Error(), "generation_config.json: model: the end token 400") {
		t.Errorf("an end outside the vocabulary: %v", err)
	}
}

func TestReadRowsRefuses(t *testing.T) {
	_, files := plain(t)
	s, err := Open(files)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		tensor  string
		row, n  int
		message string
	}{
		"other tensor": {"lm_head.weight", 0, 16, "no tensor lm_head.weight"},
		"half a row":   {"model.embed_tokens.weight", 0, 8, "not rows"},
		"past the end": {"model.embed_tokens.weight", 12, 32, "not rows"},
		"before":       {"model.embed_tokens.weight", -1, 16, "not rows"},
		"two vectors":  {"model.norm.weight", 0, 32, "not rows"},
	} {
		if err := s.ReadRows(context.Background(), test.tensor, test.row, make([]float32, test.n)); err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: %v, want an error about %q", name, err, test.message)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := s.Weights(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped load: %v", err)
	}
}

func TestWeightsReportProgress(t *testing.T) {
	_, files := plain(t)
	s, err := Open(files)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	if _, err := s.Weights(context.Background(), func(done, of int64) {
		if done <= last || of != s.Bytes {
			t.Errorf("%d of %d bytes after %d of %d", done, of, last, s.Bytes)
		}
		last = done
	}); err != nil || last != s.Bytes {
		t.Errorf("ended at %d of %d bytes, %v", last, s.Bytes, err)
	}
}

// A weight that is no number is refused by tensor and place, wherever the file comes from.
func TestWeightsAreFinite(t *testing.T) {
	_, files := plain(t)
	data := slices.Clone(files[weightsFile])
	bits := math.Float32bits(float32(math.Inf(1)))
	copy(data[len(data)-4:], []byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
	files[weightsFile] = data
	if _, err := LoadFS(files); err == nil || !strings.Contains(err.Error(), "value 15 of tensor model.norm.weight is +Inf") {
		t.Errorf("an infinite weight: %v", err)
	}
}

// Whatever config, generation_config and index say, a folder is refused in one line or its tensors are those of its config.
func FuzzOpen(f *testing.F) {
	c, files := plain(f)
	shards, _ := sharded(f, c, files)
	f.Add(files[configFile], []byte(`{"eos_token_id": [1, 2]}`), shards[indexFile])
	f.Add([]byte(`{"model_type": "qwen3", "head_dim": 8, "rope_scaling": {"type": "yarn", "factor": 2}}`), []byte(`{"eos_token_id": null}`), []byte(`{"weight_map": {"a": "b.safetensors"}}`))
	f.Add([]byte(`{"model_type": "smollm3", "no_rope_layers": [1]}`), []byte(`{}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, config, generation, index []byte) {
		m := Memory{configFile: config, generationFile: generation, indexFile: index}
		for name, data := range shards {
			if m[name] == nil {
				m[name] = data
			}
		}
		s, err := Open(m)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		if err := s.Config.Validate(); err != nil {
			t.Errorf("opened with a config that is not valid: %v", err)
		}
		if _, err := s.Weights(context.Background(), nil); err != nil {
			t.Errorf("opened and cannot be read: %v", err)
		}
	})
}
