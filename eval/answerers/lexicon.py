"""Word knowledge from WordNet: part of speech, field of meaning, and whether a word names a kind of something.

WordNet's own files are read here, leanly: NLTK's reader takes a hundred times as long for the little that is needed.
Without them (scripts/fetch_data.py wordnet) every question has the empty answer; the reader then works by word shapes
alone and says so in its identity. Format of the files: wndb(5WN).
"""

from __future__ import annotations

from functools import lru_cache

from memos.errors import MissingDependency
from memos.resources import WORDNET_FOLDER, add_nltk_root, has_wordnet, wordnet_reason

_SENSES = 3
_HEAD_SENSES = 8
_FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_ENDINGS = {
    "n": (
        ("s", ""),
        ("ses", "s"),
        ("ves", "f"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
    ),
    "v": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}
_FIELDS = (
    "Tops act animal artifact attribute body cognition communication event feeling food group location motive object "
    "person "
    "phenomenon plant possession process quantity relation shape state substance time"
).split()
_FIRST_NOUN_FIELD = 3


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether WordNet's files are on this machine."""
    return has_wordnet()


@lru_cache(maxsize=16)
def _file(name: str) -> bytes:
    import nltk.data

    add_nltk_root()
    for place in (f"{WORDNET_FOLDER}/", f"{WORDNET_FOLDER}.zip/wordnet/"):
        try:
            folder = nltk.data.find(place)
        except LookupError:
            continue
        with folder.join(name).open() as stream:
            return stream.read()
    raise MissingDependency(wordnet_reason())


@lru_cache(maxsize=4)
def _index(pos: str) -> dict[bytes, bytes]:
    """Lemma to its index line's rest."""
    lines = _file(f"index.{_FILES[pos]}").splitlines()
    return dict(line.split(b" ", 1) for line in lines if not line.startswith(b" "))


@lru_cache(maxsize=4)
def _exceptions(pos: str) -> dict[str, list[str]]:
    lines = _file(f"{_FILES[pos]}.exc").decode().splitlines()
    return {forms[0]: forms[1:] for forms in (line.split() for line in lines)}


def _lemmas(word: str, pos: str) -> list[str]:
    """The dictionary forms of a word, itself first (morphy(7WN))."""
    forms = [word, *_exceptions(pos).get(word, ())]
    if len(forms) == 1:
        forms += [
            word.removesuffix(end) + new for end, new in _ENDINGS[pos] if word.endswith(end) and len(word) > len(end)
        ]
    return [form for form in dict.fromkeys(forms) if form.encode() in _index(pos)]


@lru_cache(maxsize=100_000)
def senses(word: str, pos: str = "n") -> tuple[int, ...]:
    """Synsets (offsets in the data file) of a lower-case word, most frequent first."""
    offsets: list[int] = []
    for lemma in _lemmas(word, pos):
        fields = _index(pos)[lemma.encode()].split()
        offsets += [int(offset) for offset in fields[-int(fields[1]) :]]
    return tuple(dict.fromkeys(offsets))


@lru_cache(maxsize=100_000)
def _synset(offset: int) -> tuple[str, tuple[int, ...]]:
    """Field and hypernyms (of classes and of instances) of a noun synset."""
    synsets = _file("data.noun")
    fields = synsets[offset : synsets.index(b"\n", offset)].split(b" | ", 1)[0].split()
    at = 4 + 2 * int(fields[3], 16)
    pointers = fields[at + 1 : at + 1 + 4 * int(fields[at])]
    above = tuple(int(pointers[i + 1]) for i in range(0, len(pointers), 4) if pointers[i] in (b"@", b"@i"))
    return _FIELDS[int(fields[1]) - _FIRST_NOUN_FIELD], above


@lru_cache(maxsize=50_000)
def part_of_speech(word: str) -> str:
    """``n``, ``v``, ``a`` or ``r``: the part of speech with most senses of a lower-case word; empty where unknown."""
    if not available():
        return ""
    count, pos = max(((len(senses(word, pos)), pos) for pos in _FILES), key=lambda item: item[0])
    return pos if count else ""


@lru_cache(maxsize=50_000)
def field_of(word: str) -> str:
    """The lexicographer's field of a word's first noun sense, such as ``food``; empty where it has none."""
    synsets = senses(word) if available() else ()
    return _synset(synsets[0])[0] if synsets else ""


@lru_cache(maxsize=20_000)
def _kinds(word: str) -> frozenset[int]:
    """A word's first noun senses and everything above them."""
    above: set[int] = set()
    todo = list(senses(word)[:_SENSES])
    while todo:
        offset = todo.pop()
        if offset not in above:
            above.add(offset)
            todo += _synset(offset)[1]
    return frozenset(above)


@lru_cache(maxsize=50_000)
def is_a(word: str, head: str) -> bool:
    """Whether a word names a kind (or an instance) of what ``head`` names: ``piano`` is an ``instrument``."""
    if not head or word == head or not available():
        return False
    wanted = set(senses(head)[:_HEAD_SENSES])
    return bool(wanted) and bool(wanted & _kinds(word)) and not wanted & set(senses(word)[:1])
