#!/usr/bin/env python3
"""Golden tensors from PyTorch, and a check against Hugging Face transformers.

    python3 testdata/golden.py                     writes testdata/golden/
    python3 testdata/golden.py --check DIR         compares the model in DIR with transformers

Needs: pip install torch numpy safetensors, and transformers for --check. Where transformers
is installed, writing also asserts that the model below equals LlamaForCausalLM.

Each folder of golden/ holds a model as Hugging Face stores it (config.json, model.safetensors)
and golden.safetensors, all float32, computed in float64 from the float32 weights:

    tokens, targets, positions [N]   two sequences packed one after another; positions restart
    lengths [2]                      of the sequences; N is their sum
    logits [N, V]
    logprobs [N]                     log-probability of each target
    loss [1]                         mean of -logprobs
    grad.NAME                        gradient of the loss for every tensor of the model
    attention.L.S [H, T, T]          probabilities of layer L in sequence S
    losses, grad_norms [10]          ten steps on this batch: the loss and the gradient's norm (before
                                     clipping) that each step starts from
Steps are AdamW, lr 1e-3, betas 0.9 and 0.98, eps 1e-8, weight decay 0.01 on matrices only, after
clipping the global norm to 1 as torch.nn.utils.clip_grad_norm_ does.

--check reads DIR/golden.safetensors; with --logits FILE it reads JSON {"tokens": [T], "logits": [T][V]}
instead. It prints the greatest difference, tries the tokenizer if there is one, and exits with 1 if the
difference is over 1e-4.
"""
import argparse, json, math, pathlib, sys
import torch
from safetensors.torch import load_file, save_file

CASES = {
    # Grouped queries, an output matrix of its own.
    "llama-gqa": dict(seed=1, lengths=(37, 23), vocab_size=61, hidden_size=48, intermediate_size=80,
                      num_attention_heads=6, num_key_value_heads=2, head_dim=8, tie_word_embeddings=False),
    # The shape of the presets: one key head a query head, heads of 16, tied embeddings.
    "llama-tied": dict(seed=2, lengths=(19, 13), vocab_size=29, hidden_size=32, intermediate_size=40,
                       num_attention_heads=2, num_key_value_heads=2, head_dim=16, tie_word_embeddings=True),
}


def config_of(case):
    return dict(architectures=["LlamaForCausalLM"], model_type="llama",
                **{k: v for k, v in case.items() if k not in ("seed", "lengths")},
                num_hidden_layers=2, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0,
                rope_scaling=None, hidden_act="silu", attention_bias=False, mlp_bias=False,
                pad_token_id=0, bos_token_id=1, eos_token_id=2, torch_dtype="float32")


def weights_of(c, generator):
    """Large enough that attention is far from uniform and every gradient matters."""
    matrix = lambda rows, cols: torch.randn(rows, cols, generator=generator) * (1.5 / math.sqrt(cols))
    norm = lambda: 1 + 0.2 * torch.randn(c["hidden_size"], generator=generator)
    d, f = c["hidden_size"], c["intermediate_size"]
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    w = {"model.embed_tokens.weight": matrix(c["vocab_size"], d)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        w |= {p + "input_layernorm.weight": norm(),
              p + "self_attn.q_proj.weight": matrix(q, d), p + "self_attn.k_proj.weight": matrix(kv, d),
              p + "self_attn.v_proj.weight": matrix(kv, d), p + "self_attn.o_proj.weight": matrix(d, q),
              p + "post_attention_layernorm.weight": norm(),
              p + "mlp.gate_proj.weight": matrix(f, d), p + "mlp.up_proj.weight": matrix(f, d),
              p + "mlp.down_proj.weight": matrix(d, f)}
    w["model.norm.weight"] = norm()
    if not c["tie_word_embeddings"]:
        w["lm_head.weight"] = matrix(c["vocab_size"], d)
    return w


def rms_norm(x, weight, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rope(x, theta):  # [H, T, hd]: the halves of a head turn as pairs
    half = x.shape[-1] // 2
    angle = torch.outer(torch.arange(x.shape[1]), theta ** (-torch.arange(half, dtype=x.dtype) / half))
    cos, sin = angle.cos(), angle.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def llama(c, w, tokens):
    """Logits [T, V] of one sequence and its attention probabilities, a list of [H, T, T]."""
    h, kv, hd, eps = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"], c["rms_norm_eps"]
    t = len(tokens)
    causal = torch.ones(t, t).tril() == 0
    x = w["model.embed_tokens.weight"][tokens]
    attention = []
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        n = rms_norm(x, w[p + "input_layernorm.weight"], eps)
        heads = lambda name, count: (n @ w[p + f"self_attn.{name}_proj.weight"].T).view(t, count, hd).transpose(0, 1)
        q, k = rope(heads("q", h), c["rope_theta"]), rope(heads("k", kv), c["rope_theta"])
        k, v = (y.repeat_interleave(h // kv, 0) for y in (k, heads("v", kv)))
        probs = (q @ k.transpose(1, 2) / math.sqrt(hd)).masked_fill(causal, -math.inf).softmax(-1)
        attention.append(probs)
        x = x + (probs @ v).transpose(0, 1).reshape(t, h * hd) @ w[p + "self_attn.o_proj.weight"].T
        n = rms_norm(x, w[p + "post_attention_layernorm.weight"], eps)
        gate, up = n @ w[p + "mlp.gate_proj.weight"].T, n @ w[p + "mlp.up_proj.weight"].T
        x = x + (torch.nn.functional.silu(gate) * up) @ w[p + "mlp.down_proj.weight"].T
    x = rms_norm(x, w["model.norm.weight"], eps)
    return x @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).T, attention


def write(name, case, out):
    generator = torch.Generator().manual_seed(case["seed"])
    c, folder = config_of(case), out / name
    folder.mkdir(parents=True, exist_ok=True)
    w32 = weights_of(c, generator)
    (folder / "config.json").write_text(json.dumps(c, indent=2) + "\n")
    save_file(w32, folder / "model.safetensors", metadata={"format": "pt"})

    sequences = [torch.randint(c["vocab_size"], (t + 1,), generator=generator) for t in case["lengths"]]
    tokens = torch.cat([s[:-1] for s in sequences])
    targets = torch.cat([s[1:] for s in sequences])
    w = {k: v.double().requires_grad_() for k, v in w32.items()}

    def forward():
        outputs = [llama(c, w, s[:-1]) for s in sequences]
        logits = torch.cat([o[0] for o in outputs])
        logprobs = logits.log_softmax(-1).gather(1, targets[:, None])[:, 0]
        return logits, logprobs, [o[1] for o in outputs]

    logits, logprobs, attention = forward()
    loss = -logprobs.mean()
    loss.backward()
    golden = {"tokens": tokens, "targets": targets, "lengths": torch.tensor(case["lengths"]),
              "positions": torch.cat([torch.arange(t) for t in case["lengths"]]),
              "logits": logits, "logprobs": logprobs, "loss": loss[None]}
    golden |= {"grad." + k: v.grad.clone() for k, v in w.items()}
    golden |= {f"attention.{l}.{s}": probs for s, layers in enumerate(attention) for l, probs in enumerate(layers)}

    matrices, norms = [v for v in w.values() if v.dim() == 2], [v for v in w.values() if v.dim() == 1]
    adamw = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01}, {"params": norms, "weight_decay": 0.0}],
                              lr=1e-3, betas=(0.9, 0.98), eps=1e-8)
    losses, grad_norms = [], []
    for _ in range(10):
        adamw.zero_grad()
        step_loss = -forward()[1].mean()
        step_loss.backward()
        losses.append(step_loss.item())
        grad_norms.append(torch.nn.utils.clip_grad_norm_(w.values(), 1.0).item())
        adamw.step()
    golden |= {"losses": torch.tensor(losses, dtype=torch.float64), "grad_norms": torch.tensor(grad_norms, dtype=torch.float64)}

    save_file({k: v.detach().float().contiguous() for k, v in golden.items()}, folder / "golden.safetensors",
              metadata={"format": "attnlab-golden", "version": "1", "command": "python3 testdata/golden.py"})
    print(f"{name}: loss {losses[0]:.6f} -> {losses[-1]:.6f}, gradient norm {grad_norms[0]:.4f}")
    try:
        import transformers  # noqa: F401
    except ImportError:
        print(f"{name}: transformers is not installed, so nothing was compared with it")
        return
    assert check(folder, None), f"{name}: the model here and LlamaForCausalLM differ"


def check(folder, logits_file):
    """Compares the logits that came with a model with those of transformers on the same tokens."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model = model.double().eval()
    with torch.no_grad():
        if logits_file:
            given = json.loads(pathlib.Path(logits_file).read_text())
            want, sequences = torch.tensor(given["logits"]), [torch.tensor(given["tokens"])]
        else:
            golden = load_file(folder / "golden.safetensors")
            want, sequences = golden["logits"], golden["tokens"].long().split(golden["lengths"].int().tolist())
        outputs = [model(s[None], output_attentions=True) for s in sequences]
    pairs = {"logits": (torch.cat([o.logits[0] for o in outputs]), want)}
    if not logits_file:
        pairs |= {f"attention.{l}.{s}": (a[0], golden[f"attention.{l}.{s}"])
                  for s, o in enumerate(outputs) for l, a in enumerate(o.attentions)}
    worst = 0.0
    for got, want in pairs.values():
        worst = max(worst, (got - want).abs().max().item())
    print(f"{folder}: {len(pairs)} tensors, greatest difference from transformers {worst:.2e}")
    if (folder / "tokenizer.json").exists():
        tokenizer = AutoTokenizer.from_pretrained(folder)
        ids = list(range(len(tokenizer)))
        again = tokenizer.encode(tokenizer.decode(ids, skip_special_tokens=False), add_special_tokens=False)
        print(f"{folder}: tokenizer of {len(ids)} tokens, decoded and encoded again {'equal' if again == ids else 'NOT equal'}")
        return worst < 1e-4 and again == ids
    return worst < 1e-4


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--logits", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(0 if check(arguments.check, arguments.logits) else 1)
    for name, case in CASES.items():
        write(name, case, pathlib.Path(__file__).parent / "golden")
