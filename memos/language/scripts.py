"""Scripts that put no blanks between words (Han, kana, Hangul, Thai, Lao, Khmer, Burmese): their text as characters
and pairs.

A run of such letters gives its characters and pairs of neighbours, so that two sentences meet where they share a word
of any length without a dictionary. A vowel sign or tone mark stays with its letter. Also here: text that is no sound
Unicode.
"""

from __future__ import annotations

import re
import unicodedata

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3040-\u309f\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
_EAST_ASIA = _HAN + _KANA + _HANGUL
_SOUTH_EAST = "\u0e00-\u0e3a\u0e40-\u0e4e\u0e80-\u0eff\u1000-\u109f\u1780-\u17d3\u1950-\u19df\ua9e0-\ua9fe\uaa60-\uaa7f"
_MARKS = (
    "\u0300-\u036f\u3099\u309a\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u1056-\u1060"
    "\u1071-\u1074\u1082-\u108d\u17b4-\u17d3"
)
UNSPACED = _EAST_ASIA + _SOUTH_EAST
"""The letters of these scripts, as the inside of a character class."""
_RUN = re.compile(f"[{UNSPACED}][{UNSPACED}{_MARKS}]*")
_LETTER = re.compile(f"[{UNSPACED}][{_MARKS}]*|[{_MARKS}]+")
PARTICLES = frozenset(
    "的了是在我你您他她它们這这那也就都和与跟吗嗎呢吧啊么麼什哪有不没沒个個の は が を に で と も か な だ".replace(
        " ", ""
    )
)
"""Letters that alone carry no topic in Chinese and Japanese."""
_LONE = re.compile("[\ud800-\udfff]")
_HAN_LETTER = re.compile(f"[{_HAN}]")
_ALPHABET = re.compile(f"[{_SOUTH_EAST}]")
_ANY = re.compile(f"[{UNSPACED}]")


def unspaced(text: str) -> bool:
    """Whether a text holds a letter of these scripts."""
    return not text.isascii() and _ANY.search(text) is not None


def grams(run: str) -> list[str]:
    """What stands for the words of a run: Chinese characters that are no particles, and pairs of neighbouring letters
    of any script; of the alphabets of South-East Asia, whose letters say little, also threes. A run of one letter is
    itself."""
    letters = _LETTER.findall(unicodedata.normalize("NFKC", run))
    alone = [letter for letter in letters if letter not in PARTICLES and _HAN_LETTER.match(letter)]
    pairs = [first + second for first, second in zip(letters, letters[1:], strict=False)]
    if _ALPHABET.match(run):
        pairs += [a + b + c for a, b, c in zip(letters, letters[1:], letters[2:], strict=False)]
    return [*alone, *pairs] or letters


def parted(text: str) -> list[tuple[str, bool]]:
    """A text as pieces in order, each with whether it is a run of these scripts."""
    pieces, end = [], 0
    for match in _RUN.finditer(text):
        if match.start() > end:
            pieces.append((text[end : match.start()], False))
        pieces.append((match.group(), True))
        end = match.end()
    if end < len(text):
        pieces.append((text[end:], False))
    return pieces


def coded(text: str) -> str:
    """The text with each run as ASCII words, one a letter or pair, for an index that knows only words between blanks.

    A text without such letters is returned as it is.
    """
    if not unspaced(text):
        return text
    return "".join(f" {' '.join(map(_code, grams(piece)))} " if run else piece for piece, run in parted(text))


def _code(gram: str) -> str:
    return "".join(f"u{ord(letter)}" for letter in gram)


def sound(text: str) -> str:
    """The text with pairs of surrogates joined and lone ones replaced by U+FFFD, so that it can be encoded."""
    if text.isascii() or not _LONE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def lone_surrogate(text: str) -> int | None:
    """Index of the first surrogate of a text, None where there is none."""
    match = None if text.isascii() else _LONE.search(text)
    return match.start() if match else None
