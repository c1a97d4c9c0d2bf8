#!/usr/bin/env python3
"""What projects of "attnlab handover" give for fixed responses, for the tests of rl/handover.

    go build -o attnlab ./cmd/attnlab && python3 testdata/handover.py ./attnlab         writes testdata/handover.json
    python3 testdata/handover.py --eager                                                compares attention.py with eager attention of a random Qwen3
    python3 testdata/handover.py --table FILE                                           reads a Parquet file of rl/parquet's test
    python3 testdata/handover.py --completions                                          writes rl/parquet/testdata, as TRL and pyarrow write tables

Needs: pip install -r rl/handover/trl/requirements.txt. For each method the script has attnlab write a project, makes the project's own trainer,
hands it responses that the base wrote (TRL's rollout_func), and writes down the rewards and the advantages of tokens that
_generate_and_score_completions gives. For each task it writes the verdicts, steps and labels of the project's verifier, also for responses
that are broken: words are dropped, repeated or exchanged. For free text it compares the verifier's steps with rl/task/text's own golden file.
"""
import contextlib, importlib, importlib.metadata, io, json, os, pathlib, random, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
SIZES = ["--problems", "4", "--group", "8", "--minibatches", "1", "--flat-groups", "keep", "--steps", "1"]
CASES = [
    dict(method="grpo", flags=["--std", "sample", "--std-epsilon", "0.0001"]),
    dict(method="drgrpo", flags=[]),
    dict(method="dapo", flags=["--std", "sample", "--std-epsilon", "0.0001", "--max-length", "96", "--overlong-buffer", "48", "--dynamic", "off"]),
    dict(method="tlmre", flags=[]),
    dict(method="attnpo", flags=["--focus-heads", "1.0,1.3", "--schedule", "0"]),
    dict(method="attnpo", flags=["--focus-heads", "0.2,2.3", "--schedule", "0", "--kappa", "0.5", "--base-length", "response", "--floor", "0.2"]),
]


def table(path):
    import pyarrow.parquet
    read = pyarrow.parquet.read_table(path)
    print(read.schema, json.dumps(read.to_pylist(), ensure_ascii=False)[:2000])


def completions():
    """Tables as TRL's log_completions writes them, a file a step, and one table in each form of pyarrow's that rl/parquet reads."""
    import pyarrow, pyarrow.parquet
    folder = HERE.parent / "rl/parquet/testdata"
    folder.mkdir(exist_ok=True)
    said = lambda text: [{"content": text, "role": "user"}]
    for step in 2, 4:
        put, answer = (said, lambda text: [{"content": text, "role": "assistant"}]) if step == 4 else (str, str)
        table = {"step": [str(step)] * 4, "prompt": [put("2 + 3?"), put("2 + 3?"), put("zwölf & \"<1>\"?"), put("zwölf & \"<1>\"?")],
                 "completion": [answer("5"), answer("6"), answer("13"), answer("")], "correct": [1.0, 0.0, 1.0, None], "short": [-0.25, 0.0, float("nan"), 0.0],
                 "advantage": [0.5, -0.5, 0.70710678, -0.70710678]}
        pyarrow.parquet.write_table(pyarrow.table(table), folder / f"completions_{step:05d}.parquet")
    rows = range(20)
    table = pyarrow.table({"text": ["", "zwölf", "long " * 20, None] * 5, "whole": [(-1) ** i << i for i in rows], "small": pyarrow.array([i - 9 for i in rows], pyarrow.int32()),
                           "half": pyarrow.array([i / 2 for i in rows], pyarrow.float32()), "truth": [None if i % 7 == 3 else i % 3 == 0 for i in rows],
                           "lists": [[None if j == 2 else j for j in range(i % 4)] if i % 5 else None for i in rows],
                           "turns": [[{"role": "user", "said": [f"{i}", None][: j + 1]} for j in range(i % 3)] for i in rows], "group": [{"a": i, "b": {"c": "x" * (i % 3)}} for i in rows]})
    for name, how in {"snappy": {}, "gzip": dict(compression="gzip", data_page_version="2.0"), "plain": dict(compression="none", use_dictionary=False, row_group_size=7), "snappy2": dict(data_page_version="2.0")}.items():
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet", **how)
    pyarrow.parquet.write_table(table, folder / "zstd.parquet", compression="zstd")
    (folder / "rows.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist()))


def eager():
    """Scores of steps by attention.py beside sums over transformers' eager attention: grouped keys, norms of queries and keys, chunks."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM
    sys.path.insert(0, str(HERE.parent / "rl/handover/python"))
    import attention
    torch.manual_seed(0)
    config = Qwen3Config(vocab_size=259, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
                         max_position_embeddings=512, attn_implementation="eager")
    model, attention.CHUNK, worst = Qwen3ForCausalLM(config).eval(), 4, 0.0
    sequences = [(torch.randint(0, 256, (n,)).tolist(), n - 7, n, [(5, 12), (12, n - 8)]) for n in (40, 33, 300)]
    heads = [(0, 1), (2, 3), (1, 0)]
    for (tokens, start, end, steps), scores in zip(sequences, attention.step_scores(model, sequences, heads, 2)):
        weights = model(torch.tensor([tokens]), output_attentions=True).attentions
        for (layer, head), own in zip(heads, scores):
            for (a, b), score in zip(steps, own):
                worst = max(worst, abs(weights[layer][0, head, start:end, a:b].sum().item() / (b - a) - score))
    print(f"the largest difference to eager attention is {worst:.1e}")


def write():
    """Responses of the base to the first problems of a project, and broken copies of them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    torch.manual_seed(3)
    r = random.Random(4)
    tokenizer, model = AutoTokenizer.from_pretrained("model"), AutoModelForCausalLM.from_pretrained("model", dtype=torch.float32).eval()
    groups = []
    for row in [json.loads(line) for line in open("problems/train.jsonl")][:4]:
        prompt = tokenizer(row["prompt"], add_special_tokens=False)["input_ids"]
        out = model.generate(torch.tensor([prompt] * 8), do_sample=True, temperature=1.2, top_k=0, max_new_tokens=120, pad_token_id=0)[:, len(prompt):].tolist()
        responses = [ids[:ids.index(2) + 1] if 2 in ids else ids for ids in out]
        broken = []
        for ids in responses[:6]:
            ids = list(ids)
            for _ in range(r.randint(1, 4)):
                at, other = r.randrange(len(ids)), r.randrange(len(ids))
                if r.random() < .4:
                    del ids[at]
                elif r.random() < .5:
                    ids.insert(at, ids[other])
                else:
                    ids[at], ids[other] = ids[other], ids[at]
            broken.append(ids)
        groups.append(dict(row=row, prompt=prompt, responses=responses, broken=broken))
    return groups


def judged(groups):
    """Verdicts of the project's verifier."""
    from transformers import AutoTokenizer
    settings, tokenizer = json.load(open("settings.json")), AutoTokenizer.from_pretrained("model")
    verifier, out = importlib.import_module(settings["verifier"]), []
    for g in groups:
        for ids in g["responses"] + g["broken"]:
            t = verifier.judge(g["row"], ids, tokenizer)
            out.append(dict(prompt=g["row"]["prompt"], tokens=ids, correct=t.correct, answer=[t.answer_start, t.answer_end],
                            steps=[[s.start, s.end, s.label] for s in t.steps]))
    return out


def credited(groups):
    """Rewards and advantages of the project's trainer."""
    import train
    sys.argv = ["train.py", "--cpu", "--micro", "32", "--output", "out"]
    args, settings = train.arguments()
    rows = [g["row"] for g in groups for _ in g["responses"]]
    flat = [ids for g in groups for ids in g["responses"]]
    rollout = lambda prompts, trainer: dict(prompt_ids=[g["prompt"] for g in groups for _ in g["responses"]], completion_ids=flat, logprobs=None)
    trainer = train.trainer(args, settings, rollout_func=rollout)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    batch = trainer._generate_and_score_completions([row | {"prompt_text": row["prompt"]} for row in rows])
    names, weights = trainer.reward_func_names, trainer.reward_weights.tolist()
    logged = trainer._logs["rewards"]
    if settings["method"] in ("tlmre", "attnpo"):  # the weight turns TRL's mean into that of the others
        weights = [1.0, 0.0]
    rewards = [sum(w * logged[name][i] for name, w in zip(names, weights)) for i in range(len(flat))]
    advantages = [a[:len(ids)] if isinstance(a, list) else [a] for a, ids in zip(batch["advantages"].tolist(), flat)]
    return dict(rewards=rewards, advantages=advantages)


def inside(folder, what, given):
    """A function of this file in a process of its own, in a project."""
    done = subprocess.run([sys.executable, str(HERE / "handover.py"), "--inside", what], cwd=folder, input=json.dumps(given), capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(folder), "HF_HUB_OFFLINE": "1"})
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def free_text():
    """Compares the steps of the verifier for free text with those of the second writing in testdata/text.py."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "settings.json").write_text("{}")
        for name in ("steps.py", "verifier_problems.py"):
            pathlib.Path(folder, name).write_text((HERE.parent / "rl/handover/python" / name).read_text())
        sys.path.insert(0, folder)
        import verifier_problems
        n = 0
        for case in json.load(open(HERE.parent / "rl/task/text/testdata/golden.json")):
            for rule in ("sentence", "line", "paragraph"):
                steps = [list(s) for s in verifier_problems.cut(case["pieces"], rule)]
                n += 1
                if steps != case["steps"][rule]:
                    sys.exit(f"{rule}: steps {steps}, want {case['steps'][rule]} of {case['pieces']}")
        for answer, expected, right in [("Answer: 7", "7", True), ("so \\boxed{\\frac{3}{4}} it is", "3/4", True), ("it costs $1,250.00.", "1250", True), ("9-5", "5", True),
                                        ("**Answer:** Paris.", "paris", True), ("Answer: 7", "8", False), ("7 then 9", "7", False)]:
            if verifier_problems.match(verifier_problems.answer_of(answer), expected) != right:
                sys.exit(f"{answer!r} is judged wrongly against {expected!r}")
        print(f"free text: {n} cuts are those of testdata/text.py")


def short(x):
    if isinstance(x, float):
        return float(f"{x:.7g}")
    if isinstance(x, dict):
        return {k: short(v) for k, v in x.items()}
    return [short(v) for v in x] if isinstance(x, list) else x


def main(attnlab):
    free_text()
    document = dict(made_by="python3 testdata/handover.py ./attnlab", versions={n: importlib.metadata.version(n) for n in ("torch", "transformers", "trl")}, tasks=[], cases=[])
    with tempfile.TemporaryDirectory() as work:
        def project(name, *flags):
            folder = pathlib.Path(work, name)
            subprocess.run([attnlab, "handover", "--to", "trl", *SIZES, *flags, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
            return folder
        for kind in ("chain", "countdown"):
            folder = project(kind, "--method", "grpo", "--model", kind + "-small", "--task", kind)
            groups = inside(folder, "write", None)
            document["tasks"].append(dict(task=kind, judged=inside(folder, "judged", groups)))
            if kind == "chain":
                chain = groups
        document["groups"] = [dict(prompt=g["row"]["prompt"], responses=g["responses"]) for g in chain]
        for i, case in enumerate(CASES):
            folder = project(f"case{i}", "--method", case["method"], "--model", "chain-small", "--task", "chain", *case["flags"])
            values = json.load(open(folder / "settings.json"))
            document["cases"].append(dict(method=case["method"], set={k: str(v) for k, v in values["hyper"].items()}, heads=values["heads"]) | inside(folder, "credited", chain))
            print(case["method"], "done")
    text = json.dumps(short(document), separators=(",", ":")).replace('{"prompt"', '\n{"prompt"').replace('{"method"', '\n{"method"')
    (HERE / "handover.json").write_text(text + "\n")


if sys.argv[1:2] == ["--table"]:
    table(sys.argv[2])
elif sys.argv[1:2] == ["--completions"]:
    completions()
elif sys.argv[1:2] == ["--eager"]:
    eager()
elif sys.argv[1:2] == ["--inside"]:
    what, given, printed = sys.argv[2], json.load(sys.stdin), io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = globals()[what](*([given] if given is not None else []))
    print(json.dumps(result))
else:
    main(os.path.abspath(sys.argv[1]))
