"""Task relay: digits are added along a program, modulo 10, and one of the digits on offer is chosen. The rules are those of attnlab's rl/task/relay.go.

    prompt    <bos> ; 2 3 # 1 9 ; 2 ; a 5 b * c * d * ? <think>
    response  a 5 2 = 7 \\n try 1 \\n b * 7 = 8 \\n c * 8 = 9 \\n d * 9 = 0 \\n </think> # 0 <eos>
"""
from steps import cut_lines

LABELS, DIGITS = "abcdefghijklmnop", "0123456789"


def judge(row, response, tokenizer):
    """The trace of a response, a list of token ids, to a problem, a row of problems/*.jsonl."""
    words = tokenizer.convert_ids_to_tokens(response)
    marked, operands, values = solve(row["prompt"].split())
    trace, framed = cut_lines(words)
    stated = {}
    for step in trace.steps:
        step.label = label(words[step.start:step.end], marked, operands, values, stated)
    rest = words[trace.answer_start:trace.answer_end]
    if framed and len(rest) == 3 and rest[0] == "#" and is_digit(rest[1]):
        trace.answer = rest[1]
        trace.correct = rest[1] == row["answer"]
    return trace


def solve(prompt):
    """The marked digit, what each item adds, and the values before the first item and after each if the marked digit is chosen."""
    marked = prompt[prompt.index("#") + 1]
    parts = " ".join(w for w in prompt if w not in ("<bos>", "<think>", "!", "?")).split(";")
    program = parts[-1].split()
    operands, values = program[1::2], [int(parts[-2])]
    for operand in operands:
        values.append((values[-1] + int(marked if operand == "*" else operand)) % 10)
    return marked, operands, values


def label(line, marked, operands, values, stated):
    """The label of one step; whether it is right goes into stated."""
    if line[-1:] != ["\n"]:
        return "malformed"
    if len(line) == 3 and line[0] == "hum" and len(line[1]) == 2 and line[1][0] == "w":
        return "redundant"
    if len(line) == 3 and line[0] == "try" and is_digit(line[1]):
        if "*" not in operands:
            return "redundant"
        place, right = "try", line[1] == marked
    elif len(line) == 6 and is_label(line[0]) and (line[1] == "*" or is_digit(line[1])) and is_digit(line[2]) and line[3] == "=" and is_digit(line[4]):
        place = LABELS.index(line[0])
        if place >= len(operands):
            return "malformed"
        right = line[1] == operands[place] and int(line[2]) == values[place] and int(line[4]) == values[place + 1]
    else:
        return "malformed"
    before = stated.get(place)
    stated[place] = right
    if not right:
        return "wrong"
    return {None: "essential", False: "correcting", True: "redundant"}[before]


def is_label(word):
    return len(word) == 1 and word in LABELS


def is_digit(word):
    return len(word) == 1 and word in DIGITS
