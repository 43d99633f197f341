"""Words as NLTK up to 3.9 cut them: the tokeniser behind the paper's numbers and the published per-question BLEU-1.

NLTK 3.10 splits an opening apostrophe off its word (``'Sleep'``) and cuts at dashes; before, it did neither. With the
older rules the full context of LOCOMO has 22,635.8 words a question, the 22,636 that the paper prints (3.10: 22,640.0),
and BLEU-1 equals every row of the published memobase and MIRIX files (``tests/metrics/test_metrics_published.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, cast

from memos.tokens import sentence_words, sentences

_DIFFERS = re.compile(r"'(?!(?:re|ve|ll|[mtsd])\b)|[\u2012-\u2015]", re.IGNORECASE)
"""What the two rule sets may treat differently: an apostrophe that opens no clitic, and dashes."""


@lru_cache(maxsize=1)
def _older() -> Any:
    from nltk.tokenize.destructive import NLTKWordTokenizer

    apostrophe = re.compile(r"(?i)(\')(?!re|ve|ll|m|t|s|d|n)(\w)\b")
    dashes = r"[\u2012-\u2015]"

    class Older(NLTKWordTokenizer):
        STARTING_QUOTES = [*NLTKWordTokenizer.STARTING_QUOTES[:-1], (apostrophe, r"\1 \2")]
        PUNCTUATION = [rule for rule in NLTKWordTokenizer.PUNCTUATION if rule[0].pattern != dashes]

    return Older()


@lru_cache(maxsize=16_384)
def origin_words(text: str) -> tuple[str, ...]:
    """``nltk.word_tokenize`` of a text by the rules of NLTK 3.9 and before.

    Raises:
        MissingDependency: where Punkt's data are absent, with the command that fetches them.
    """
    return tuple(
        word
        for sentence in sentences(text)
        for word in (_older().tokenize(sentence) if _DIFFERS.search(sentence) else sentence_words(sentence))
    )


def bleu1_origin(gold: str, answer: str) -> float:
    """BLEU-1 of one pair over ``origin_words`` of the lower-cased texts, as the published files carry it."""
    from nltk.translate.bleu_score import sentence_bleu

    want, have = origin_words(gold.lower()), origin_words(answer.lower())
    return float(cast(float, sentence_bleu([want], have, weights=(1.0,))))
