#!/usr/bin/env python3
"""What transformers makes of many forms of config.json: testdata/variants.json, a golden table for the reader of configs.

    python3 testdata/variants.py

Needs: pip install torch transformers. Each entry has a name, the config.json, and either "error" (what transformers raised) or what the
model of that config has: the shapes of its tensors outside the layers and in layer 0, the inverse frequencies and the factor of
its rotary positions, the layers without rotary positions, those with a sliding window, and its end tokens.
"""
import json, logging, pathlib, tempfile, warnings
import torch, transformers
from transformers import AutoConfig, AutoModelForCausalLM

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity(logging.CRITICAL)
ABSENT = object()

COMMON = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=256, rms_norm_eps=1e-5, hidden_act="silu", tie_word_embeddings=False,
              pad_token_id=0, bos_token_id=1, eos_token_id=2)
BASES = {
    "llama": dict(rope_theta=10000.0, rope_scaling=None, attention_bias=False, mlp_bias=False),
    "mistral": dict(rope_theta=10000.0, sliding_window=None),
    "qwen2": dict(rope_theta=1000000.0, use_sliding_window=False, sliding_window=32, max_window_layers=1),
    "qwen3": dict(rope_theta=1000000.0, head_dim=16, attention_bias=False, use_sliding_window=False, sliding_window=None, max_window_layers=2),
    "smollm3": dict(rope_theta=2000000.0, attention_bias=False, mlp_bias=False, use_sliding_window=False, sliding_window=None,
                    no_rope_layers=[1, 0], no_rope_layer_interval=2),
}
CLASS = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3", "smollm3": "SmolLM3"}
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)


def v(name, kind="llama", **edits):
    config = {"architectures": [CLASS.get(kind, "X") + "ForCausalLM"], "model_type": kind, **COMMON, **BASES.get(kind, {}), **edits}
    return name, {k: x for k, x in config.items() if x is not ABSENT}


VARIANTS = [
    v("llama"), v("llama tied", tie_word_embeddings=True), v("tie absent", tie_word_embeddings=ABSENT), v("tie null", tie_word_embeddings=None),
    v("eps 1e-6", rms_norm_eps=1e-6), v("eps absent", rms_norm_eps=ABSENT), v("eps null", rms_norm_eps=None), v("eps integer", rms_norm_eps=1),
    v("theta 500000, version 4", rope_theta=500000.0), v("theta integer", rope_theta=500000), v("theta absent", rope_theta=ABSENT), v("theta null", rope_theta=None),
    v("theta in rope_parameters", rope_theta=ABSENT, rope_parameters=dict(rope_theta=500000.0, rope_type="default")),
    v("theta in both", rope_parameters=dict(rope_theta=500000.0, rope_type="default")),
    v("theta in rope_scaling alone", rope_theta=ABSENT, rope_scaling=dict(rope_theta=500000.0, rope_type="default")),
    v("theta in rope_scaling and beside", rope_scaling=dict(rope_theta=500000.0, rope_type="default")),
    v("theta in all three", rope_scaling=dict(rope_theta=70000.0, rope_type="default"), rope_parameters=dict(rope_theta=500000.0, rope_type="default")),
    v("rope_parameters without theta", rope_theta=70000.0, rope_parameters=dict(rope_type="default")),
    v("rope_parameters empty", rope_theta=70000.0, rope_parameters={}), v("rope_scaling empty", rope_theta=70000.0, rope_scaling={}),
    v("rope_scaling empty beside parameters", rope_scaling={}, rope_parameters=dict(rope_theta=500000.0, rope_type="default")),
    v("rope_scaling default, old", rope_scaling=dict(type="default")), v("rope_scaling default, new", rope_scaling=dict(rope_type="default")),
    v("rope_scaling without type", rope_scaling=dict(factor=2.0)),
    v("linear, old", rope_scaling=dict(type="linear", factor=2.0)), v("linear, new", rope_scaling=dict(rope_type="linear", factor=4)),
    v("linear in rope_parameters", rope_theta=ABSENT, rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=20000.0)),
    v("linear without factor", rope_scaling=dict(type="linear")), v("type and rope_type differ", rope_scaling=dict(rope_type="default", type="linear", factor=2.0)),
    v("linear, part", rope_scaling=dict(type="linear", factor=2.0), partial_rotary_factor=0.5),
    v("llama3", rope_theta=500000.0, rope_scaling=LLAMA3), v("llama3, other bands", rope_theta=500000.0, rope_scaling={**LLAMA3, "low_freq_factor": 2.0, "high_freq_factor": 3.0}),
    v("llama3 in rope_parameters", rope_theta=ABSENT, rope_parameters={**LLAMA3, "rope_theta": 500000.0}),
    v("llama3 without original", rope_scaling={k: x for k, x in LLAMA3.items() if k != "original_max_position_embeddings"}),
    v("llama3 without bands", rope_scaling=dict(rope_type="llama3", factor=8.0, original_max_position_embeddings=64)),
    v("yarn", rope_scaling=YARN), v("yarn without original", rope_scaling=dict(rope_type="yarn", factor=4.0)),
    v("yarn, attention", rope_scaling={**YARN, "attention_factor": 1.25}), v("yarn, betas", rope_scaling={**YARN, "beta_fast": 16, "beta_slow": 2}),
    v("yarn, mscale", rope_scaling={**YARN, "mscale": 1.0, "mscale_all_dim": 0.5}), v("yarn, one mscale", rope_scaling={**YARN, "mscale": 0.7}),
    v("yarn, not truncated", rope_scaling={**YARN, "truncate": False}), v("yarn, truncated", rope_scaling={**YARN, "truncate": True}),
    v("yarn, factor null", rope_scaling={**YARN, "factor": None}), v("yarn, original beside", rope_scaling=YARN, original_max_position_embeddings=128),
    v("dynamic", rope_scaling=dict(type="dynamic", factor=2.0)),
    v("longrope", rope_scaling=dict(rope_type="longrope", short_factor=[1.0] * 4, long_factor=[2.0] * 4, original_max_position_embeddings=64)),
    v("mrope", rope_scaling=dict(type="mrope", mrope_section=[1, 1, 2])),
    v("kv heads 1", num_key_value_heads=1), v("kv heads absent", num_key_value_heads=ABSENT), v("kv heads null", num_key_value_heads=None), v("kv heads 3", num_key_value_heads=3),
    v("head_dim absent", head_dim=ABSENT), v("head_dim null", head_dim=None), v("head_dim 80", head_dim=80), v("head_dim 96", head_dim=96), v("head_dim 128", head_dim=128),
    v("head_dim 256", head_dim=256), v("head_dim 6", head_dim=6), v("head_dim 12", head_dim=12), v("head_dim 7", head_dim=7), v("heads do not divide", num_attention_heads=5, num_key_value_heads=5, head_dim=8),
    v("V 65", vocab_size=65), v("V 67 tied", vocab_size=67, tie_word_embeddings=True), v("V 70001", vocab_size=70001, hidden_size=8, head_dim=8, intermediate_size=8),
    v("F 50", intermediate_size=50), v("context 32768", max_position_embeddings=32768), v("context absent", max_position_embeddings=ABSENT),
    v("ids null", pad_token_id=None, bos_token_id=None, eos_token_id=None), v("ids absent", pad_token_id=ABSENT, bos_token_id=ABSENT, eos_token_id=ABSENT),
    v("ids -1", pad_token_id=-1, bos_token_id=-1, eos_token_id=-1), v("eos list", eos_token_id=[2, 5, 7]), v("eos list of one", eos_token_id=[3]), v("eos empty list", eos_token_id=[]),
    v("eos text", eos_token_id="2"), v("eos outside", eos_token_id=64), v("bos list", bos_token_id=[1, 2]), v("pad outside", pad_token_id=64),
    v("swish", hidden_act="swish"), v("gelu", hidden_act="gelu"), v("relu", hidden_act="relu"),
    v("attention_bias", attention_bias=True), v("mlp_bias", mlp_bias=True),
    v("architectures absent", architectures=ABSENT), v("architectures base", architectures=["LlamaModel"]), v("architectures null", architectures=None),
    v("architectures classifier", architectures=["LlamaForSequenceClassification"]),
    v("pretraining_tp", pretraining_tp=2), v("quantization null", quantization_config=None),
    v("quantization gptq", quantization_config=dict(quant_method="gptq", bits=4)), v("llama with sliding_window", sliding_window=16),
    v("llama with layer_types", layer_types=["sliding_attention", "full_attention"]), v("logit_scale", logit_scale=0.5), v("rope_interleaved", rope_interleaved=True),
    v("attention_multiplier", attention_multiplier=0.5), v("partial_rotary_factor", partial_rotary_factor=0.5), v("dtype", dtype="bfloat16"), v("torch_dtype", torch_dtype="float16"),
    v("use_cache", use_cache=False),
    v("mistral", "mistral"), v("mistral, window", "mistral", sliding_window=32), v("mistral, window absent", "mistral", sliding_window=ABSENT),
    v("mistral, window absent and reached", "mistral", sliding_window=ABSENT, max_position_embeddings=8192), v("mistral, window as long as the context", "mistral", sliding_window=256),
    v("mistral, head_dim 16", "mistral", head_dim=16), v("mistral, attention_bias", "mistral", attention_bias=True), v("mistral, kv heads absent", "mistral", num_attention_heads=8, hidden_size=64, num_key_value_heads=ABSENT),
    v("qwen2", "qwen2"), v("qwen2 tied", "qwen2", tie_word_embeddings=True), v("qwen2, window", "qwen2", use_sliding_window=True),
    v("qwen2, window from a later layer", "qwen2", use_sliding_window=True, max_window_layers=2), v("qwen2, layer_types full", "qwen2", layer_types=["full_attention"] * 2),
    v("qwen2, layer_types sliding", "qwen2", use_sliding_window=True, layer_types=["full_attention", "sliding_attention"]),
    v("qwen2, attention_bias false", "qwen2", attention_bias=False), v("qwen2, head_dim 16", "qwen2", head_dim=16), v("qwen2, yarn", "qwen2", rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=64)),
    v("qwen2, mlp_bias", "qwen2", mlp_bias=True),
    v("qwen3", "qwen3"), v("qwen3, head_dim absent", "qwen3", head_dim=ABSENT), v("qwen3, head_dim 8", "qwen3", head_dim=8), v("qwen3, attention_bias", "qwen3", attention_bias=True),
    v("qwen3, window", "qwen3", use_sliding_window=True, sliding_window=32, max_window_layers=1), v("qwen3, linear", "qwen3", rope_scaling=dict(rope_type="linear", factor=2.0)),
    v("smollm3", "smollm3"), v("smollm3, interval", "smollm3", no_rope_layers=ABSENT), v("smollm3, interval absent", "smollm3", no_rope_layers=ABSENT, no_rope_layer_interval=ABSENT, num_hidden_layers=4),
    v("smollm3, all rope", "smollm3", no_rope_layers=[1, 1]), v("smollm3, tie absent", "smollm3", tie_word_embeddings=ABSENT), v("smollm3, theta absent", "smollm3", rope_theta=ABSENT),
    v("smollm3, window", "smollm3", use_sliding_window=True, sliding_window=32), v("smollm3, window null", "smollm3", use_sliding_window=True), v("smollm3, attention_bias", "smollm3", attention_bias=True),
] + [v(kind, kind) for kind in ("gemma", "gemma2", "gemma3_text", "gpt2", "phi3", "granite", "olmo2", "cohere")]


def describe(config):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        c = AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        m = AutoModelForCausalLM.from_config(c, attn_implementation="eager")
    shapes = {k: list(p.shape) for k, p in m.named_parameters() if ".layers." not in k or ".layers.0." in k}
    rotary = AutoModelForCausalLM.from_config(c, attn_implementation="eager").model.rotary_emb
    ends = c.eos_token_id if isinstance(c.eos_token_id, list) else [] if c.eos_token_id in (None, -1) else [c.eos_token_id]
    types = getattr(c, "layer_types", None) or []
    if config["model_type"] == "mistral":
        types = ["sliding_attention" if c.sliding_window else "full_attention"] * c.num_hidden_layers
    elif config["model_type"] == "llama":
        types = []
    return dict(shapes=shapes, inv_freq=rotary.inv_freq.tolist(), factor=float(rotary.attention_scaling), ends=ends,
                no_rope=[i for i, has in enumerate(getattr(c, "no_rope_layers", None) or []) if not has] if config["model_type"] == "smollm3" else [],
                window=[i for i, t in enumerate(types) if t == "sliding_attention" and c.sliding_window])


def main():
    lines = []
    for name, config in VARIANTS:
        entry = dict(name=name, config=config)
        if config["model_type"] in BASES:
            try:
                entry |= describe(config)
            except Exception as e:
                entry["error"] = f"{type(e).__name__}: {str(e).strip().splitlines()[0][:80]}" if str(e).strip() else type(e).__name__
        print(f"{name:40} {entry.get('error', '')}")
        lines.append(json.dumps(entry, separators=(",", ":")))
    out = pathlib.Path(__file__).parent / "variants.json"
    out.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "variants,", transformers.__version__)


main()
