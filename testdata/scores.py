#!/usr/bin/env python3
"""Scores of a trace, written a second time from the papers, on attention that transformers computes.

    python3 testdata/scores.py                        writes testdata/scores.json
    python3 testdata/scores.py FOLDER TRACE.json      compares a published model's trace with it

Needs: pip install torch transformers. scores.json has a trace of random tokens for each folder of testdata/models, whose log-probabilities,
entropies, attention between ranges, FCI and focus tests compare with the lab's. TRACE.json is what

    attnlab trace --model FOLDER ... --json --attention > TRACE.json

prints. It exits with 1 if anything differs by more than 1e-4. Everything is computed in float64 from the stored weights.

A range is half-open. a[m][n] is what token m pays to token n after the softmax.
  attention(J, K) = 1/|J| 1/|K| sum over m in J, n in K of a[m][n]                    AttnRL, arXiv 2509.26628
  FCI of step k in a head = sum over j >= k + delta of attention(j, k); the answer is one more step; 0 for the first step
  FCI of step k = the largest over all heads of all layers
  focus of step k in a head = 1/|k| sum over m in answer, n in k of a[m][n]            ATTNPO, arXiv 2602.09953
"""
import json, pathlib, sys
import torch
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
TOLERANCE = 1e-4
TRACE = dict(prompt=[0, 9], steps=[[9, 15], [15, 18], [18, 27], [27, 33], [33, 34], [34, 40]], answer=[41, 48], delta=2)


def look(folder, tokens):
    """log-probabilities [T], entropies [T] and attention, a list of L tensors [H, T, T]."""
    m = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").double().eval()
    with torch.no_grad():
        out = m(torch.tensor([tokens]), output_attentions=True)
    logp, entropy = [0.0], [0.0]
    for t in range(1, len(tokens)):
        z = out.logits[0, t - 1]
        p = torch.exp(z - z.max())
        p = p / p.sum()
        logp.append(float(z[tokens[t]] - torch.logsumexp(z, 0)))
        entropy.append(float(-(p[p > 0] * torch.log(p[p > 0])).sum()))
    return logp, entropy, [a[0] for a in out.attentions]


def pooled(a, J, K):
    """attention(J, K) in every head, [H]."""
    if J[1] == J[0] or K[1] == K[0]:
        return torch.zeros(a.shape[0], dtype=torch.float64)
    total = torch.zeros(a.shape[0], dtype=torch.float64)
    for m in range(*J):
        total += a[:, m, K[0]:K[1]].sum(-1)
    return total / (J[1] - J[0]) / (K[1] - K[0])


def scores(attention, prompt, steps, answer, delta):
    """attention between ranges [L][H][R][R], FCI [K], FCI of heads [L][H][K], focus [L][H][K]."""
    ranges = [prompt, *steps, answer]
    R, K = len(ranges), len(steps)
    between = torch.stack([torch.stack([torch.stack([pooled(a, J, k) for k in ranges], -1) for J in ranges], -2) for a in attention])
    L, H = between.shape[:2]
    heads = torch.zeros(L, H, K, dtype=torch.float64)
    focus = torch.zeros(L, H, K, dtype=torch.float64)
    later = list(steps) + ([answer] if answer[1] > answer[0] else [])
    for k in range(K):
        for j in range(k + delta, len(later)):
            if k > 0:
                heads[:, :, k] += torch.stack([pooled(a, later[j], steps[k]) for a in attention])
        for l, a in enumerate(attention):
            block = a[:, answer[0]:answer[1], steps[k][0]:steps[k][1]]
            focus[l, :, k] = block.sum(1).mean(-1) if answer[1] > answer[0] else 0
    assert between.shape == (L, H, R, R)
    return between, heads.reshape(L * H, K).max(0).values, heads, focus


def compare(folder, path):
    t = json.loads(pathlib.Path(path).read_text())
    logp, entropy, attention = look(folder, t["tokens"])
    span = lambda s: [s["start"], s["end"]]
    steps = [span(s) for s in t["steps"]]
    between, fci, heads, focus = scores(attention, [0, t["prompt_length"]], steps, span(t["answer"]), t["delta"])
    K = len(steps)
    pairs = {"log-probabilities": (torch.tensor(logp), t["logprobs"]), "entropies": (torch.tensor(entropy), t["entropy"]), "FCI": (fci, t["fci"]),
             "FCI of heads": (heads, t["fci_heads"]), "focus of heads": (focus, t["focus"])}
    if "step_attention" in t:
        pairs["attention between steps"] = (between[:, :, 1:1 + K, 1:1 + K], t["step_attention"])
        pairs["attention of the answer"] = (between[:, :, 1 + K, 1:1 + K], t["answer_attention"])
    bad = False
    print(f"{len(t['tokens'])} tokens, {K} steps, {heads.shape[0]} layers of {heads.shape[1]} heads, delta {t['delta']}")
    for name, (mine, theirs) in pairs.items():
        theirs = torch.tensor(theirs, dtype=torch.float64)
        worst = (mine - theirs).abs().max().item()
        bad |= mine.shape != theirs.shape or not worst <= TOLERANCE
        print(f"{name}: {theirs.numel()} numbers up to {theirs.abs().max():.3g}, differ by {worst:.1e} at most")
    sys.exit(bad)


def golden():
    out = {}
    for i, folder in enumerate(sorted(p.parent for p in (HERE / "models").glob("*/config.json"))):
        vocab = json.loads((folder / "config.json").read_text())["vocab_size"]
        tokens = torch.randint(vocab, (TRACE["answer"][1],), generator=torch.Generator().manual_seed(40 + i)).tolist()
        logp, entropy, attention = look(folder, tokens)
        between, fci, heads, focus = scores(attention, **TRACE)
        flat = lambda x: [float(f"{v:.6g}") for v in torch.as_tensor(x).flatten().tolist()]
        out[folder.name] = dict(tokens=tokens, **TRACE, logprobs=flat(logp), entropy=flat(entropy), attention=flat(between), fci=flat(fci), fci_heads=flat(heads), focus=flat(focus))
        print(f"{folder.name}: FCI up to {fci.max():.3f}, focus up to {focus.max():.3f}")
    lines = ",\n".join(json.dumps(k) + ": " + json.dumps(v, separators=(",", ":")) for k, v in out.items())
    (HERE / "scores.json").write_text("{" + lines + "}\n")


if len(sys.argv) == 1:
    golden()
elif len(sys.argv) == 3:
    compare(*sys.argv[1:])
else:
    sys.exit(__doc__)
