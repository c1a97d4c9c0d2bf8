#!/usr/bin/env python3
"""Golden steps and labels of free text, from rules written down a second time.

    python3 testdata/text.py                     writes rl/task/text/testdata/golden.json

50 chain problems with the response of a careless student: lines may be left out, repeated, wrong, corrected, or about distractors and
unknown variables, and prose stands between them. For each: the pieces of the response (words, signs, white space), the steps by the three
rules as [start, end) of pieces, and the label of each line. Needs the standard library alone.
"""
import json, pathlib, random, re

ABBREV = {"e.g", "i.e", "etc", "vs", "cf", "Mr", "Mrs", "Dr", "Fig", "Eq", "approx", "No", "St", "Prof"}
PROSE = ["Let us see.", "First we look at it, e.g. here.", "Is it right? Yes!", "1. Begin.", "So Dr. Who says: go on.", "Hmm… wait. Fine.", "---",
         "It has 3.5 parts.", "He said \"stop.\" Then he went."]


def chain(r, n, distractors):
    while True:
        names = r.sample("abcdefghjkmnpqrstuvwxyz", n + 1 + distractors)
        value, definitions, x = {}, [], names[0]
        value[x] = r.randint(1, 9)
        definitions.append(f"{x} = {value[x]}")
        lines, ok = [f"{x} = {value[x]}"], True
        for y in names[1:n + 1]:
            b, o = r.randint(1, 5), r.choice("+-")
            v = value[x] + b if o == "+" else value[x] - b
            if not 0 <= v <= 15:
                ok = False
                break
            definitions.append(f"{y} = {x} {o} {b}")
            lines.append(f"{y} = {value[x]} {o} {b} = {v}")
            value[y], x = v, y
        if not ok:
            continue
        others = []
        for z in names[n + 1:]:
            value[z] = r.randint(1, 9)
            definitions.append(f"{z} = {value[z]}")
            others.append(f"{z} = {value[z]}")
        r.shuffle(definitions)
        return " ; ".join(definitions) + f" ; {x} = ?", value, set(names[:n + 1]), lines, others, value[x]


def careless(r, value, lines, others):
    """The lines of a response, some of them wrong."""
    out = []
    for line in lines:
        if r.random() < .25 and others:
            out.append(r.choice(others))
        if r.random() < .15:
            out.append(r.choice(PROSE))
        if r.random() < .1:
            out.append(f"{r.choice('ilo')} = {r.randint(1, 9)}")  # no variable of any problem
        k = r.random()
        if k < .2:
            head, _, last = line.rpartition(" ")
            out.append(f"{head} {int(last) + r.choice([-2, -1, 1, 2])}")
            if r.random() < .5:
                out.append(line)
        elif k < .3:
            out.append(line.replace(" ", ""))
        elif k < .9:
            out.append(line)
        if r.random() < .2 and out:
            out.append(out[-1])
    return out or ["Nothing."]


def equation(line):
    """(name, value, whether it is right) of a line such as b = 4 + 3 = 7, or None."""
    m = re.fullmatch(r"([a-z])=(?:(\d+)([+-])(\d+)=)?(-?\d+)", line.replace(" ", ""))
    if not m:
        return None
    name, a, o, b, c = m.groups()
    return name, int(c), a is None or (int(a) + int(b) if o == "+" else int(a) - int(b)) == int(c)


def labels(lines, value, needed):
    stated, out = {}, []
    for line in lines:
        e = equation(line)
        if e is None or e[0] not in value:
            out.append("malformed")
            continue
        name, v, ok = e
        right = ok and v == value[name]
        before = stated.get(name)
        stated[name] = right
        out.append("wrong" if not right else "correcting" if before is False else "essential" if before is None and name in needed else "redundant")
    return out


def math_open(text):
    return text.count("```") % 2 == 1 or text.count("$") % 2 == 1 or text.count("\\(") > text.count("\\)") or text.count("\\[") > text.count("\\]")


def cut(p, rule):
    ends, text = [], ""
    for i, s in enumerate(p):
        text += s
        nxt = p[i + 1] if i + 1 < len(p) else ""
        if nxt and not nxt.strip():  # white space goes with the step that it ends
            continue
        if rule == "paragraph":
            close = re.search(r"\n[ \t]*\n\s*$", text)
        else:
            close = re.search(r"\n\s*$", text)
            if rule == "sentence" and not close:
                m = re.search(r"(\S*?)([.!?…。！？]+[\"'”’)\]]*)\s*$", text)
                if m and not math_open(text):
                    word, after = m.group(1), nxt[:1].isspace() or re.search(r"\s$", text) or m.group(2)[0] in "。！？"
                    listed = re.search(r"(^|\n)\s*\(?\d{1,2}\.\s*$", text)
                    single = re.fullmatch(r"[A-Za-z]", word or "") and m.group(2) == "."
                    close = after and not listed and not single and word.lstrip("(\"'") not in ABBREV
        if close:
            ends.append(i + 1)
    if not ends or ends[-1] != len(p):
        ends.append(len(p))
    steps, start = [], 0
    for e in ends:
        if steps and not re.search(r"\w", "".join(p[start:e])):
            steps[-1][1] = e
        elif e > start:
            steps.append([start, e])
        start = e
    if len(steps) > 1 and not re.search(r"\w", "".join(p[steps[0][0]:steps[0][1]])):  # the first one joins the next
        steps[1][0] = 0
        del steps[0]
    return steps


def main():
    r, cases = random.Random(5), []
    for i in range(50):
        question, value, needed, lines, others, gold = chain(r, 2 + i % 3, 1 + i % 2)
        out = careless(r, value, lines, others)
        end = r.choice(["\n", "\n", "\n\n"])
        text = "".join(line + r.choice(["\n", "\n", "\n\n"]) for line in out[:-1]) + out[-1] + end + f"Answer: {gold}"
        pieces = re.findall(r" ?[A-Za-z]+| ?\d|\n+| +|[^\sA-Za-z\d]", text)
        assert "".join(pieces) == text
        cases.append({"question": question, "gold": str(gold), "pieces": pieces, "lines": out, "labels": labels(out, value, needed),
                      "steps": {rule: cut(pieces, rule) for rule in ("paragraph", "line", "sentence")}})
    path = pathlib.Path(__file__).parent.parent / "rl/task/text/testdata/golden.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")).replace("},{\"question", "},\n{\"question") + "\n")
    print(len(cases), "cases,", sum(len(c["labels"]) for c in cases), "lines")


if __name__ == "__main__":
    main()
