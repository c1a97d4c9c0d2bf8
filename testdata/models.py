#!/usr/bin/env python3
"""Small random models of every kind that opens, with the logits that transformers computes: testdata/models/.

    python3 testdata/models.py

Needs: pip install torch transformers safetensors tokenizers gguf numpy.

Each folder of models/ holds a model as Hugging Face stores it, in the types and files that its name says, and golden.safetensors:
tokens [N] and logits [N, V] in float32, computed in float64 from the stored weights. NAME.gguf is a model in llama.cpp's form with
NAME.golden.safetensors beside it, which has the dequantised tensors of layer 1 under Hugging Face's names too. quants.gguf has one tensor of each
quantisation; quants.golden.safetensors has the values that the Python package gguf reads from it.
"""
import json, math, pathlib, shutil
import gguf, numpy as np, torch, transformers
from gguf import GGMLQuantizationType as Q
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM

OUT = pathlib.Path(__file__).parent / "models"
COMMON = dict(vocab_size=72, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=256, rms_norm_eps=1e-5, hidden_act="silu", tie_word_embeddings=False,
              pad_token_id=0, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)
BF16, F16, F32, F64 = torch.bfloat16, torch.float16, torch.float32, torch.float64
CASES = {  # name: (config, type of the weights, shards)
    "llama-linear-f16": (dict(model_type="llama", rope_theta=10000.0, rope_scaling=dict(type="linear", factor=2.0)), F16, 1),
    "llama3-bf16-shards": (dict(model_type="llama", rope_theta=500000.0, rope_scaling=LLAMA3, tie_word_embeddings=True, eos_token_id=[2, 5, 7]), BF16, 2),
    "mistral-f64": (dict(model_type="mistral", rope_theta=10000.0, sliding_window=None, num_key_value_heads=1), F64, 1),
    "qwen2-yarn-bf16": (dict(model_type="qwen2", rope_theta=1000000.0, use_sliding_window=False, rope_scaling=YARN), BF16, 1),
    "qwen2-mixed": (dict(model_type="qwen2", rope_theta=1000000.0, use_sliding_window=False, tie_word_embeddings=True), None, 1),
    "qwen3-bf16": (dict(model_type="qwen3", rope_theta=1000000.0, head_dim=16, use_sliding_window=False), BF16, 1),
    "smollm3-bf16": (dict(model_type="smollm3", rope_theta=2000000.0, no_rope_layers=[1, 0], num_hidden_layers=2, tie_word_embeddings=True), BF16, 1),
}


def build(config):
    c = AutoConfig.for_model(**{**COMMON, **config})
    c._attn_implementation = "eager"
    return AutoModelForCausalLM.from_config(c, attn_implementation="eager")


def randomise(m, generator):
    """Large enough that attention is far from uniform; norms and biases are felt."""
    for name, p in m.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        p.data = 1 + 0.2 * noise if "norm" in name else 0.5 * noise if name.endswith("bias") else noise * (1.5 / math.sqrt(p.shape[-1]))


def logits_of(m, generator, vocab):
    tokens = torch.randint(vocab, (40,), generator=generator)
    with torch.no_grad():
        return tokens, m.double().eval()(tokens[None]).logits[0].float().contiguous()


def folder(name, config, dtype, shards, seed):
    generator = torch.Generator().manual_seed(seed)
    m = build(config)
    randomise(m, generator)
    kinds = [BF16, F16, F32, F64]
    stored = {k: p.data.to(dtype or kinds[i % 4]) for i, (k, p) in enumerate(m.named_parameters())}
    for k, p in m.named_parameters():
        p.data = stored[k].float()
    tokens, logits = logits_of(m, generator, m.config.vocab_size)
    to = OUT / name
    to.mkdir(parents=True)
    written = {"architectures": [type(m).__name__], **COMMON, **config}
    (to / "config.json").write_text(json.dumps(written, indent=2) + "\n")
    if shards == 1:
        save_file(stored, to / "model.safetensors", metadata={"format": "pt"})
    else:
        weight_map = {}
        for i in range(shards):
            part = dict(list(stored.items())[i::shards])
            file = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
            save_file(part, to / file, metadata={"format": "pt"})
            weight_map |= {k: file for k in part}
        index = dict(metadata=dict(total_size=sum(x.numel() * x.element_size() for x in stored.values())), weight_map=weight_map)
        (to / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    save_file({"tokens": tokens.float(), "logits": logits}, to / "golden.safetensors")
    again = AutoModelForCausalLM.from_pretrained(to, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        worst = (again.double()(tokens[None]).logits[0] - logits).abs().max().item()
    print(f"{name}: logits up to {logits.abs().max():.1f}, transformers opens the folder and differs by {worst:.1e}")
    assert worst < 1e-4


def permute(w, heads):  # rotate-half to the interleaved pairs of llama.cpp
    return w.reshape(heads, 2, w.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(w.shape)


def unpermute(w, heads):
    return w.reshape(heads, w.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)


PARTS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
TEXT = "so b = 4 ; c = b + 3 ; the answer is 7 . " * 20 + "Ein Zug fährt 30 km ; naïve 数学 ."


def tokenizer(size):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator([TEXT], trainers.BpeTrainer(vocab_size=size, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
                                                      initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    model = json.loads(t.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return tokens, [" ".join(m) if isinstance(m, list) else m for m in model["merges"]]


def gguf_model(name, config, types, seed, freqs=False):
    tokens, merges = tokenizer(288)
    config = {**config, "vocab_size": len(tokens)}
    generator = torch.Generator().manual_seed(seed)
    m = build(config)
    randomise(m, generator)
    c, arch = m.config, config["model_type"]
    w = gguf.GGUFWriter(OUT / f"{name}.gguf", arch)
    w.add_context_length(c.max_position_embeddings), w.add_embedding_length(c.hidden_size), w.add_block_count(c.num_hidden_layers)
    w.add_feed_forward_length(c.intermediate_size), w.add_head_count(c.num_attention_heads), w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps), w.add_rope_freq_base(c.rope_parameters["rope_theta"])
    head = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    w.add_key_length(head), w.add_value_length(head), w.add_vocab_size(c.vocab_size)
    if arch == "llama":
        w.add_rope_dimension_count(head)
    if c.rope_parameters["rope_type"] == "yarn":
        w.add_rope_scaling_type(gguf.RopeScalingType.YARN), w.add_rope_scaling_factor(c.rope_parameters["factor"])
        w.add_rope_scaling_orig_ctx_len(c.rope_parameters["original_max_position_embeddings"])
    w.add_tokenizer_model("gpt2"), w.add_tokenizer_pre("gpt-2"), w.add_token_list(tokens), w.add_token_merges(merges)
    w.add_token_types([3 if t.startswith("<|") else 1 for t in tokens])
    w.add_bos_token_id(1), w.add_eos_token_id(2), w.add_pad_token_id(0)
    if freqs:  # as llama.cpp's converter stores the scaling of Llama 3
        plain = c.rope_parameters["rope_theta"] ** (-np.arange(0, head, 2) / head)
        w.add_tensor("rope_freqs.weight", (plain / m.model.rotary_emb.inv_freq.double().numpy()).astype(np.float32))
    golden = {}
    for i, (key, p) in enumerate(m.named_parameters()):
        x = p.data.numpy()
        if key in WHOLE:
            short = WHOLE[key]
        else:
            _, _, layer, rest = key.split(".", 3)
            part, end = rest.rsplit(".", 1)
            short = f"blk.{layer}.{PARTS[part]}.{end}"
        heads = {"q_proj": c.num_attention_heads, "k_proj": c.num_key_value_heads}.get(key.split(".")[-2]) if arch == "llama" else None
        if heads:
            x = permute(x, heads)
        kind = Q.F32 if x.ndim == 1 else types[i % len(types)]
        raw = quantize(x, kind)
        w.add_tensor(short, raw, raw_shape=raw.shape, raw_dtype=kind)
        x = dequantize(raw, kind).reshape(x.shape)
        golden[key] = torch.from_numpy(np.ascontiguousarray(unpermute(x, heads) if heads else x)).float()
        p.data = golden[key].clone()
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()
    ids, logits = logits_of(m, generator, c.vocab_size)
    golden = {k: x for k, x in golden.items() if ".layers.1." in k}  # the logits tell about the rest
    save_file({"tokens": ids[:20].float(), "logits": logits[:20].contiguous(), **golden}, OUT / f"{name}.golden.safetensors")
    print(f"{name}.gguf: logits up to {logits.abs().max():.1f}")


def quants():
    """Random blocks of every type. The K types have no quantiser in Python, so their bits are random and their scales small numbers."""
    r, golden = np.random.default_rng(3), {}
    w = gguf.GGUFWriter(OUT / "quants.gguf", "llama")
    for kind in (Q.F32, Q.F16, Q.BF16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q4_K, Q.Q5_K, Q.Q6_K):
        values, size = gguf.GGML_QUANT_SIZES[kind]
        if kind.name.endswith("_K"):
            raw = r.integers(0, 256, (2, 512 // values * size), dtype=np.uint8)
            at = {"Q6_K": (208,)}.get(kind.name, (0, 2))
            for row in raw:
                for block in range(512 // values):
                    for place in at:
                        row[block * size + place:][:2] = np.frombuffer(np.float16(r.uniform(.001, .01)).tobytes(), np.uint8)
        else:
            raw = quantize(r.normal(size=(2, 512)).astype(np.float32), kind)
        w.add_tensor(kind.name, raw, raw_shape=raw.shape, raw_dtype=kind)
        golden[kind.name] = torch.from_numpy(dequantize(raw, kind).astype(np.float32).reshape(2, 512).copy())
    w.add_tensor("TQ1_0", np.zeros((1, gguf.GGML_QUANT_SIZES[Q.TQ1_0][1]), np.uint8), raw_dtype=Q.TQ1_0)
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()
    save_file(golden, OUT / "quants.golden.safetensors")


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    for i, (name, (config, dtype, shards)) in enumerate(CASES.items()):
        folder(name, config, dtype, shards, 10 + i)
    original = dict(LLAMA3, original_max_position_embeddings=8192)
    gguf_model("llama-q4_1", dict(model_type="llama", rope_theta=10000.0, tie_word_embeddings=True), [Q.Q8_0, Q.Q4_1], 20)
    gguf_model("llama3-q8_0", dict(model_type="llama", rope_theta=500000.0, rope_scaling=original, max_position_embeddings=131072, head_dim=16), [Q.Q8_0], 21, freqs=True)
    gguf_model("qwen2-q4_0", dict(model_type="qwen2", rope_theta=1000000.0, rope_scaling=YARN, tie_word_embeddings=True, use_sliding_window=False), [Q.F16, Q.Q4_0], 22)
    gguf_model("qwen3-q5_0", dict(model_type="qwen3", rope_theta=1000000.0, head_dim=16, use_sliding_window=False), [Q.BF16, Q.Q5_0, Q.Q5_1], 23)
    quants()
    size = sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file())
    print(f"{size / 1000:.0f} kB, transformers {transformers.__version__}")


main()
