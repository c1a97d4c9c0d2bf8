"""What the answer of a response pays to its steps, in chosen heads: ATTNPO's score of a step.

    S_k = 1/|s_k| * sum over tokens m of the answer and n of step k of a[m][n], mean over the chosen heads

The model runs as it is, with any attention kernel. At the chosen layers a hook takes the states that enter the attention and computes the
weights again, for the chosen heads and the answer's tokens alone, CHUNK of them at a time: memory is CHUNK x tokens x heads, whatever the
length. Nothing runs behind the last chosen layer. The hook fires inside the layer, where FSDP and DeepSpeed have gathered its weights.

It reads q_proj, k_proj, and where the model has them q_norm and k_norm, as Llama, Qwen, Mistral, SmolLM and Gemma have in transformers. It
takes attention to be causal over all tokens before: refuse() names a model for which that is not so.
"""
import sys
from collections import defaultdict

import torch

CHUNK = 128


class Done(Exception):
    pass


def refuse(model):
    """A sentence that says why a model's attention cannot be computed here, or None."""
    attention = layers(model)[0].self_attn
    if not hasattr(attention, "q_proj") or not hasattr(attention, "k_proj"):
        return f"{type(attention).__name__} has no q_proj and k_proj of its own; write its weights in attention.py"
    if getattr(model.config, "use_sliding_window", False) or getattr(model.config, "sliding_window", None) and "sliding_attention" in (getattr(model.config, "layer_types", None) or []):
        return "some layers of this model attend within a window; choose a model with full attention"
    return None


def layers(model):
    inner = model
    while not hasattr(inner, "layers"):
        inner = next(getattr(inner, name) for name in ("module", "base_model", "model") if hasattr(inner, name) and getattr(inner, name) is not inner)
    return inner.layers


def step_scores(model, sequences, heads, batch=8, whole=False):
    """Scores [sequence][head][step]. A sequence is (tokens of prompt and response, answer_start, answer_end, [(start, end) of steps]),
    positions in its tokens; heads are pairs of layer and head. With whole the model runs to its end."""
    device = next(model.parameters()).device
    results = [None] * len(sequences)
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i][0]))
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for at in range(0, len(order), batch):
            part = order[at:at + batch]
            for i, scores in zip(part, scores_of(model, [sequences[i] for i in part], heads, device, whole)):
                results[i] = scores
    model.train(was_training)
    return results


def scores_of(model, sequences, heads, device, whole):
    longest = max(len(tokens) for tokens, *_ in sequences)
    ids = torch.zeros(len(sequences), longest, dtype=torch.long, device=device)
    mask = torch.zeros_like(ids)
    for row, (tokens, *_) in enumerate(sequences):  # padded on the right: no token before the end sees it
        ids[row, :len(tokens)] = torch.tensor(tokens, device=device)
        mask[row, :len(tokens)] = 1
    scores = [[None] * len(heads) for _ in sequences]
    by_layer = defaultdict(list)
    for place, (layer, head) in enumerate(heads):
        by_layer[layer].append((place, head))
    all_layers, last = layers(model), max(by_layer)

    def hook(layer):
        def before(module, args, kwargs):
            states = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
            cos, sin = kwargs["position_embeddings"] if "position_embeddings" in kwargs else args[1]
            weigh(module, states, cos, sin, sequences, by_layer[layer], scores)
            if layer == last and not whole:
                raise Done
        return before

    handles = [all_layers[layer].self_attn.register_forward_pre_hook(hook(layer), with_kwargs=True) for layer in by_layer]
    try:
        model(input_ids=ids, attention_mask=mask, use_cache=False)
    except Done:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return scores


def weigh(module, states, cos, sin, sequences, chosen, scores):
    """Fills in scores[row][place] for the chosen (place, head) of one layer."""
    rotate = sys.modules[type(module).__module__].apply_rotary_pos_emb
    size, grouped = module.head_dim, module.num_key_value_groups
    q = module.q_proj(states).unflatten(-1, (-1, size)).transpose(1, 2)
    k = module.k_proj(states).unflatten(-1, (-1, size)).transpose(1, 2)
    if hasattr(module, "q_norm"):
        q, k = module.q_norm(q), module.k_norm(k)
    q, k = rotate(q, k, cos, sin)
    of = [head for _, head in chosen]
    q, k = q[:, of], k[:, [head // grouped for head in of]]
    for row, (tokens, answer_start, answer_end, steps) in enumerate(sequences):
        paid = torch.zeros(len(of), len(tokens), dtype=torch.float32, device=states.device)
        for start in range(answer_start, answer_end, CHUNK):
            stop = min(start + CHUNK, answer_end)
            logits = (q[row, :, start:stop] @ k[row, :, :len(tokens)].transpose(1, 2)).float() * module.scaling
            later = torch.arange(len(tokens), device=states.device)[None] > torch.arange(start, stop, device=states.device)[:, None]
            paid += logits.masked_fill(later, float("-inf")).softmax(-1).sum(1)
        for i, (place, _) in enumerate(chosen):
            scores[row][place] = [float(paid[i, a:b].sum() / (b - a)) for a, b in steps]
