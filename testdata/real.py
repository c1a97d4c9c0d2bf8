#!/usr/bin/env python3
"""The numbers of a published model for 512 tokens of text and for one question, for the tests that need a real one.

    python3 testdata/real.py FOLDER [OTHER]

Needs: pip install torch transformers safetensors. Opens FOLDER in float32 with transformers and writes FOLDER.golden.safetensors: tokens [512],
logits [512, V], and greedy [32], what greedy decoding writes after the first 64 tokens. answer [N] is QUESTION and what greedy decoding
answers, with log-probabilities and entropies [N] in float64 from the logits, 0 for the first token. With OTHER, it writes
OTHER.golden.safetensors instead: a GGUF file whose dequantised weights FOLDER holds. Then

    ATTNLAB_REAL_MODEL=FOLDER go test ./model/hf -run TestRealModel -v
    ATTNLAB_REAL_MODEL=FOLDER go test -tags=visit ./cmd/attnlab/visit -run TestVisitRealModel -v
"""
import pathlib, sys
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

QUESTION = "<|im_start|>user\nWhat is 7 + 5 - 3?<|im_end|>\n<|im_start|>assistant\n"  # TestVisitRealModel types it
folder, to = sys.argv[1].rstrip("/"), sys.argv[-1].rstrip("/")
text = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
tokenizer = AutoTokenizer.from_pretrained(folder)
tokens = tokenizer.encode(text, add_special_tokens=False)[:512]
assert len(tokens) == 512
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
with torch.no_grad():
    logits = model(torch.tensor([tokens])).logits[0].contiguous()
    prompt = torch.tensor([tokens[:64]])
    greedy = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=32, min_new_tokens=32, do_sample=False)[0, 64:]
    question = torch.tensor([tokenizer.encode(QUESTION, add_special_tokens=False)])
    answer = model.generate(question, attention_mask=torch.ones_like(question), max_new_tokens=100, do_sample=False)[0]
    log = model(answer[None]).logits[0, :-1].double().log_softmax(-1)
first = torch.zeros(1, dtype=torch.float64)
save_file({"tokens": torch.tensor(tokens).float(), "logits": logits, "greedy": greedy.float(), "answer": answer.float(),
           "log_probs": torch.cat([first, log.gather(1, answer[1:, None])[:, 0]]).float(),
           "entropies": torch.cat([first, -(log.exp() * log).sum(-1)]).float()}, to + ".golden.safetensors")
print(f"{to}: logits up to {logits.abs().max():.1f}, greedy {greedy.tolist()}, {tokenizer.decode(answer)!r}")
