#!/usr/bin/env python3
"""TRL as a referee: advantages, losses and gradients of its GRPO, Dr. GRPO and DAPO, and of ATTNPO written directly in PyTorch.

    python3 testdata/referee.py        writes testdata/referee.json

Needs: pip install torch transformers trl. The weights are web/models/chain-tiny. The script fixes four groups of four responses, which
chain-tiny wrote, their verdicts (drawn at random: what is right does not matter here), and log-probabilities of the policy that
sampled and of a reference (the model's own with noise, so that ratios leave the clip and KL is not 0).

TRL's own trainer does the rest: it gets the responses by rollout_func and the rewards by reward functions, and its
_generate_and_score_completions and _compute_loss give advantages and loss. Only the two log-probabilities are put in their place
between the two. The model is in float64; TRL holds rewards and advantages in float32.

ATTNPO is not in TRL. It is written here from the paper and its authors' code (arXiv 2602.09953), with attention from transformers:

    r = 1[correct] (1 - alpha sigmoid((L - mean) / (std + 1e-8)))   over the correct responses of the group
    A = r - mean of the others' r
    S_k = 1/|s_k| sum over answer tokens m and tokens n of step k of a[m][n], mean over heads
    S_base = p^2 |F| / (|q| + |o|)
    A > 0, S_k < S_base, step > T (1 - p): A_k = A (p^2 S_k / S_base + 1 - p^2);  A < 0, S_k > S_base: A_k = 0

referee.json holds for each tensor's gradient its norm, its product with cos(0), cos(1), ... , and 16 entries at equal distances.
"""
import importlib.metadata, json, math, pathlib, tempfile
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer
from trl.rewards import get_soft_overlong_punishment

HERE = pathlib.Path(__file__).parent
BASE = HERE.parent / "web" / "models" / "chain-tiny"
NEWLINE, END_THINK, EOS, PAD = 3, 12, 2, 0
GROUP, LONGEST, ENTRIES = 4, 96, 16
PROMPTS = ["k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j", "f 3 ; a 7 ; c &a - &f ; e &c * &a ; ? e",  # of one length: TRL pads to the left, and
           "p 9 ; h 2 ; g &p + &h ; m &g - &p ; ? m", "n 5 ; l 6 ; i &n * &l ; d &i - &n ; ? d"]  # rows of pads alone are NaN in float64

# What sets a case apart: our hyper-parameters, and TRL's.
CASES = [
    dict(method="grpo", ours={"std": "sample", "std-epsilon": 1e-4, "kl": 0.04, "clip-high": 0.2, "flat-groups": "keep"},
         trl=dict(loss_type="grpo", scale_rewards="group", beta=0.04, epsilon=0.2, epsilon_high=0.2)),
    dict(method="drgrpo", ours={"max-length": LONGEST, "clip-high": 0.2, "flat-groups": "keep"},
         trl=dict(loss_type="dr_grpo", scale_rewards="none", beta=0.0, epsilon=0.2, epsilon_high=0.2)),
    dict(method="dapo", ours={"std": "sample", "std-epsilon": 1e-4, "max-length": LONGEST, "overlong-buffer": 48},
         trl=dict(loss_type="dapo", scale_rewards="group", beta=0.0, epsilon=0.2, epsilon_high=0.28)),
    dict(method="attnpo", ours={"heads": 2, "schedule": 0, "flat-groups": "keep"}, heads=[[1, 0], [1, 2]]),
    dict(method="attnpo", ours={"heads": 2, "schedule": 10, "base-length": "response", "kappa": 0.5, "floor": 0.2, "flat-groups": "keep"}, heads=[[0, 1], [1, 2]], step=6),
]


def tiny():
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32, attn_implementation="eager").double()


def write_batch(tokenizer):
    """Responses of the model, verdicts, and the two log-probabilities of every token."""
    torch.manual_seed(5)
    model, groups = tiny().eval(), []
    for i, text in enumerate(PROMPTS):
        prompt = tokenizer("<bos> " + text + " <think>", add_special_tokens=False)["input_ids"]
        out = model.generate(torch.tensor([prompt] * GROUP), do_sample=True, temperature=1.3, top_k=0, max_new_tokens=LONGEST - 8 * i,
                             pad_token_id=PAD, eos_token_id=EOS)
        responses = []
        for row in out[:, len(prompt):].tolist():
            row = row[:row.index(EOS) + 1] if EOS in row else row
            own = logprobs(model, prompt, row)[0].detach()
            noise = lambda scale: [round(x, 6) for x in (own + scale * torch.randn(len(row), dtype=torch.float64)).tolist()]
            responses.append(dict(tokens=row, correct=False, old=noise(0.25), reference=noise(0.3)))
        for j in torch.randperm(GROUP)[:[2, 3, 1, 4][i]].tolist():
            responses[j]["correct"] = True
        groups.append(dict(prompt=prompt, responses=responses))
    return groups


def logprobs(model, prompt, response, attention=False):
    out = model(torch.tensor([prompt + response]), output_attentions=attention)
    at = out.logits[0, len(prompt) - 1:-1].log_softmax(-1)
    return at.gather(1, torch.tensor(response)[:, None])[:, 0], out.attentions


def padded(rows, like):
    return torch.stack([torch.cat([torch.tensor(r, dtype=torch.float64), torch.zeros(like.size(1) - len(r), dtype=torch.float64)]) for r in rows])


def by_trl(case, groups, tokenizer):
    """Rewards, advantages [responses] and loss of TRL's trainer; the gradient lies in the model."""
    groups = [g for g in groups if case["method"] != "dapo" or 0 < sum(r["correct"] for r in g["responses"]) < GROUP]  # dynamic sampling
    flat = [r for g in groups for r in g["responses"]]

    def rollout(prompts, trainer):
        return dict(prompt_ids=[g["prompt"] for g in groups for _ in g["responses"]], completion_ids=[r["tokens"] for r in flat], logprobs=None)

    overlong = get_soft_overlong_punishment(LONGEST, 48)
    verdict = lambda completion_ids, **_: [float(r["correct"]) * 2 - 1 if case["method"] == "dapo" else float(r["correct"]) for r in flat]
    rewards = [verdict] + ([overlong] if case["method"] == "dapo" else [])
    model = tiny()
    with tempfile.TemporaryDirectory() as folder:
        config = GRPOConfig(output_dir=folder, per_device_train_batch_size=len(flat), num_generations=GROUP, max_completion_length=LONGEST,
                            gradient_accumulation_steps=1, bf16=False, gradient_checkpointing=False, use_cpu=True, report_to=[],
                            use_bias_correction_kl=False, pad_to_multiple_of=None, **case["trl"])
        trainer = GRPOTrainer(model, reward_funcs=rewards, args=config, train_dataset=Dataset.from_dict({"prompt": ["x"] * len(flat)}),
                              processing_class=tokenizer, rollout_func=rollout)
        trainer.model.train()
        trainer.current_gradient_accumulation_steps = 1
        batch = trainer._generate_and_score_completions([{"prompt": "x"}] * len(flat))
        given = trainer._logs["rewards"]
        totals = [sum(given[name][i] for name in trainer.reward_func_names) for i in range(len(flat))]
        batch["old_per_token_logps"] = padded([r["old"] for r in flat], batch["completion_ids"])
        if "ref_per_token_logps" in batch:
            batch["ref_per_token_logps"] = padded([r["reference"] for r in flat], batch["completion_ids"])
        loss = trainer.compute_loss(trainer.model, batch)
        loss.backward()
        return totals, [[a] for a in batch["advantages"].tolist()], loss.item(), trainer.accelerator.unwrap_model(trainer.model)


def by_torch(case, groups):
    """ATTNPO: rewards, advantages [responses][tokens] and loss; the gradient lies in the model."""
    h = dict({"alpha": 0.2, "base-length": "all", "kappa": 1.0, "floor": 0.0, "clip-high": 0.2}, **case["ours"])
    model, rewards, advantages, losses = tiny().train(), [], [], []
    for g in groups:
        responses, q = g["responses"], len(g["prompt"])
        right = torch.tensor([len(r["tokens"]) for r in responses if r["correct"]], dtype=torch.float64)
        mean, std = (right.mean(), right.std(correction=0)) if len(right) else (0, 0)
        r = [float(1 - h["alpha"] * torch.sigmoid((len(x["tokens"]) - mean) / (std + 1e-8))) if x["correct"] else 0.0 for x in responses]
        rewards += r
        p = len(right) / GROUP
        for i, x in enumerate(responses):
            tokens, A = x["tokens"], r[i] - sum(r[:i] + r[i + 1:]) / (GROUP - 1)
            logp, attention = logprobs(model, g["prompt"], tokens, attention=True)
            each = torch.full((len(tokens),), A, dtype=torch.float64)
            end = tokens.index(END_THINK) if END_THINK in tokens else len(tokens) - (tokens[-1] == EOS)
            starts = [0] + [n + 1 for n in range(end - 1) if tokens[n] == NEWLINE]
            steps = list(zip(starts, starts[1:] + [end])) if end > 0 else []
            answer = range(end + 1, len(tokens))
            base = h["kappa"] * p ** 2 * len(answer) / (len(tokens) + (q if h["base-length"] == "all" else 0))
            for start, stop in steps:
                if not x["correct"] or len(steps) < 2:
                    break
                S = sum(float(attention[l][0, head, q + end + 1:, q + start:q + stop].detach().sum()) for l, head in case["heads"]) / len(case["heads"]) / (stop - start)
                if A > 0 and S < base and case.get("step", 1) > h["schedule"] * (1 - p):
                    each[start:stop] *= (1 - h["floor"]) * (p ** 2 * S / base + 1 - p ** 2) + h["floor"]
                elif A < 0 and S > base:
                    each[start:stop] = 0
            ratio = (logp - torch.tensor(x["old"], dtype=torch.float64)).exp()
            surrogate = torch.min(ratio * each, ratio.clamp(0.8, 1 + h["clip-high"]) * each)
            surrogate = torch.where(each < 0, torch.max(surrogate, 3 * each), surrogate)  # dual clip, as in verl
            losses.append(-surrogate)
            advantages.append(each.tolist())
    loss = torch.cat(losses).mean()
    loss.backward()
    return rewards, advantages, loss.item(), model


def gradients(model):
    out = {}
    for name, w in model.named_parameters():
        g = w.grad.double().flatten()
        n = g.numel()
        out[name] = dict(norm=g.norm().item(), cosines=(g * torch.cos(torch.arange(n, dtype=torch.float64))).sum().item(),
                         entries=g[[k * n // ENTRIES for k in range(ENTRIES)]].tolist())
    return out


def short(x):
    if isinstance(x, float):
        return float(f"{x:.9g}")
    if isinstance(x, dict):
        return {k: short(v) for k, v in x.items()}
    return [short(v) for v in x] if isinstance(x, list) else x


tokenizer = AutoTokenizer.from_pretrained(BASE)
groups, cases = write_batch(tokenizer), []
for case in CASES:
    rewards, advantages, loss, model = by_trl(case, groups, tokenizer) if "trl" in case else by_torch(case, groups)
    print(f"{case['method']}: loss {loss:.6f}, advantages {min(map(min, advantages)):.3f} to {max(map(max, advantages)):.3f}")
    cases.append(dict(method=case["method"], set={k: str(v) for k, v in case["ours"].items()}, heads=case.get("heads", []), step=case.get("step", 1),
                      rewards=rewards, advantages=advantages, loss=loss, gradients=gradients(model)))
versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers", "trl")}
document = dict(made_by="python3 testdata/referee.py", versions=versions, base="chain-tiny", groups=groups, cases=cases)
(HERE / "referee.json").write_text(json.dumps(short(document), separators=(",", ":")).replace('{"prompt"', '\n{"prompt"').replace('{"method"', '\n{"method"') + "\n")
