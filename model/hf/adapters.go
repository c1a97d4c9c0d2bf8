package hf

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
)

// The files of low-rank adapters as the Python library PEFT writes them.
const (
	adapterConfFile = "adapter_config.json"
	adapterFile     = "adapter_model.safetensors"
)

// AdapterFiles are the names of the files of adapters.
var AdapterFiles = []string{adapterFile, adapterConfFile}

// Adapters are low-rank adapters of a model, in a folder of PEFT's form.
type Adapters struct {
	model.LoRA
	Words []float32 // their arena, see [model.Config.Adapters]
}

// attentionModules and layerModules are the matrices of a layer as PEFT names them.
var (
	attentionModules = []string{"k_proj", "o_proj", "q_proj", "v_proj"}
	layerModules     = []string{"down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"}
)

// adapterConf is what attnlab reads and writes of adapter_config.json. Fields behind Modules change what adapters compute, and are refused
// unless they are off.
type adapterConf struct {
	Type    string   `json:"peft_type"`
	Task    string   `json:"task_type"`
	Base    *string  `json:"base_model_name_or_path"`
	Rank    int      `json:"r"`
	Alpha   float64  `json:"lora_alpha"`
	Modules []string `json:"target_modules"`

	Bias          string             `json:"bias"`
	Dropout       float64            `json:"lora_dropout"` // of training; adapters are used without
	LoRABias      bool               `json:"lora_bias"`
	DoRA          bool               `json:"use_dora"`
	RSLoRA        bool               `json:"use_rslora"`
	Transposed    bool               `json:"fan_in_fan_out"`
	RankPattern   map[string]int     `json:"rank_pattern"`
	AlphaPattern  map[string]float64 `json:"alpha_pattern"`
	Saved         []string           `json:"modules_to_save"`
	Layers        any                `json:"layers_to_transform"`
	Replication   any                `json:"layer_replication"`
	Parameters    []string           `json:"target_parameters"`
	TrainedTokens any                `json:"trainable_token_indices"`
	Inference     bool               `json:"inference_mode"`
}

// Files returns the files of adapters by name, which PEFT opens over the model that they adapt.
func (a *Adapters) Files(c model.Config) (map[string][]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	conf := adapterConf{Type: "LORA", Task: "CAUSAL_LM", Rank: a.Rank, Alpha: a.Alpha, Modules: attentionModules, Bias: "none",
		RankPattern: map[string]int{}, AlphaPattern: map[string]float64{}, Inference: true}
	if a.All {
		conf.Modules = layerModules
	}
	files := map[string][]byte{}
	var err error
	if files[adapterConfFile], err = indent(conf); err != nil {
		return nil, err
	}
	files[adapterFile], err = pack(map[string]string{"format": "pt"}, adapterArrays(c, a.LoRA, "", a.Words))
	return files, err
}

// adapterName is the name of a tensor in PEFT's file.
func adapterName(t model.AdapterTensor) string {
	letter := "A"
	if t.B {
		letter = "B"
	}
	return "base_model.model." + strings.TrimSuffix(t.Name, ".weight") + ".lora_" + letter + ".weight"
}

// adapterArrays returns the tensors of an arena of adapters under PEFT's names.
func adapterArrays(c model.Config, l model.LoRA, prefix string, arena []float32) (arrays []safetensors.Array) {
	if n := c.AdapterArena(l); len(arena) != n {
		panic(fmt.Sprintf("hf: adapters of %d values, want an arena of %d", len(arena), n))
	}
	for _, a := range c.Adapters(l) {
		for _, t := range a.Tensors() {
			data := make([]float32, 0, t.Rows*t.Cols)
			for row := range t.Rows {
				data = append(data, arena[t.Offset+row*t.Stride:][:t.Cols]...)
			}
			arrays = append(arrays, safetensors.Array{Name: prefix + adapterName(t), Shape: []int{t.Rows, t.Cols}, Data: data})
		}
	}
	return arrays
}

// LoadAdapters reads adapters of a model of config c from their files by name. It returns an error if they adapt something else than the
// matrices of attention or all matrices of the layers, or if they are of another kind than plain LoRA.
func LoadAdapters(c model.Config, files map[string][]byte) (*Adapters, error) {
	for _, name := range AdapterFiles {
		if files[name] == nil {
			return nil, fmt.Errorf("hf: %s is missing", name)
		}
	}
	var conf adapterConf
	if err := json.Unmarshal(files[adapterConfFile], &conf); err != nil {
		return nil, fmt.Errorf("hf: %s: %w", adapterConfFile, err)
	}
	a := &Adapters{LoRA: model.LoRA{Rank: conf.Rank, Alpha: conf.Alpha}}
	if err := conf.plain(&a.LoRA); err != nil {
		return nil, fmt.Errorf("hf: %s: %w", adapterConfFile, err)
	}
	file, err := safetensors.Read(files[adapterFile])
	if err != nil {
		return nil, fmt.Errorf("hf: %s: %w", adapterFile, err)
	}
	if a.Words, err = adapterArena(c, a.LoRA, "", file); err != nil {
		return nil, fmt.Errorf("hf: %s: %w", adapterFile, err)
	}
	if n := len(adapterArrays(c, a.LoRA, "", a.Words)); n != len(file.Arrays) {
		return nil, fmt.Errorf("hf: %s has %d tensors, adapters of this model have %d", adapterFile, len(file.Arrays), n)
	}
	return a, nil
}

// plain reads what is adapted, and returns an error for adapters that are not plain LoRA.
func (conf adapterConf) plain(l *model.LoRA) error {
	modules := slices.Sorted(slices.Values(conf.Modules))
	for _, c := range []struct {
		is   bool
		what string
	}{
		{conf.Type != "LORA", fmt.Sprintf("adapters of type %.40q", conf.Type)},
		{conf.Bias != "" && conf.Bias != "none" || conf.LoRABias, "trained biases"},
		{conf.DoRA, "DoRA"}, {conf.RSLoRA, "rank-stabilised scaling"}, {conf.Transposed, "transposed weights"},
		{len(conf.RankPattern) > 0 || len(conf.AlphaPattern) > 0, "ranks that differ by module"},
		{len(conf.Saved) > 0 || len(conf.Parameters) > 0 || conf.TrainedTokens != nil, "other trained parameters"},
		{conf.Layers != nil || conf.Replication != nil, "a choice of layers"},
	} {
		if c.is {
			return fmt.Errorf("%s cannot be used here; train plain LoRA on all layers", c.what)
		}
	}
	switch {
	case slices.Equal(modules, attentionModules):
	case slices.Equal(modules, layerModules):
		l.All = true
	default:
		return fmt.Errorf("target_modules are %.200v; attnlab takes %v, or %v", modules, attentionModules, layerModules)
	}
	return l.Validate()
}

// adapterArena is the inverse of adapterArrays. It allocates nothing for c before it has found all tensors.
func adapterArena(c model.Config, l model.LoRA, prefix string, file safetensors.File) ([]float32, error) {
	var places []model.AdapterTensor
	var found [][]float32
	for _, a := range c.Adapters(l) {
		for _, t := range a.Tensors() {
			name := prefix + adapterName(t)
			array, ok := file.Array(name)
			if !ok {
				return nil, fmt.Errorf("tensor %s is missing", name)
			}
			if !slices.Equal(array.Shape, []int{t.Rows, t.Cols}) {
				return nil, fmt.Errorf("tensor %s has the shape %v, a model of this config needs [%d %d]", name, array.Shape, t.Rows, t.Cols)
			}
			places, found = append(places, t), append(found, array.Data)
		}
	}
	arena := make([]float32, c.AdapterArena(l))
	for i, t := range places {
		for row := range t.Rows {
			copy(arena[t.Offset+row*t.Stride:][:t.Cols], found[i][row*t.Cols:])
		}
	}
	return arena, nil
}
