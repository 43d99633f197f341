"""BLEU-1 as the origins of published answers computed it: NLTK's words before version 3.10.

NLTK 3.10 splits dashes and an opening apostrophe off a word, earlier versions did not; on LOCOMO's answers that changes 65 of 13,860
values. Everything else is ``eval.metrics.bleu``.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from math import exp

_DASHES = "\\u2012"
_APOSTROPHE = (re.compile(r"(?i)(\')(?!re|ve|ll|m|t|s|d|n)(\w)\b"), r"\1 \2")


@lru_cache(maxsize=1)
def _tokenizer():
    from nltk.tokenize.destructive import NLTKWordTokenizer

    class Earlier(NLTKWordTokenizer):
        STARTING_QUOTES = [*NLTKWordTokenizer.STARTING_QUOTES[:4], _APOSTROPHE]
        PUNCTUATION = [rule for rule in NLTKWordTokenizer.PUNCTUATION if _DASHES not in rule[0].pattern]

    return Earlier()


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words of a text the way NLTK 3.9 split them; needs the Punkt data."""
    from nltk.tokenize import sent_tokenize

    from memos.resources import add_nltk_root

    add_nltk_root()
    return tuple(word for sentence in sent_tokenize(text.lower()) for word in _tokenizer().tokenize(sentence))


def bleu1(gold: str, answer: str) -> float:
    """Clipped unigram precision with NLTK's smoothing method 1 and brevity penalty; 0 for an empty answer."""
    reference, candidate = words(gold), words(answer)
    if not candidate or not reference:
        return 0.0
    common = sum((Counter(candidate) & Counter(reference)).values())
    if not common:
        return 0.0
    penalty = 1.0 if len(candidate) > len(reference) else exp(1 - len(reference) / len(candidate))
    return penalty * common / len(candidate)
