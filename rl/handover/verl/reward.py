"""The reward of a response for verl (custom_reward_function). verl hands over text without its special tokens, so that a response that was
cut off at the longest length cannot be told from one that ended: it may be right here and not in the lab."""
import importlib, json, pathlib, re, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
SETTINGS = json.loads((HERE / "settings.json").read_text())
VERIFIER = importlib.import_module(SETTINGS["verifier"])


class Words:
    """A tokenizer for responses that are lists of words already."""
    convert_ids_to_tokens = staticmethod(list)


def is_right(text, answer, prompt):
    if SETTINGS["free_text"]:
        return VERIFIER.match(VERIFIER.answer_of(text), answer)
    words = re.findall(r"\n|[^\s]+", text)
    return VERIFIER.judge({"prompt": prompt, "answer": answer}, words + ["<eos>"], Words).correct


def compute_score(data_source, solution_str, ground_truth, extra_info=None, **_):
    right = is_right(solution_str, ground_truth, (extra_info or {}).get("prompt", ""))
    return {"score": 2.0 * right - 1 if SETTINGS["signed"] else float(right), "acc": float(right)}
