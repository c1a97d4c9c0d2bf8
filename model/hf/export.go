package hf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/model/hf/tokenizer"
)

// Export writes a model into a folder of Hugging Face's form, its weights in F32, from a source that is read a few rows at a time. The folder
// is made if need be. Export returns an error where it holds a model already. It calls progress, which may be nil, with the bytes that are
// written so far. If it fails, or ctx ends, it leaves no model behind.
func Export(ctx context.Context, dir string, c model.Config, t tokenizer.Tokenizer, src model.Source, progress func(done, of int64)) (err error) {
	for _, name := range append([]string{indexFile}, CheckpointFiles...) {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("hf: there is %s in %s already; give another folder", name, dir)
		}
	}
	files, err := (&Checkpoint{Config: c, Tokenizer: t}).lightFiles()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("hf: make the model's folder: %w", err)
	}
	weights, err := os.CreateTemp(dir, weightsFile+".*.tmp")
	if err != nil {
		return fmt.Errorf("hf: save the model: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(weights.Name())
		}
	}()
	err = errors.Join(exportWeights(ctx, weights, c, src, progress), weights.Chmod(0o644), weights.Sync(), weights.Close())
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return fmt.Errorf("hf: save the model: %w", err)
		}
	}
	return os.Rename(weights.Name(), filepath.Join(dir, weightsFile))
}

// exportWeights writes all tensors of a model.
func exportWeights(ctx context.Context, w *os.File, c model.Config, src model.Source, progress func(done, of int64)) error {
	var tensors []safetensors.Array
	places := map[string]model.Tensor{}
	for _, p := range c.Params() {
		for _, t := range p.Tensors() {
			tensors, places[t.Name] = append(tensors, safetensors.Array{Name: t.Name, Shape: t.Shape}), t
		}
	}
	var values []float32
	var done int64
	// transformers opens only files whose metadata names their format.
	return safetensors.Stream(w, map[string]string{"format": "pt"}, tensors, func(a safetensors.Array, put func([]float32) error) error {
		t := places[a.Name]
		rows := t.Rows // of a vector, which is read whole
		if len(t.Shape) == 2 {
			rows = min(rows, max(1, valuesARun/t.Cols))
		}
		for row := 0; row < t.Rows; row += rows {
			n := min(rows, t.Rows-row) * t.Cols
			if cap(values) < n {
				values = make([]float32, n)
			}
			if err := src.ReadRows(ctx, t.Name, row, values[:n]); err != nil {
				return err
			}
			if err := put(values[:n]); err != nil {
				return err
			}
			if done += 4 * int64(n); progress != nil {
				progress(done, 4*int64(c.Count()))
			}
		}
		return nil
	})
}

// ReadWeights reads all tensors of a model into an arena. It returns an error where src does, or ctx's.
func ReadWeights(ctx context.Context, c model.Config, src model.Source) ([]float32, error) {
	arena := make([]float32, c.ArenaSize())
	for _, p := range c.Params() {
		for _, t := range p.Tensors() {
			if err := src.ReadRows(ctx, t.Name, 0, arena[t.Offset:][:t.Size()]); err != nil {
				return nil, err
			}
		}
	}
	return arena, nil
}
