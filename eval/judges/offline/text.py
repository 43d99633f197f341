"""Words of a text: tokens, Porter stems, rarity and fuzzy equality. Pure Python, cached, without heavy imports."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources

from eval.core.identity import digest

NUMBER_WORDS = {
    "zero": 0,
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "hundred": 100,
    "once": 1,
    "twice": 2,
    "thrice": 3,
    "dozen": 12,
    "both": 2,
    "single": 1,
}

STOPWORDS = frozenset(
    "a an the and or but if of in on at by for with from to into onto over under about as than then so is are was were "
    "be been being am do does did done have has had having will would shall should can could may might must i me my "
    "mine we us our ours you your yours he him his she her hers it its they them their theirs this that these those "
    "there here who whom whose which what when where why how not no nor n't 's 're 've 'll 'd 'm s t d also just very "
    "too more most some any each such own same both because while during after before between through up down out off "
    "again further once only other another since until s' etc eg ie".split()
)
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?(?:\.\d+)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DEFAULT_IDF = 1.0


def plain_numbers(text: str) -> str:
    """A text whose numbers have no separators between thousands."""
    return _THOUSANDS.sub("", text)


@lru_cache(maxsize=65536)
def tokens(text: str) -> tuple[str, ...]:
    """Lower-case words and numbers; possessives and punctuation removed."""
    text = text.lower().replace("’", "'").replace("‘", "'")
    out = []
    for word in _WORD.findall(text):
        if word.endswith("n't"):
            out += [word[:-3], "not"]
            continue
        out.append(word.split("'")[0])
    return tuple(word for word in out if word)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Porter stem; number words become digits so that "two" equals "2"."""
    if word in NUMBER_WORDS and word not in ("a", "an"):
        return str(NUMBER_WORDS[word])
    return _porter().stem(word) if len(word) > 3 else word


@lru_cache(maxsize=1)
def _porter():
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


@lru_cache(maxsize=65536)
def content(text: str) -> tuple[str, ...]:
    """Stems of the words that carry meaning, in order, with repeats."""
    return tuple(stem(word) for word in tokens(text) if word not in STOPWORDS)


@lru_cache(maxsize=1)
def _rarity() -> dict[str, float]:
    file = resources.files("eval.judges.offline").joinpath("idf.json")
    return json.loads(file.read_text(encoding="utf-8"))["idf"] if file.is_file() else {}


@lru_cache(maxsize=1)
def rarities_digest() -> str:
    """Digest of the table of rarities that ships with the judge."""
    return digest(_rarity())


def idf(word: str) -> float:
    """Rarity of a stem in dialogue, 0.1 (everywhere) to 1 (rare or unknown)."""
    return _rarity().get(word, _DEFAULT_IDF)


@lru_cache(maxsize=262144)
def close(first: str, second: str, threshold: float = 0.8) -> bool:
    """Whether two words are spelt nearly alike (ratio of matching blocks), as in "organise" and "organisation"."""
    if first == second:
        return True
    shorter, longer = sorted((len(first), len(second)))
    if shorter < 4 or first[:2] != second[:2] or 2 * shorter < threshold * (shorter + longer):
        return False
    if first.isdigit() or second.isdigit():
        return False
    import difflib

    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= threshold


@lru_cache(maxsize=4096)
def _by_start(pool: frozenset[str]) -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for word in pool:
        if len(word) >= 4:
            table.setdefault(word[:2], []).append(word)
    return {start: tuple(words) for start, words in table.items()}


def found(word: str, pool: frozenset[str]) -> float:
    """1 if a stem is in the pool, 0.8 if one nearly alike is, else 0."""
    if word in pool:
        return 1.0
    if len(word) < 4:
        return 0.0
    return 0.8 if any(close(word, other) for other in _by_start(pool).get(word[:2], ())) else 0.0
