"""What a wording of end or change reaches: the whole statement (``no longer``) or one thing (``sold my bike``)."""

from __future__ import annotations

import re

from memos.language.words import is_stop

_NARROW = re.compile(
    r"^(?:stop|quit|g[ai]v|sold|dropp|drop|cancel|call|dumped|stolen|got rid|withdr|ended|replaced|switched|"
    r"lost interest|"
    r"resigned|donated|threw|closed|deleted|scrapped|returned|wrecked|totalled|traded|chang|new|rais|extend|postpon|"
    r"reschedul|delay|upgrad|increas|lower|renam|left|leav|managed|had to|has stop|have stop|to stop|hung|start|"
    r"no more|"
    r"over|off the|put|got (?:a new|my|him|her))",
    re.IGNORECASE,
)
"""Wordings that reach what stands behind them, else what stands before."""
_STOPS_AT = frozenset(
    "on in at for of to with from by because since so but and when after before while about into".split()
)
_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[,.;:!?]")


def heads(body: str, cues: re.Pattern[str]) -> tuple[bool, frozenset[str], tuple[tuple[int, int], ...]]:
    """Whether a cue reaches the whole statement; the nouns that others reach; and where the cues stand.

    The noun reached is the last content word of the phrase behind a cue (``sold my old piano stool``: stool), or of the
    words before it where nothing follows (``the trip is cancelled``).
    """
    wide, reached, places = False, set[str](), []
    for match in cues.finditer(body):
        places.append(match.span())
        if not _NARROW.match(match.group()):
            wide = True
            continue
        behind = _phrase(_TOKEN.findall(body[match.end() :]))
        inner = [word for word in _TOKEN.findall(match.group())[1:] if not is_stop(word.lower())]
        before = [word for word in _TOKEN.findall(body[: match.start()]) if word.isalnum()]
        if re.search(r"\b(?:is|are|was|were|been|be|got|get|gets)\s+(?:\w+\s+)?$", body[: match.start()], re.I):
            reached.update(word.lower() for word in before if not is_stop(word.lower()))
        elif behind:
            reached.add(behind)
        else:
            reached.update(word.lower() for word in before if not is_stop(word.lower()))
        reached.update(word.lower() for word in inner)
    return wide, frozenset(reached), tuple(places)


def _phrase(tokens: list[str]) -> str:
    """The head of the noun phrase that begins here; a preposition right at the beginning is passed over."""
    while tokens and tokens[0].lower() in ("on", "from", "out", "of", "with", "in", "up", "with"):
        tokens = tokens[1:]
    head = ""
    for token in tokens[:6]:
        low = token.lower()
        if low in _STOPS_AT or not token[:1].isalnum():
            break
        if low in ("it", "them", "that"):
            return ""
        if not is_stop(low):
            head = low
            if low.endswith("ing"):
                behind = tokens[tokens.index(token) + 1 :]
                of_verb = bool(behind) and behind[0].lower() in ("to", "at", "about", "for", "into")
                rest = _phrase(behind[of_verb:])
                return head if not rest else f"{head} {rest}"
    return head


def near(places: tuple[tuple[int, int], ...], span: tuple[int, int], reach: int = 22) -> bool:
    """Whether a cue stands within some characters of a stretch."""
    return any(start - reach <= span[1] and span[0] <= end + reach for start, end in places)


def before_it(body: str, word: str) -> str:
    """The content word right before a word, lower case; empty where an article, a possessive or nothing is there."""
    match = re.search(rf"([^\W_][\w'’-]*)\s+{re.escape(word)}\b", body, re.IGNORECASE)
    low = match[1].lower() if match else ""
    return "" if not low or is_stop(low) or low.endswith(("'s", "’s", "s'")) else low
