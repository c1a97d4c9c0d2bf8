// Package testdata carries the golden tensors, so that tests find them where
// there is no file system as well. golden.py makes them and says what they are.
package testdata

import "embed"

// FS holds golden/CASE/{config.json, model.safetensors, golden.safetensors},
// where CASE is llama-gqa or llama-tied; lora/CASE/{adapter_config.json,
// adapter_model.safetensors, golden.safetensors}, where CASE is attention, all, or one of
// models/, which lora.py makes; variants.json, which variants.py makes; models/, which models.py makes; scores.json, which
// scores.py makes; referee.json, which referee.py makes; and handover.json, which handover.py makes.
//
//go:embed golden lora variants.json models scores.json referee.json handover.json
var FS embed.FS
