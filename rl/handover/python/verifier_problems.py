"""Problems of free text with an expected answer. The rules are those of attnlab's rl/task/text: what is read as the answer, when it is the
expected one, and what ends a step (settings.json, step_rule). Steps have no labels: nobody knows which are needed."""
import json, pathlib, re
from fractions import Fraction

from steps import Step, Trace

RULE = json.loads((pathlib.Path(__file__).resolve().parent / "settings.json").read_text()).get("step_rule") or "sentence"
MARK = re.compile(r"\banswer(?: is)?[*_]*\s?:|\\boxed\s?\{|####", re.IGNORECASE | re.ASCII)
NUMBER = re.compile(r"[-−]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|[-−]?\.[0-9]+")


def judge(row, response, tokenizer):
    """The trace of a response, a list of token ids, to a problem, a row of problems/*.jsonl."""
    ended = bool(response) and response[-1] in stops(tokenizer)
    body = response[:-1] if ended else response
    pieces = pieces_of(body, tokenizer)
    text = "".join(pieces)
    first, last, answer = 0, len(body), len(body)
    opened = False
    at = text.find("<think>")
    if at >= 0 and not text[:at].strip():
        first, opened = token_after(pieces, at + len("<think>")), True
    closed = text.find("</think>")
    if closed >= 0:
        last = max(first, token_at(pieces, closed))
        answer = max(last, token_after(pieces, closed + len("</think>")))
    steps = cut(pieces[first:last], RULE)
    if closed < 0 and not opened and steps:
        marked = [k for k, (a, b) in enumerate(steps) if MARK.search("".join(pieces[first + a:first + b]))]
        place = marked[-1] if marked else len(steps) - 1
        answer = first + steps[place][0]
        steps = steps[:place]
    trace = Trace(False, answer, len(response), [Step(first + a, first + b, "unlabelled") for a, b in steps])
    if answer == len(body):
        trace.answer_start = trace.answer_end
    trace.answer = answer_of("".join(pieces[answer:]))
    trace.correct = ended and trace.answer != "" and match(trace.answer, row["answer"])
    return trace


def stops(tokenizer):
    """The tokens that end a response: the tokenizer's, and those that chats end a turn with."""
    known = (tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>"))
    return {tokenizer.eos_token_id} | {t for t in known if t is not None and t != tokenizer.unk_token_id}


def pieces_of(ids, tokenizer):
    """The text that each token adds. A token that leaves a character open adds nothing, and the one that closes it adds the character."""
    pieces, from_, done = [], 0, ""
    for i in range(len(ids)):
        text = tokenizer.decode(ids[from_:i + 1], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        if text.endswith("\ufffd"):
            pieces.append("")
            continue
        pieces.append(text[len(done):])
        if i - from_ >= 8:  # a few tokens before are enough for the spaces that some tokenizers leave out at the start
            from_ = i
            done = tokenizer.decode(ids[from_:i + 1], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        else:
            done = text
    return pieces


def token_at(pieces, at):
    for i, piece in enumerate(pieces):
        at -= len(piece)
        if at < 0:
            return i
    return len(pieces)


def token_after(pieces, at):
    for i, piece in enumerate(pieces):
        if at <= 0:
            return i
        at -= len(piece)
    return len(pieces)


# ---- Answers

def answer_of(text):
    """After the last mark of an answer the rest of the line, or what is in the braces; without a mark the whole text."""
    text = text.rsplit("</think>", 1)[-1]
    marks = list(MARK.finditer(text))
    if not marks:
        return text.strip()
    rest = text[marks[-1].end():]
    if text[marks[-1].end() - 1] == "{":
        return braced(rest).strip()
    line = rest.lstrip("*_ \t\n").split("\n", 1)[0]
    if "\\boxed{" in line:
        line = braced(line.split("\\boxed{", 1)[1])
    return line.strip()


def braced(text):
    depth = 1
    for i, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return text[:i]
    return text


def match(answer, expected):
    """Whether an answer is the expected one: by its last number where that is a number, else by its text."""
    want = whole_number(expected)
    if want is not None:
        return last_number(plain(answer)) == want
    return normal(answer) == normal(expected)


def last_number(text):
    found = list(NUMBER.finditer(text))
    if not found:
        return None
    at, word = found[-1].start(), found[-1].group()
    if at > 0 and text[at - 1].isascii() and text[at - 1].isalnum():
        word = word.lstrip("-−")
    value = parse(word)
    if value is not None and len(found) >= 2 and value > 0 and text[found[-2].end():at].strip("() ") == "/":
        top = parse(found[-2].group())
        value = value if top is None else top / value
    return value


def parse(word):
    word = word.replace("−", "-").replace(",", "")
    return Fraction(word) if len(word) <= 200 else None


def whole_number(text):
    """A text that is a number and nothing but its signs and a unit: "$1,250", "12 apples", "3/4"."""
    text = plain(text)
    found, rest = list(NUMBER.finditer(text)), NUMBER.sub("", text)
    if not found or len(found) > 2 or len(found) == 2 and "/" not in rest or any(sign in rest for sign in "+*=:;"):
        return None
    before, after = text[:found[0].start()].strip(" $€£¥≈#*("), text[found[-1].end():]
    if before or after and after[0] not in " .%)°*$€£¥" and len(after.rstrip(".").encode()) < 2:
        return None
    return last_number(text)


SIGNS = [("\\times", "*"), ("\\cdot", "*"), ("\\div", "/"), ("\\left", ""), ("\\right", ""), ("\\,", ""), ("\\!", ""), ("\\$", "$"), ("\\(", " "), ("\\)", " "),
         ("\\[", " "), ("\\]", " "), ("{,}", ","), ("\\approx", "≈"), ("\\%", "%"), ("\\ ", " ")]


def plain(text):
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
    for sign, other in SIGNS:
        text = text.replace(sign, other)
    return text


def normal(text):
    text = " ".join(text.split()).lower()
    if text.startswith("\\text{"):
        text = text[len("\\text{"):].removesuffix("}")
    return text.strip(" .*_$\"'`")


# ---- Steps

MARKS, WIDE = ".!?…。！？｡．؟۔।", "。！？｡．"
CLOSERS, OPENERS = "\"'”’»)]}）］」』】〉》*_", "\"'“‘«([{（［「『【〈《*_#>-"
ABBREVIATIONS = {"e.g", "i.e", "etc", "vs", "cf", "Mr", "Mrs", "Ms", "Dr", "Fig", "Figs", "Eq", "Eqs", "approx", "No", "St", "Prof", "resp", "viz"}


def cut(pieces, rule):
    """Ranges of whole tokens, [start, end), that cover all of them. A step without a letter or digit joins the one before, or the next if it
    is the first. White space belongs to the step that it ends."""
    if not pieces:
        return []
    text, ends_at, token = "".join(pieces), [], []  # units: tokens joined so that each has text
    at = 0
    for i, piece in enumerate(pieces):
        at += len(piece)
        if i < len(pieces) - 1 and (at == len(text) or piece == "" and (not ends_at or opens(pieces, i))):
            continue
        if piece == "" and ends_at and ends_at[-1] == at:
            token[-1] = i + 1
        else:
            ends_at.append(at)
            token.append(i + 1)
    protected = protected_in(text) if rule == "sentence" else []
    steps, from_, wait = [], 0, 0
    start = lambda unit: ends_at[unit - 1] if unit else 0
    first = lambda unit: token[unit - 1] if unit else 0
    for i in range(len(ends_at)):
        closes = i == len(ends_at) - 1
        if not closes:
            following = text[ends_at[i]:ends_at[i + 1]]
            closes = bool(following.strip()) and ends(text, ends_at[i], following, rule, protected)
        if closes:
            has_word = any(sign.isalpha() or sign.isnumeric() for sign in text[start(from_):ends_at[i]])
            if not has_word and steps:
                steps[-1] = (steps[-1][0], token[i])
            elif has_word:
                steps.append((first(wait), token[i]))
            from_ = i + 1
            if steps:
                wait = from_
    return steps or [(0, len(pieces))]


def opens(pieces, i):
    """Whether a token without text is the first part of a character, which a later one closes: it belongs to that one."""
    return False if i + 1 == len(pieces) else bool(pieces[i + 1]) and not pieces[i + 1].isascii()


def ends(text, at, following, rule, protected):
    body = text[:at].rstrip()
    leading = following[:len(following) - len(following.lstrip())]
    lines = text[len(body):at].count("\n") + leading.count("\n")
    if rule == "paragraph":
        return lines >= 2
    if rule == "line" or lines >= 1:
        return lines >= 1
    return sentence_ends(body, len(body) < at, following, protected)


def sentence_ends(body, space, following, protected):
    if not space and following[0] in MARKS + CLOSERS:
        return False
    bare = body.rstrip(CLOSERS)
    head = bare.rstrip(MARKS)
    mark = bare[len(head):]
    if not mark or any(a <= len(head) < b for a, b in protected):
        return False
    if not space and not following[0].isspace() and mark[0] not in WIDE:
        return False
    start = max(0, len(head) - 64)
    spaces = [i for i in range(start, len(head)) if head[i].isspace()]
    start = spaces[-1] + 1 if spaces else start
    word = head[start:].lstrip(OPENERS)
    if mark != ".":
        return word not in ABBREVIATIONS
    single = len(word) == 1 and word.isalpha()
    return not single and word not in ABBREVIATIONS and not (listed(word) and begins_line(head[:start]))


def begins_line(text):
    near = text[-64:]
    bare = near.rstrip(" \t" + OPENERS)
    return bare.endswith("\n") or not bare and len(near) == len(text)


def listed(word):
    if not word or len(word) > 6:
        return False
    return not word.strip("0123456789.") and len(word) <= 4 or not word.strip("ivx") or not word.strip("IVX")


def protected_in(text):
    """Parts in which no sentence ends: code fences, and formulas in $…$, $$…$$, \\(…\\) and \\[…\\]."""
    parts, at = [], 0
    while True:
        found = re.compile(r"[`$\\]").search(text, at)
        if not found:
            return parts
        at, rest, end = found.start(), text[found.start():found.start() + 4000], 0
        if rest.startswith("```"):
            end = closing(text[at:], 3, "```", len(text) - at)
        elif rest.startswith("\\(") or rest.startswith("\\["):
            near = rest.split("\n\n", 1)[0]
            end = closing(near, 2, "\\)" if rest[1] == "(" else "\\]", len(near))
        elif rest.startswith("\\"):
            at += min(2, len(rest))
            continue
        elif rest.startswith("$$"):
            end = closing(rest, 2, "$$", 0)
        elif rest[0] == "$":
            end = inline_end(rest.split("\n\n", 1)[0])
        if end:
            parts.append((at, at + end))
        at += end or 1


def closing(text, n, sign, otherwise):
    at = text.find(sign, n)
    return at + len(sign) if at >= 0 else otherwise


def inline_end(text):
    if len(text) < 3 or text[1].isspace():
        return 0
    for i in range(2, len(text)):
        if text[i] == "$" and text[i - 1] != "\\" and not text[i - 1].isspace() and not text[i + 1:i + 2].isdigit():
            return i + 1
    return 0
