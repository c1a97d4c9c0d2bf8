#!/usr/bin/env python3
"""The logits of a published model for 512 tokens of text, for the tests that need a real one.

    python3 testdata/real.py FOLDER [OTHER]

Needs: pip install torch transformers safetensors. Opens FOLDER in float32 with transformers and writes FOLDER.golden.safetensors: tokens [512],
logits [512, V], and greedy [32], what greedy decoding writes after the first 64 tokens. With OTHER, it writes OTHER.golden.safetensors
instead: a GGUF file whose dequantised weights FOLDER holds. Then

    ATTNLAB_REAL_MODEL=FOLDER go test ./model/hf -run TestRealModel -v
"""
import pathlib, sys
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, to = sys.argv[1].rstrip("/"), sys.argv[-1].rstrip("/")
text = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
tokens = AutoTokenizer.from_pretrained(folder).encode(text, add_special_tokens=False)[:512]
assert len(tokens) == 512
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
with torch.no_grad():
    logits = model(torch.tensor([tokens])).logits[0].contiguous()
    prompt = torch.tensor([tokens[:64]])
    greedy = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=32, min_new_tokens=32, do_sample=False)[0, 64:]
save_file({"tokens": torch.tensor(tokens).float(), "logits": logits, "greedy": greedy.float()}, to + ".golden.safetensors")
print(f"{to}: logits up to {logits.abs().max():.1f}, greedy {greedy.tolist()}")
