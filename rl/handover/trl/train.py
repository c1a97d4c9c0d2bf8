#!/usr/bin/env python3
"""Trains with TRL what attnlab trained small. settings.json holds attnlab's hyper-parameters ("hyper") and TRL's names for them ("trl").

    torchrun --nproc-per-node 2 train.py --cpu
    accelerate launch --config_file accelerate/one_machine.yaml train.py --model Qwen/Qwen3-1.7B --vllm

A step is attnlab's: one batch of responses, and as many updates of the weights as there are mini-batches. TRL counts updates.
"""
import argparse, importlib, json, pathlib, shutil, sys

import pyarrow.parquet
import torch
from accelerate import PartialState
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

import rewards
from steps import NEEDED

HERE = pathlib.Path(__file__).resolve().parent


def arguments():
    settings = json.loads((HERE / "settings.json").read_text())
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default=settings["model"], help="folder or Hugging Face name of a causal model (%(default)s)")
    p.add_argument("--steps", type=int, default=settings["steps"], help="training steps (%(default)s)")
    p.add_argument("--micro", type=int, default=16, help="responses of a process that are in memory at once at most (%(default)s)")
    p.add_argument("--output", default="output", help="folder for checkpoints and trainer_state.json (%(default)s)")
    p.add_argument("--vllm", action="store_true", help="sample with vLLM on the same GPUs")
    p.add_argument("--cpu", action="store_true", help="train on processors")
    return p.parse_args(), settings


class Lab:
    """Verdicts on responses. TRL asks several functions about the same ones, so they are remembered for one batch."""

    def __init__(self, settings, tokenizer):
        self.hyper, self.group = settings["hyper"], settings["hyper"]["group"]
        self.tokenizer, self.verifier, self.known = tokenizer, importlib.import_module(settings["verifier"]), {}
        self.special = settings["free_text"]  # whether the tokenizer adds its own start to a prompt

    def trace(self, row, response):
        key = (row["id"], tuple(response))
        if key not in self.known:
            if len(self.known) > 100_000:
                self.known.clear()
            self.known[key] = self.verifier.judge(row, list(response), self.tokenizer)
        return self.known[key]

    def reward(self, name):
        """A reward function of TRL. The responses to one problem lie side by side and in one process: plan() sees to that."""
        def function(prompts, completion_ids, log_metric=None, **columns):
            given = []
            if name == "correct" and log_metric:
                self.measure([self.trace({key: columns[key][i] for key in ("id", "answer")} | {"prompt": columns["prompt_text"][i]}, ids) for i, ids in enumerate(completion_ids)], log_metric)
            for start in range(0, len(prompts), self.group):
                group = range(start, min(start + self.group, len(prompts)))
                rows = [{key: columns[key][i] for key in ("id", "prompt_text", "answer", "difficulty")} for i in group]
                verdicts = [self.trace(row | {"prompt": row["prompt_text"]}, completion_ids[i]).correct for i, row in zip(group, rows)]
                given += rewards.FUNCTIONS[name](verdicts, [len(completion_ids[i]) for i in group], self.hyper)
            return given
        function.__name__ = name
        return function

    def measure(self, traces, log_metric):
        """Means a response, by the names that attnlab's logs have."""
        mean = lambda of: sum(map(of, traces)) / len(traces)
        log_metric("think_tokens", mean(lambda t: sum(s.end - s.start for s in t.steps)))
        if any(s.label != "unlabelled" for t in traces for s in t.steps):
            log_metric("redundant_steps", mean(lambda t: sum(s.label == "redundant" for s in t.steps)))
            log_metric("essential_steps", mean(lambda t: sum(s.label in NEEDED for s in t.steps)))


def plan(hyper, processes, micro):
    """Sizes in TRL's words: responses of a process at once, and how many such parts make an update and a batch."""
    groups, updates = hyper["problems"], hyper["minibatches"]
    if groups % processes:
        sys.exit(f"{groups} problems a step cannot be divided among {processes} processes; a group of responses must lie in one of them")
    own = groups // processes * hyper["group"]
    if own % updates:
        sys.exit(f"{own} responses of a process cannot be divided into {updates} mini-batches")
    part = next(n for n in range(min(micro, own // updates), 0, -1) if own // updates % n == 0)
    return dict(per_device_train_batch_size=part, gradient_accumulation_steps=own // updates // part, steps_per_generation=own // part)


def config(args, settings, processes):
    hyper = settings["hyper"]
    cuda = torch.cuda.is_available() and not args.cpu
    return GRPOConfig(output_dir=args.output, max_steps=args.steps * hyper["minibatches"], logging_steps=hyper["minibatches"],
                      save_strategy="steps", save_steps=50 * hyper["minibatches"], save_total_limit=2, report_to=[], seed=settings["seed"],
                      shuffle_dataset=False, use_cpu=not cuda, bf16=cuda, gradient_checkpointing=cuda, use_vllm=args.vllm,
                      vllm_mode="colocate", model_init_kwargs=None, **plan(hyper, processes, args.micro), **settings["trl"])


def rows(name):
    """Problems of a file as TRL wants them: the verifier's copy of the prompt lies in prompt_text."""
    return Dataset.from_list([row | {"prompt_text": row["prompt"]} for row in pyarrow.parquet.read_table(HERE / "problems" / f"{name}.parquet").to_pylist()])


def conversation(dataset, tokenizer, settings):
    """Puts problems of free text as a conversation, by the model's own template, where it has one."""
    if not settings["free_text"] or tokenizer.chat_template is None:
        return dataset
    system = [{"role": "system", "content": settings["system"]}] if settings["system"] else []
    return dataset.map(lambda row: {"prompt": system + [{"role": "user", "content": row["prompt_text"]}]})


def trainer(args, settings, **more):
    tokenizer = AutoTokenizer.from_pretrained(args.model, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    lab, state = Lab(settings, tokenizer), PartialState(cpu=args.cpu)
    cuda = torch.cuda.is_available() and not args.cpu
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16 if cuda else torch.float32)
    lora = None
    if settings.get("lora"):
        from peft import LoraConfig
        lora = LoraConfig(task_type="CAUSAL_LM", **settings["lora"])
    kind, own = GRPOTrainer, {}
    if settings["method"] == "attnpo":
        import attnpo
        kind, own = attnpo.Trainer, dict(lab=lab, heads=attnpo.heads_of(model, settings, lab, rows("probe"), state))
    made = kind(model=model, reward_funcs=[lab.reward(name) for name in settings["rewards"]], args=config(args, settings, state.num_processes),
                train_dataset=conversation(rows("train"), tokenizer, settings), processing_class=tokenizer, peft_config=lora, **own, **more)
    return made


def sign(log, settings, args):
    """Adds to the log what it is a log of, so that "attnlab compare" and the Compare page know its method, task and settings."""
    state = json.loads(log.read_text())
    state["attnlab"] = {key: settings[key] for key in ("method", "task", "teacher", "difficulty", "seed", "hyper", "base") if key in settings} | {"model": str(args.model)}
    if settings["heads"]:  # named, and not found: another choice of heads is another run
        state["attnlab"]["focus_heads"] = ",".join(f"{layer}.{head}" for layer, head in settings["heads"])
    log.write_text(json.dumps(state, indent=1))


def main():
    args, settings = arguments()
    made = trainer(args, settings)
    made.train()
    made.save_state()
    made.save_model()
    if made.accelerator.is_main_process:
        sign(pathlib.Path(args.output, "trainer_state.json"), settings, args)
    folder = pathlib.Path(args.model)
    if folder.is_dir() and made.accelerator.is_main_process:  # transformers writes a tokenizer in words of its own: keep the model's
        for file in folder.glob("tokenizer*"):
            shutil.copy(file, args.output)


if __name__ == "__main__":
    main()
