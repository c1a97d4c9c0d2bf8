"""Rewards and advantages of attnlab's methods, as functions of verdicts and lengths. A group is the responses to one problem."""
import math


def correct(verdicts, lengths, hyper):
    """1 for a right response."""
    return [float(right) for right in verdicts]


def signed(verdicts, lengths, hyper):
    """DAPO with its overlong penalty: 1 for a right response, -1 for a wrong one."""
    return [2.0 * right - 1 for right in verdicts]


def overlong(verdicts, lengths, hyper):
    """DAPO's overlong penalty, eq. 13: 0 up to L_max - L_cache tokens, then falling to -1 at L_max."""
    limit, buffer = hyper["max-length"], hyper["overlong-buffer"]
    return [-min(1.0, max(0.0, (length - (limit - buffer)) / buffer)) for length in lengths]


def short(verdicts, lengths, hyper):
    """TLMRE and ATTNPO: 1[c] (1 - alpha sigmoid((L - mean) / (std + 1e-8))), mean and std over the right responses of the group."""
    right = [length for length, is_right in zip(lengths, verdicts) if is_right]
    if not right:
        return [0.0] * len(verdicts)
    mean = sum(right) / len(right)
    std = math.sqrt(sum((length - mean) ** 2 for length in right) / len(right))
    return [(1 - hyper["alpha"] / (1 + math.exp(-(length - mean) / (std + 1e-8)))) if is_right else 0.0
            for length, is_right in zip(lengths, verdicts)]


FUNCTIONS = {f.__name__: f for f in (correct, signed, overlong, short)}


def leave_one_out(rewards):
    """A_i = r_i - mean of the others' r."""
    return [r - (sum(rewards) - r) / (len(rewards) - 1) for r in rewards]


def step_scales(scores, answer, prompt, length, advantage, accuracy, step, hyper):
    """ATTNPO's factor of each step of a right response. Lengths are in tokens, step is the training step from 1:

        S_base = kappa p^beta |F| / (|q| + |o|)
        A > 0, S_k < S_base, step > T (1 - p):  (1 - delta) (p^lambda S_k / S_base + 1 - p^lambda) + delta
        A < 0, S_k > S_base:                    0
        otherwise                               1
    """
    scales = [1.0] * len(scores)
    if len(scores) < 2:
        return scales
    over = length if hyper["base-length"] == "response" else prompt + length
    base = hyper["kappa"] * accuracy ** hyper["base-exponent"] * answer / over
    mix, floor = accuracy ** hyper["mix-exponent"], hyper["floor"]
    for k, score in enumerate(scores):
        if hyper["positive"] == "on" and step > hyper["schedule"] * (1 - accuracy) and advantage > 0 and score < base:
            scales[k] = (1 - floor) * (mix * score / base + 1 - mix) + floor
        elif hyper["negative"] == "on" and advantage < 0 and score > base:
            scales[k] = 0.0
    return scales


def step_ranking(scores, labels):
    """How often a needed step has a higher score than a redundant one of the same response; ties count half. None without such a pair."""
    needed = [s for s, label in zip(scores, labels) if label in ("essential", "correcting")]
    redundant = [s for s, label in zip(scores, labels) if label == "redundant"]
    if not needed or not redundant:
        return None
    return sum((n > r) + 0.5 * (n == r) for n in needed for r in redundant) / (len(needed) * len(redundant))
