"""What the offline judge can read: text of Latin letters and digits. Of another text it can only say that it is equal.

Its words are runs of ASCII letters and digits, and MiniLM knows English; so a gold in another script has no word for
it, and every answer to it would look wrong.
"""

from __future__ import annotations

import re
import unicodedata

from eval.judges.offline.pair import Pair
from memos.language.scripts import unspaced

EQUAL = "equal to the gold"
CANNOT = "cannot judge"
_DENSE = 3
"""Latin letters that one letter of a script without blanks stands for: two of them are a word."""
_READ = re.compile(r"[A-Za-z0-9]")


def unreadable(text: str) -> bool:
    """Whether less than half of a text's letters, digits and pictures are Latin letters and digits."""
    if text.isascii():
        return False
    read = len(_READ.findall(text))
    missed = sum(_DENSE if unspaced(sign) else 1 for sign in text if not sign.isascii() and _counts(sign))
    return missed > read


def verdict(pair: Pair) -> tuple[bool | None, str]:
    """Of a pair that the judge cannot read: whether it is correct and why. (None, CANNOT…): it cannot be judged;
    (None, ""): the judge reads it.
    """
    if not pair.answer.strip():
        return None, ""
    which = [name for name, text in (("gold", pair.gold), ("answer", pair.answer)) if unreadable(text)]
    if not which:
        return None, ""
    if _plain(pair.gold) == _plain(pair.answer):
        return True, EQUAL
    return None, f"{CANNOT}: the {' and the '.join(which)} cannot be read (letters that are not Latin)"


def _counts(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNM" or unicodedata.category(sign) == "So"


def _plain(text: str) -> str:
    """A text without its letters' case and width, marks of punctuation and blanks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "PZC")
