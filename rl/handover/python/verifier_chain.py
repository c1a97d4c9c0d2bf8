"""Task chain: the value of a variable at the end of a chain of definitions modulo 10. The rules are those of attnlab's rl/task/chain.go.

    prompt    <bos> k 8 ; o 4 ; b &k * &o ; ? b <think>
    response  b &k 8 * &o 4 = b 2 \\n </think> b 2 # 2 <eos>
"""
from steps import cut_lines

NAMES, DIGITS = "abcdefghijklmnop", "0123456789"
OPERATORS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def judge(row, response, tokenizer):
    """The trace of a response, a list of token ids, to a problem, a row of problems/*.jsonl."""
    words = tokenizer.convert_ids_to_tokens(response)
    values, needed = solve(row["prompt"].split())
    trace, framed = cut_lines(words)
    stated = {}
    for step in trace.steps:
        step.label = label(words[step.start:step.end], values, needed, stated)
    rest = words[trace.answer_start:trace.answer_end]
    while len(rest) >= 2 and is_name(rest[0]) and is_digit(rest[1]):
        rest = rest[2:]
    if framed and len(rest) == 3 and rest[0] == "#" and is_digit(rest[1]):
        trace.answer = rest[1]
        trace.correct = rest[1] == row["answer"]
    return trace


def solve(prompt):
    """True values, and the variables that the answer needs."""
    words = [w for w in prompt if w not in ("<bos>", "<think>")]
    values, of = {}, {}
    for part in " ".join(words).split(" ; "):
        if part.startswith("? "):
            question = part[2:]
            break
        name, *rest = part.split()
        if len(rest) == 1:
            values[name] = int(rest[0])
        else:
            left, operator, right = rest[0][1:], rest[1], rest[2][1:]
            values[name], of[name] = OPERATORS[operator](values[left], values[right]) % 10, (left, right)
    needed, look = set(), [question]
    while look:
        name = look.pop()
        if name in of and name not in needed:
            needed.add(name)
            look += of[name]
    return values, needed


def label(line, values, needed, stated):
    """The label of one step; the value that it states goes into stated."""
    name, value = read(line)
    if name is None or name not in values:
        return "malformed"
    if value is None:  # "ok" states nothing
        return "redundant"
    before = stated.get(name)
    stated[name] = value
    if value != values[name]:
        return "wrong"
    if before is not None and before != value:
        return "correcting"
    return "essential" if before is None and name in needed else "redundant"


def read(line):
    """The variable that a step is about and the value that it states; None, None where it is no line of the grammar."""
    if len(line) == 4 and line[0] == "so" and is_name(line[1]) and is_digit(line[2]) and line[3] == "\n":
        return line[1], int(line[2])
    check = line[:1] == ["wait"]
    line = line[check:]
    if len(line) < 6 or not (is_name(line[0]) and is_reference(line[1]) and is_digit(line[2]) and line[3] in OPERATORS and is_reference(line[4]) and is_digit(line[5])):
        return None, None
    name, rest = line[0], line[6:]
    if check and rest == ["ok", "\n"]:
        return name, None
    if len(rest) == 4 and rest[:2] == ["=", name] and is_digit(rest[2]) and rest[3] == "\n":
        return name, int(rest[2])
    return None, None


def is_name(word):
    return len(word) == 1 and word in NAMES


def is_reference(word):
    return len(word) == 2 and word[0] == "&" and word[1] in NAMES


def is_digit(word):
    return len(word) == 1 and word in DIGITS
