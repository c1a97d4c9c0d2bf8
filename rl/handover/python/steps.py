"""What a response is made of. Every verifier gives a Trace; rewards and step scores read nothing else of a response."""
from dataclasses import dataclass, field

NEEDED = ("essential", "correcting")


@dataclass
class Step:
    start: int  # first token, counted from the first of the response
    end: int    # after the last
    label: str  # essential, redundant, correcting, wrong, malformed, or unlabelled where nobody knows


@dataclass
class Trace:
    correct: bool
    answer_start: int  # the answer part, in tokens of the response; its end-of-text token counts
    answer_end: int
    steps: list[Step] = field(default_factory=list)
    answer: str = ""


def cut_lines(words):
    """The think part, up to </think>, in steps that end with a line end; a rest without one is a step too. Gives (trace, framed):
    framed is true where there is one </think> and <eos> ends the response."""
    finished = "<eos>" in words
    length = words.index("<eos>") + 1 if finished else len(words)
    words = words[:length]
    if "</think>" in words:
        end = words.index("</think>")
        trace = Trace(False, end + 1, length)
        framed = finished and "</think>" not in words[end + 1:]
    else:
        end = length - finished
        trace, framed = Trace(False, length, length), False
    start = 0
    while start < end:
        stop = words.index("\n", start, end) + 1 if "\n" in words[start:end] else end
        trace.steps.append(Step(start, stop, "malformed"))
        start = stop
    return trace, framed
