"""What stands around a gold that an answer holds word for word: does it hand the gold over, or speak against it?

The gold becomes a mark, and the text around it four zones: its own clause before and after it, earlier clauses, later
clauses. A small logistic model over
the words of each zone (words of the question and of content by their kind only), the order of denying, affirming and
hedging words in it, how often it
denies, how the clauses are joined, the rules of ``denials`` and MiniLM's reading of the sentence tells denials from
answers: "not hard to find: …" hands
over, "…? Hard to believe" does not. Fitted by ``scripts/train_frames.py`` to templates of both kinds and to published
answers.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

import numpy as np

from eval.core.identity import digest
from eval.judges.offline import denials, readings
from eval.judges.offline.discourse import DISCOURSE, MARK, without
from eval.judges.offline.further import without_events
from eval.judges.offline.pair import Pair
from eval.judges.offline.senses import senses
from eval.judges.offline.text import STOPWORDS, found, stem
from memos.errors import DataError

LONGEST = 40
"""Tokens of a zone that are looked at."""
READ = 300
"""Characters of an answer that MiniLM reads."""
ECHO = 0.4
"""Share of the question's words from which an answer speaks about the question and not about its answer."""
Encode = Callable[[Sequence[str]], np.ndarray]
"""Texts to MiniLM's unit vectors, shape (texts, 384)."""
_TOKEN = re.compile(r"§|[a-z]+(?:['’][a-z]+)?|\d+|[^\sa-z\d]", re.IGNORECASE)
_JOINT = re.compile(
    r"[.!?;:,()\[\]—–…]|\s-\s"
    r"|\b(?:but|yet|though|although|however|so|because|since|and|while|until|till|when|which|if|then)\b",
    re.IGNORECASE,
)
"""Where clauses meet."""
_YES_NO = re.compile(r"\b(?:yes|no|not|none|never|likely|unknown)\b", re.IGNORECASE)
_SELF = frozenset("i me my mine we us our you your yours myself yourself".split())
_VERBS = frozenset(
    "is are was were be been being am do does did has have had will would shall should can could may might must isn't "
    "wasn't".split()
)
_SIGNS = "¶#~≠✗✘❌"
"""Marks of kinds, and symbols that say no."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An answer with kinds in place of the gold (§), of the question's words (¶) and of numbers (#)."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    earlier: tuple[str, ...]
    later: tuple[str, ...]
    joints: tuple[str, ...]
    """What joins the clauses, in order."""
    place: int
    """Which clause holds the gold."""

    @property
    def tokens(self) -> tuple[str, ...]:
        return (*self.earlier, *self.before, *self.after, *self.later)


def read(pair: Pair) -> Frame | None:
    """The frame of an answer that holds its gold word for word; None for others, and for golds that say yes or no."""
    text = readings.plainly(_marked(pair).replace("(", ", ").replace(")", ", "))
    if MARK not in text or readings.polarity(pair.gold):
        return None
    stretches, joints, end = [], [], 0
    for joint in _JOINT.finditer(text):
        stretches.append(text[end : joint.start()])
        joints.append(joint.group().strip().lower())
        end = joint.end()
    stretches.append(text[end:])
    held = [[_kind(token.lower(), pair.asked) for token in _TOKEN.findall(part)] for part in stretches]
    place = next(number for number, part in enumerate(held) if MARK in part)
    cut = held[place].index(MARK)

    def zone(tokens: Sequence[str]) -> tuple[str, ...]:
        return tuple(token for token in tokens if token != MARK)[:LONGEST]

    earlier, later = (zone([token for part in side for token in part]) for side in (held[:place], held[place + 1 :]))
    return Frame(zone(held[place][:cut]), zone(held[place][cut + 1 :]), earlier, later, tuple(joints), place)


def _marked(pair: Pair) -> str:
    """The answer with the mark in place of its gold, apostrophes made plain."""
    return without(pair.answer.replace("’", "'"), pair.gold.replace("’", "'"))


def _without_events(pair: Pair) -> Pair:
    """The pair with an answer that tells nothing besides the gold it quotes; as it is where it quotes none."""
    marked = _marked(pair)
    if MARK not in marked:
        return pair
    return replace(pair, answer=without_events(marked, pair).replace(MARK, pair.gold.strip().rstrip(".")))


def _kind(token: str, asked: frozenset[str]) -> str:
    if token == MARK or not token[0].isalnum():
        return token
    if token.isdigit():
        return "#"
    if token not in STOPWORDS and found(stem(token), asked):
        return "¶"
    return token


def _class(token: str) -> str:
    """The kind of a word, known or not: by its ending where it carries meaning."""
    if token in _SELF:
        return "<self>"
    if token in _VERBS:
        return "<verb>"
    if token in STOPWORDS or not token[0].isalpha():
        return token
    known = "talk" if stem(token) in DISCOURSE else "own"
    for ending in ("ing", "ed", "ly", "s", "n't"):
        if token.endswith(ending):
            return f"<{known}-{ending}>"
    return f"<{known}>"


def features(pair: Pair) -> dict[str, float]:
    """Named values of a frame, by zone (b, a: the gold's clause before and after it; p, n: earlier and later clauses);
    empty where the gold stands alone.
    """
    frame = read(pair)
    return {} if frame is None else _described(frame, pair)


def _described(frame: Frame, pair: Pair) -> dict[str, float]:
    if not any(token not in ".,\"'" for token in frame.tokens):
        return {}
    out: dict[str, float] = {}
    total: Counter[str] = Counter()
    for name, tokens in (("b", frame.before), ("a", frame.after), ("p", frame.earlier), ("n", frame.later)):
        out |= _zone(name, tokens, total)
    against = total["no"] + total["false"] + total["deny"]
    out |= {f"c {sense}": 1.0 for sense in total} | {
        f"c {sense} odd": float(count % 2) for sense, count in total.items()
    }
    out |= {f"j {joint}": 1.0 for joint in frame.joints}
    if frame.place:
        out[f"jp {frame.joints[frame.place - 1]}"] = 1.0
    if frame.place < len(frame.joints):
        out[f"jn {frame.joints[frame.place]}"] = 1.0
    asked = frame.tokens.count("¶")
    own = sum(_class(token).startswith("<own") for token in frame.tokens)
    out |= {
        "against 0": float(not against),
        "against odd": float(against % 2),
        "against even": float(against > 0 and not against % 2),
        "ends ?": float(pair.answer.rstrip().endswith("?")),
        "asked 0": float(not asked),
        "asked 1": float(asked == 1),
        "asked 2+": float(asked > 1),
        "asked share": asked / max(len(pair.asked), 1),
        "own": min(own, 8) / 4,
        "own 0": float(not own),
        **denials.signs(pair),
    }
    return {name: value for name, value in out.items() if value}


def _zone(name: str, tokens: Sequence[str], total: Counter[str]) -> dict[str, float]:
    """Values of one zone; its senses are added to ``total``."""
    out: dict[str, float] = {}
    order: list[str] = []
    for token in tokens:
        if not token[0].isalnum() and token not in _SIGNS:
            continue
        out[f"{name} w {token}"] = out[f"{name} k {_class(token)}"] = 1.0
        held = senses(token)
        for sense in held:
            out[f"{name} c {sense}"] = 1.0
        total.update(held)
        order += held[:1]
    out |= {f"{name} s {first}>{second}": 1.0 for first, second in zip(order, order[1:], strict=False)}
    against = sum(sense in ("no", "false", "deny") for sense in order)
    out[f"{name} order {'>'.join(order[:4])}"] = 1.0
    out |= {
        f"{name} odd": float(against % 2),
        f"{name} even": float(against > 0 and not against % 2),
        f"{name} none": float(not against),
        f"{name} empty": float(not tokens),
        f"{name} length": min(len(tokens), 8) / 4,
    }
    return out


def sentence(pair: Pair) -> str:
    """What MiniLM reads: the answer with "the answer" in place of its gold, so that it tells of the frame alone."""
    return _marked(pair).replace(MARK, "the answer")[:READ]


def vocabulary(templates: Sequence[str]) -> frozenset[str]:
    """Words that two templates or more hold."""
    held = Counter(word for text in templates for word in {token.lower() for token in _TOKEN.findall(text)})
    return frozenset(word for word, times in held.items() if times >= 2)


def open_to(name: str, known: frozenset[str]) -> bool:
    """Whether a feature may carry weight: words of content only where templates hold them, so that no weight tells of a
    single answer.
    """
    zone, _, rest = name.partition(" ")
    if zone not in ("b", "a", "p", "n") or not rest.startswith("w ") or not rest[2].isalpha():
        return True
    token = rest[2:]
    return token in known or token in STOPWORDS or stem(token) in DISCOURSE


def undeniable(gold: str) -> bool:
    """Whether a gold itself says yes or no."""
    return bool(readings.polarity(gold)) or bool(_YES_NO.search(gold))


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted model of frames."""

    bias: float
    features: Mapping[str, float]
    sentence: np.ndarray
    """Weights of MiniLM's vector, shape (384,)."""
    cut: float = 0.0
    """Logit from which a frame denies."""

    def logits(self, rows: Sequence[Mapping[str, float]], vectors: np.ndarray) -> np.ndarray:
        """How strongly frames speak against their golds, shape (rows,)."""
        plain = [sum(value * self.features.get(name, 0.0) for name, value in row.items()) for row in rows]
        return (
            self.bias + np.array(plain) + np.asarray(vectors, dtype=np.float64).reshape(len(rows), -1) @ self.sentence
        )

    @property
    def digest(self) -> str:
        return digest([self.bias, self.cut, dict(self.features), self.sentence.tolist()])


@lru_cache(maxsize=1)
def load() -> Weights:
    """The shipped weights.

    Raises:
        DataError: the file is missing or damaged.
    """
    file = resources.files("eval.judges.offline").joinpath("frames.json")
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        return Weights(
            float(table["bias"]),
            dict(table["weights"]),
            np.array(table["sentence"], dtype=np.float64),
            float(table["cut"]),
        )
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}; make it with scripts/train_frames.py") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: not a file of scripts/train_frames.py: {error}") from error


def deny(pairs: Sequence[Pair], encode: Encode) -> list[bool]:
    """Which answers deny their gold and put nothing in its place: by the frame of those that quote the gold, by the
    rules for others. What they tell besides the gold is left aside (``further``).

    Where the question's words come back, which no template of the fit has, a gold that follows a negation is left to
    the rules ("whatever she bought, it was not …"), and an answer with two fifths of the question's words or more to
    them alone.
    """
    out = [False] * len(pairs)
    framed: dict[int, Mapping[str, float]] = {}
    bare = [_without_events(pair) for pair in pairs]
    for number, pair in enumerate(bare):
        if readings.polarity(pair.gold) or denials.denies_other(pairs[number]):
            continue
        frame = read(pair)
        asked = frame.tokens.count("¶") if frame else 0
        negated = frame is not None and asked > 0 and any("no" in senses(token) for token in frame.before[-3:])
        if frame is None or (negated and denials.ruled(pair)):
            out[number] = denials.ruled(pair)
        elif asked < ECHO * len(pair.asked) and (row := _described(frame, pair)):
            framed[number] = row
    if framed:
        vectors = encode([sentence(bare[number]) for number in framed])
        for number, logit in zip(framed, load().logits(list(framed.values()), vectors), strict=True):
            out[number] = bool(logit >= load().cut)
    return out
