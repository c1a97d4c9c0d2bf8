#!/usr/bin/env python3
"""Adapters as PEFT saves them, with PEFT's gradients, for the model in golden/llama-gqa and for models of models/.

    python3 testdata/lora.py                    writes testdata/lora/
    python3 testdata/lora.py --check DIR BASE   opens the adapters in DIR/adapter with PEFT over the model in BASE,
                                                and compares with the merged model in DIR

Needs: pip install torch safetensors transformers peft. Run golden.py and models.py first.

Each folder of lora/ holds adapter_config.json and adapter_model.safetensors, with a B that is not zero, and
golden.safetensors, computed in float64 on the batch of golden/llama-gqa:

    logits [N, V]                    of the base with the adapters
    loss [1]                         mean of the targets' negative log-probabilities
    grad.NAME                        gradient of the loss for every tensor of the adapters
    losses, grad_norms [10]          ten steps of AdamW on this batch: lr 1e-2, betas 0.9 and 0.98, eps 1e-8,
                                     weight decay 0.01 on all adapters, norm clipped to 1
    trained.NAME                     the adapters after these steps

The folders whose name is one of models/ hold the same without the ten steps, and their batch: tokens and targets [N], of one sequence.
"""
import argparse, json, pathlib, sys
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
BASE = HERE / "golden" / "llama-gqa"
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
CASES = {
    "attention": dict(r=4, lora_alpha=8, target_modules=ATTENTION),
    "all": dict(r=8, lora_alpha=4, target_modules=ATTENTION + ["gate_proj", "up_proj", "down_proj"]),
}


KINDS = {  # of models/: biases of queries, keys and values; normed heads; a layer without RoPE; Llama 3's scaling of RoPE
    "qwen2-mixed": CASES["attention"], "qwen3-bf16": CASES["all"], "smollm3-bf16": CASES["all"], "llama3-bf16-shards": CASES["attention"],
}


def base_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")


def adapted(base, name, case):
    """PEFT's model over base with adapters whose B is not zero, which it saves, and its parameters that are trained."""
    torch.manual_seed(7)
    model = get_peft_model(base_model(base), LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, bias="none", **case))
    adapters = {n: p for n, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for n, p in adapters.items():
            p.copy_(torch.randn(p.shape) * (0.3 if ".lora_B." in n else 0.5 / p.shape[1] ** 0.5))
    folder = HERE / "lora" / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    conf = json.loads((folder / "adapter_config.json").read_text())
    conf["base_model_name_or_path"] = base.name
    conf["target_modules"].sort()
    (folder / "adapter_config.json").write_text(json.dumps(conf, indent=2, sort_keys=True) + "\n")

    return model.double(), adapters, folder


saved = lambda n: n.replace(".default.", ".")  # as PEFT names it in the file
store = lambda golden, folder: save_file({k: v.detach().float().contiguous() for k, v in golden.items()}, folder / "golden.safetensors",
                                         metadata={"format": "attnlab-golden", "version": "1", "command": "python3 testdata/lora.py"})


def write_kind(name, case):
    model, adapters, folder = adapted(HERE / "models" / name, name, case)
    tokens = torch.randint(3, model.config.vocab_size, (41,), generator=torch.Generator().manual_seed(9))
    logits = model(tokens[None, :-1]).logits[0]
    loss = -logits.log_softmax(-1).gather(1, tokens[1:, None]).mean()
    loss.backward()
    store({"tokens": tokens[:-1], "targets": tokens[1:], "logits": logits, "loss": loss[None]} | {"grad." + saved(n): p.grad for n, p in adapters.items()}, folder)
    print(f"{name}: {len(adapters)} tensors, loss {loss:.6f}")


def write(name, case):
    model, adapters, folder = adapted(BASE, name, case)
    batch = load_file(BASE / "golden.safetensors")
    sequences = batch["tokens"].long().split(batch["lengths"].int().tolist())
    targets = batch["targets"].long()

    def forward():
        logits = torch.cat([model(s[None]).logits[0] for s in sequences])
        return logits, -logits.log_softmax(-1).gather(1, targets[:, None]).mean()

    logits, loss = forward()
    loss.backward()
    golden = {"logits": logits, "loss": loss[None]} | {"grad." + saved(n): p.grad.clone() for n, p in adapters.items()}
    adamw = torch.optim.AdamW(adapters.values(), lr=1e-2, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01)
    losses, norms = [], []
    for _ in range(10):
        adamw.zero_grad()
        loss = forward()[1]
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(adapters.values(), 1.0).item())
        adamw.step()
    golden |= {"losses": torch.tensor(losses), "grad_norms": torch.tensor(norms)} | {"trained." + saved(n): p for n, p in adapters.items()}
    store(golden, folder)
    print(f"{name}: {len(adapters)} tensors, loss {losses[0]:.6f} -> {losses[-1]:.6f}, gradient norm {norms[0]:.4f}")


def check(folder, base):
    model = PeftModel.from_pretrained(base_model(base), folder / "adapter")
    tokens = torch.arange(3, 20)[None]
    with torch.no_grad():
        before = base_model(base)(tokens).logits
        adapted = model(tokens).logits
        worst = (base_model(folder)(tokens).logits - adapted).abs().max().item()
    print(f"the adapters change the logits by up to {(adapted - before).abs().max():.3g} of {before.abs().max():.3g}")
    print(f"the merged model's logits differ from the adapted model's by up to {worst:.2e}")
    return worst < 1e-4


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar=("DIR", "BASE"), nargs=2, type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(0 if check(*arguments.check) else 1)
    for name, case in CASES.items():
        write(name, case)
    for name, case in KINDS.items():
        write_kind(name, case)
