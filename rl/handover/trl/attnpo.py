"""ATTNPO (arXiv 2602.09953) on TRL: GRPOTrainer with TLMRE's reward, whose advantages are weighed step by step.

The heads are found once, on the model before training, and stay the same: those whose scores best put needed steps above redundant ones in
right responses to easy problems of problems/probe.parquet.
"""
import random, sys

import torch
from accelerate.utils import broadcast_object_list, gather_object
from trl import GRPOTrainer

import attention, rewards

BATCH = 8  # responses of one forward pass


class Trainer(GRPOTrainer):
    def __init__(self, *args, lab, heads, **kwargs):
        super().__init__(*args, **kwargs)
        self.lab, self.heads = lab, heads

    def _generate_and_score_completions(self, inputs):
        output = super()._generate_and_score_completions(inputs)
        if self.model.training:
            output["advantages"] = self.weigh(inputs, output)  # [responses, tokens] in place of [responses]
        return output

    def weigh(self, inputs, output):
        """The advantage of every token. TRL gives that of a response, which is TLMRE's: see reward_weights in settings.json."""
        hyper, group = self.lab.hyper, self.lab.group
        mask = output["completion_mask"].bool()
        advantages = output["advantages"][:, None].repeat(1, mask.size(1))
        prompts = [ids[keep.bool()].tolist() for ids, keep in zip(output["prompt_ids"], output["prompt_mask"])]
        responses = [ids[keep].tolist() for ids, keep in zip(output["completion_ids"], mask)]
        traces = [self.lab.trace(row | {"prompt": row["prompt_text"]}, ids) for row, ids in zip(inputs, responses)]
        wanted = [i for i, t in enumerate(traces) if t.correct and len(t.steps) > 1 and advantages[i, 0] != 0]
        scores = self.scores([sequence(prompts[i], responses[i], traces[i]) for i in wanted])
        step = self.state.global_step // hyper["minibatches"] + 1
        for i, heads in zip(wanted, scores):
            first = i // group * group
            accuracy = sum(t.correct for t in traces[first:first + group]) / group
            t = traces[i]
            scales = rewards.step_scales(mean(heads), t.answer_end - t.answer_start, len(prompts[i]), len(responses[i]), float(advantages[i, 0]), accuracy, step, hyper)
            for s, scale in zip(t.steps, scales):
                advantages[i, s.start:s.end] *= scale
        return advantages

    def scores(self, sequences):
        """Where weights are divided among processes (FSDP, ZeRO-3), all of them must run the model equally often and to its end."""
        divided = self.is_fsdp_enabled or self.is_deepspeed_enabled
        n, most = len(sequences), len(sequences)
        if divided:
            most = max(gather_object([n]))
        filled = sequences + [([0], 1, 1, [])] * (most - n)
        return attention.step_scores(self.model_wrapped if divided else self.model, filled, self.heads, BATCH, whole=divided)[:n]


def sequence(prompt, response, trace):
    """A response for attention.step_scores, in positions of prompt and response together."""
    P = len(prompt)
    return prompt + response, P + trace.answer_start, P + trace.answer_end, [(P + s.start, P + s.end) for s in trace.steps]


def mean(heads):
    return [sum(of) / len(of) for of in zip(*heads)]


def heads_of(model, settings, lab, problems, state):
    """The heads of settings.json, or those that this process finds and tells the others."""
    problem = attention.refuse(model)
    if problem:
        sys.exit(problem)
    found = [settings["heads"]]
    if not found[0] and state.is_main_process:
        found = [find(model.to(state.device), lab, problems, settings["seed"])]
    found = broadcast_object_list(found)
    if not found[0]:
        sys.exit("no right response to the probing problems has both a needed and a redundant step with a label, so no head can be found; "
                 'name heads in settings.json, as "heads": [[layer, head], ...]')
    if state.is_main_process:
        print("key-focus heads, [layer, head]:", found[0])
    return found[0]


@torch.no_grad()
def find(model, lab, problems, seed, batch=32):
    """The hyper-parameter heads' number of heads with the best step ranking accuracy."""
    torch.manual_seed(seed)
    random.seed(seed)
    hyper, tokenizer, right = lab.hyper, lab.tokenizer, []
    levels = [row["difficulty"] for row in problems]
    easy = [row for row in problems if 2 * row["difficulty"] <= min(levels) + max(levels)]
    model.eval()
    for at in range(0, len(easy), batch):
        part = easy[at:at + batch]
        prompts = tokenizer([row["prompt_text"] for row in part], return_tensors="pt", padding=True, padding_side="left", add_special_tokens=lab.special).to(model.device)
        written = model.generate(**prompts, do_sample=True, temperature=hyper["temperature"], top_k=0, top_p=1.0, max_new_tokens=hyper["max-length"],
                                 pad_token_id=tokenizer.pad_token_id)[:, prompts["input_ids"].size(1):]
        for row, ids, prompt, keep in zip(part, written.tolist(), prompts["input_ids"], prompts["attention_mask"]):
            if tokenizer.eos_token_id in ids:
                ids = ids[:ids.index(tokenizer.eos_token_id) + 1]
            trace = lab.trace(row | {"prompt": row["prompt_text"]}, ids)
            labels = [s.label for s in trace.steps]
            if trace.correct and rewards.step_ranking([0.0] * len(labels), labels) is not None:
                right.append((prompt[keep.bool()].tolist(), ids, trace))
    if not right:
        return []
    inner = attention.layers(model)
    everyone = [(l, h) for l in range(len(inner)) for h in range(model.config.num_attention_heads)]
    scores = attention.step_scores(model, [sequence(*r) for r in right], everyone, BATCH)
    ranks = []
    for place, head in enumerate(everyone):
        own = [rewards.step_ranking(of[place], [s.label for s in r[2].steps]) for of, r in zip(scores, right)]
        ranks.append((sum(own) / len(own), head))
    ranks.sort(key=lambda rank: -rank[0])
    print(f"{len(right)} right responses rank heads; best:", [(head, round(value, 3)) for value, head in ranks[:5]])
    return [list(head) for _, head in ranks[:hyper["heads"]]]
