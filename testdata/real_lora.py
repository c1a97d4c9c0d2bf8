#!/usr/bin/env python3
"""PEFT's loss and gradients of adapters over a published model, for the test that needs a real one.

    python3 testdata/real_lora.py FOLDER

Needs: pip install torch transformers safetensors peft. Opens FOLDER in float32 and writes two folders, FOLDER.attention and FOLDER.all: random
adapters of rank 8 as PEFT saves them, of attention and of all matrices of the layers, and golden.safetensors, on 128 tokens of this repository's
README: tokens and targets [128], logits [128, V], loss [1], and grad.NAME for every tensor of the adapters. Then

    ATTNLAB_REAL_MODEL=FOLDER go test ./model/hf -run TestRealAdapters -v
"""
import pathlib, sys
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = sys.argv[1].rstrip("/")
text = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
ids = torch.tensor(AutoTokenizer.from_pretrained(folder).encode(text, add_special_tokens=False)[:129])
assert len(ids) == 129
attention = ["q_proj", "k_proj", "v_proj", "o_proj"]
for name, modules in {"attention": attention, "all": attention + ["gate_proj", "up_proj", "down_proj"]}.items():
    torch.manual_seed(7)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, lora_dropout=0.0, bias="none", target_modules=modules))
    adapters = {n: p for n, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for n, p in adapters.items():  # B is not zero, and the model still a model
            p.copy_(torch.randn(p.shape) * (0.005 if ".lora_B." in n else 1 / p.shape[1] ** 0.5))
    to = pathlib.Path(f"{folder}.{name}")
    model.save_pretrained(to)
    logits = model(ids[None, :-1]).logits[0]
    loss = -logits.log_softmax(-1).gather(1, ids[1:, None]).mean()
    loss.backward()
    golden = {"tokens": ids[:-1], "targets": ids[1:], "logits": logits, "loss": loss[None]}
    golden |= {"grad." + n.replace(".default.", "."): p.grad for n, p in adapters.items()}
    save_file({k: v.detach().float().contiguous() for k, v in golden.items()}, to / "golden.safetensors")
    print(f"{to}: {len(adapters)} tensors, loss {loss:.6f}, gradient norm {sum(p.grad.square().sum() for p in adapters.values()).sqrt():.5f}")
