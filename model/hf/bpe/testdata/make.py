"""Makes small tokenizers of five published patterns, with what Hugging Face's tokenizers gives for 500 texts each.

    python make.py        (tokenizers 0.23.3)

It writes texts.json.gz, the 500 texts, and NAME.json.gz for each pattern: the tokenizer.json ("tokenizer"), the ids of each
text ("ids"), what they decode to where that is not the text ("decoded", by number), ids at random with what they decode to
("random": they end inside characters), and the pieces that the pre_tokenizer cuts each text into ("pieces": the length of each in characters).
"""

import gzip
import json
import random
import re

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
]

ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
HARD = r"""
Hello, world! | I'm sure they'll say it's what we'd've done, isn't it? | I'M SURE THEY'LL SAY IT'S DONE | it'ſ 'S 'ſ 'K 'd'D'll'LL o'ſo'ſsx A'ſA AB'sC'Tx
12345678901234567890 | 3.14159, 1,000,000 and 0x1F | ١٢٣٤٥٦ ४५६ ²³¹ Ⅷ ½ ①② 𝟘𝟙𝟚 | a1b2c3 42nd x10 | 1 + 2 = 3; 17 - 9 = 8
你好，世界。今天天气怎么样？ | 日本語のテキスト、カタカナとひらがな。 | 한국어 문장입니다 | ไม่มีช่องว่าง | འབྲུག་ཡུལ | ភាសាខ្មែរ
مرحبا بالعالم ١٢٣ | שלום עולם! מה שלומך? | فارسی‌نویس \u200f(RTL)\u200e | हिन्दी में पाठ | தமிழ் உரை | বাংলা লেখা
café cafe\u0301 CAFE\u0301 | A\u030angstro\u0308m Ångström | \u0301 alone | e\u0323\u0307 e\u0307\u0323 | \u1100\u1161\u11a8 각 | Å Å Å ﬁ ﬃ | q\u0307\u0323x\u0323\u0307
😀😃🤣 | 👨‍👩‍👧‍👦 family | 👍🏽 👍 | 🇩🇪🇯🇵 flags | ❤️ ❤ | a😀b 😀 c | 🏴󠁧󠁢󠁥󠁮󠁧󠁿
def f(x):\n    return x ** 2  # squared\n\n\n | \t if (a<b) {\r\n\t\t B+=1;\r\n\t}\r\n | <a href="https://example.org/?q=1&r=%20">x</a> | SELECT * FROM t WHERE a != 'b';
$\frac{1}{2} \le \sum_{i=0}^{n} x_i$ | \boxed{42} | path\to\file C:\x | {"key": [1, 2, null]} | CamelCaseAndHTTPServer snake_case kebab-case SCREAMING_CASE iPhone eBay
ÀÉÎÕÜ àéîõü ß ẞ ŁÓDŹ łódź mañana | Ελληνικά ΕΛΛΗΝΙΚΆ ς | Русский текст, ЁЛКА ёлка | ǅ ǆ Ǆ ǈ | ʰʲˠ ªº ᴬ | ﷺ ﷽
... ---- !!! ??? ,,, ;;; | «quoted» „low“ ‚x‘ “curly” ‘single’ don’t | — – − ‐ ‑ | … ‥ ・ 、。 | ~`@#$%^&*()_+-=[]{}|;:,.<>?
\u00a0nbsp\u00a0 \u2003em\u2003space\u3000ideographic | \u200bzero\u200bwidth\ufeff | \u0085next\u2028line\u2029para | \x0b\x0c\x1c\x1d\x00\x01\x7f | soft\u00adhyphen
broken \ufffd\ufffd here \ufffd | \ufffe\uffff | \U0010ffff\U000e0001 | \u2060\u180e | \ud7ff\ue000
"""

SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>", "<|begin_of_text|>", "<|eot_id|>"]
WORDS = "the a step so 7 12 345 + - = x y is if then Therefore therefore answer Answer: wait! 因此 所以 答案 что если 😀 é e\u0301 \u0301 'll 'S don't \\( \\) ** ## <think> </think> <|im_end|> <|im_start|> <｜User｜> <| |> < > <t <thi".split()
SPACES = ["", " ", " ", " ", "  ", "   ", "\n", "\n\n", " \n", "\t", "\r\n", " \u3000", "\u00a0", "\n  ", "      \n      "]


def texts():
    out = ["", " ", "  ", "\n", "\n\n\n", " " * 40, "a" * 300, "é" * 50, "ab" * 100, "\u0301" * 20, "x" + "\u0301" * 29, "!" * 70, "7" * 31, "汉" * 65, "\r\n" * 9, " \n" * 12]
    for line in HARD.strip().split("\n"):
        line = re.sub(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|x[0-9a-f]{2}|[nrt](?![a-z]))", lambda m: ESCAPES.get(m[1]) or chr(int(m[1][1:], 16)), line)
        out += line.split(" | ") + [line]
    for s in SPECIAL:
        out += [s, f"a{s}b", f" {s} ", s + s, s[:-1], s[1:], f"{s}\n{s}", f"é{s}\u0301"]
    out += ["<|im_start|>user\nWhat is 17 + 25?<|im_end|>\n<|im_start|>assistant\n<think>\n17 + 25 = 42.\n</think>\n\n\\boxed{42}<|im_end|>"]
    r = random.Random(7)
    everything = [w for t in out for w in t.split() if w] + WORDS
    while len(out) < 440:
        out.append("".join(r.choice(WORDS if r.random() < 0.6 else everything) + r.choice(SPACES) for _ in range(r.randint(1, 14))))
    while len(out) < 500:  # any characters, and bytes that are no UTF-8
        if len(out) % 2:  # without U+09FE, which the Unicode tables of tokenizers do not have
            points = [r.choice([range(0x20, 0x7F), range(0xA0, 0x250), range(0x300, 0x370), range(0x400, 0x460), range(0x4E00, 0x5000), range(0x1F300, 0x1F650), range(0x0, 0x20), range(0xAC00, 0xAD00), range(0x900, 0x9FE)]) for _ in range(r.randint(1, 30))]
            out.append("".join(chr(r.choice(p)) for p in points))
        else:
            b = bytearray(r.choice(out).encode()[:60] + b"\xf0\x9f")
            for _ in range(3):
                b[r.randrange(len(b))] = r.randrange(256)
            out.append(b.decode(errors="replace"))
    assert len(out) == 500
    return out


def byte_level(use_regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def special(*tokens):
    return [AddedToken(t, special=True, normalized=False) for t in tokens]


def plain(*tokens, normalized=False):
    return [AddedToken(t, special=False, normalized=normalized) for t in tokens]


KINDS = {
    "qwen": dict(pre=[split(QWEN), byte_level()], nfc=True,
                 added=special("<|endoftext|>", "<|im_start|>", "<|im_end|>") + plain("<think>", "</think>", "<tool_call>", "e\u0301<", normalized=False) + plain("x\u0301!", normalized=True)),
    "llama3": dict(pre=[split(LLAMA), byte_level()], ignore_merges=True, start="<|begin_of_text|>",
                   added=special("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|", "<|eot_id|>!!")),
    "gpt4o": dict(pre=[split(GPT4O, "removed", True), byte_level()], strings=True, added=special("<|endoftext|>", "<|endofprompt|>")),
    "deepseek": dict(pre=[split(p) for p in DEEPSEEK] + [byte_level()],
                     added=special("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>") + plain("<｜User｜>", "<｜Assistant｜>", normalized=True) + plain("<think>", "</think>", "  ", "ñ")),
    "smollm": dict(pre=[pre_tokenizers.Digits(individual_digits=True), byte_level(True)], strings=True, first=True,
                   added=special("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<file_sep>")),
}


def make(name, texts, pre, added, nfc=False, ignore_merges=False, start=None, strings=False, first=False):
    t = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    t.normalizer = normalizers.NFC() if nfc else None
    t.pre_tokenizer = pre_tokenizers.Sequence(pre)
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=620, special_tokens=added if first else [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    t.train_from_iterator(texts, trainer)
    t.add_tokens(added)
    if start:
        token = (start, t.token_to_id(start))
        t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single=f"{start} $A", special_tokens=[token])])
    file = json.loads(t.to_str())
    if ignore_merges:  # tokens that no merge makes any more
        file["model"]["merges"] = [m for i, m in enumerate(file["model"]["merges"]) if i % 5]
    if strings:
        file["model"]["merges"] = [" ".join(m) for m in file["model"]["merges"]]
    t = Tokenizer.from_str(json.dumps(file))
    ids = [t.encode(text, add_special_tokens=False).ids for text in texts]
    decoded = {}
    for i, text in enumerate(texts):
        got = t.decode(ids[i], skip_special_tokens=False)
        if got != text:
            decoded[i] = got
    r = random.Random(11)
    everything = [i for row in ids for i in row]
    some = [[r.choice(everything) if r.random() < 0.5 else r.randrange(256) for _ in range(r.randint(1, 12))] for _ in range(200)]
    some = [[row, t.decode(row, skip_special_tokens=False)] for row in some]
    pieces = [[end - start for _, (start, end) in t.pre_tokenizer.pre_tokenize_str(text)] for text in texts]
    write(name, {"tokenizer": file, "ids": ids, "decoded": decoded, "random": some, "pieces": pieces, "start": t.encode("").ids})


def write(name, value):
    with open(name + ".json.gz", "wb") as f, gzip.GzipFile(fileobj=f, mode="wb", filename="", mtime=0) as z:
        z.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


if __name__ == "__main__":
    TEXTS = texts()
    write("texts", TEXTS)
    for name, kind in KINDS.items():
        make(name, TEXTS, **kind)
