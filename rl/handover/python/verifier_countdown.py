"""Task countdown: an expression of given numbers that reaches a target. The rules are those of attnlab's rl/task/countdown.go.

    prompt    <bos> 3 7 5 ? 26 <think>
    response  3 * 7 = 21 \\n 21 + 5 = 26 \\n </think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>
"""
from dataclasses import dataclass

from steps import cut_lines

OPERATORS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}
VALUES = {str(n) for n in range(46)}


def judge(row, response, tokenizer):
    """The trace of a response, a list of token ids, to a problem, a row of problems/*.jsonl."""
    words = tokenizer.convert_ids_to_tokens(response)
    numbers, target = solve(row["prompt"].split())
    trace, framed = cut_lines(words)
    label(trace, words, numbers, target)
    hand, right = list(numbers), True
    rest = words[trace.answer_start:trace.answer_end]
    while len(rest) >= 6 and rest[5] == ";":
        move = read(rest)
        if move is None:
            return trace
        left, operator, other, result = move
        right = right and OPERATORS[operator](left, other) == result and takes(hand, left, other)
        if right:
            hand.remove(left)
            hand.remove(other)
            hand.append(result)
        rest = rest[6:]
    if framed and len(rest) == 3 and rest[0] == "#" and rest[1] in VALUES:
        trace.answer = rest[1]
        trace.correct = right and int(rest[1]) == target and target in hand
    return trace


def solve(prompt):
    words = [w for w in prompt if w not in ("<bos>", "<think>")]
    at = words.index("?")
    return [int(w) for w in words[:at]], int(words[at + 1])


def read(words):
    """(left, operator, right, result) of "3 * 7 = 21", or None."""
    if len(words) < 5 or words[0] not in VALUES or words[1] not in OPERATORS or words[2] not in VALUES or words[3] != "=" or words[4] not in VALUES:
        return None
    return int(words[0]), words[1], int(words[2]), int(words[4])


def takes(hand, left, right):
    """Whether two numbers are on hand: two of them where they are equal."""
    return hand.count(left) >= 2 if left == right else left in hand and right in hand


@dataclass
class Number:
    value: int
    sound: bool = True      # given, or the right result of sound numbers
    step: int = -1          # that made it
    move: tuple = ()
    parts: tuple = ()       # the numbers that it was made of
    taken: bool = False
    redone: bool = False    # it took the place of a wrong result


def label(trace, words, numbers, target):
    table, solved = [Number(n) for n in numbers], False
    for i, step in enumerate(trace.steps):
        line = words[step.start:step.end]
        if line == ["back", "\n"]:
            step.label, table = "redundant", [Number(n) for n in numbers]
            continue
        move = read(line)
        if move is None or len(line) != 6 or line[5] != "\n":
            continue
        made = play(table, move, i)
        if made is None or not made.sound:
            step.label = "wrong"
            continue
        step.label = "redundant"
        if not solved and made.value == target:
            solved = True
            for number in derivation(made):
                trace.steps[number.step].label = "correcting" if number.redone else "essential"


def play(table, move, step):
    """Puts the result of a move on the table; None where an operand is not there."""
    left, operator, right, result = move
    sound = OPERATORS[operator](left, right) == result
    made = Number(result, step=step, move=move)
    wrong = [n for n in table if n.step >= 0 and n.move[:3] == move[:3] and not n.taken and OPERATORS[n.move[1]](n.move[0], n.move[2]) != n.move[3]]
    if wrong:
        wrong[0].taken = True
        made.parts, made.redone = wrong[0].parts, True
    else:
        first = find(table, left, None)
        second = find(table, right, first)
        if first is None or second is None:
            return None
        first.taken = second.taken = True
        made.parts = (first, second)
    made.sound = sound and all(n.sound for n in made.parts)
    table.append(made)
    return made


def find(table, value, other):
    """A number of a value on the table, a sound one if there is one."""
    found = None
    for n in table:
        if n.value == value and not n.taken and n is not other and (found is None or n.sound and not found.sound):
            found = n
    return found


def derivation(number):
    """The numbers that were made on the way to one, itself last."""
    return [m for part in number.parts for m in derivation(part)] + [number] if number.step >= 0 else []
