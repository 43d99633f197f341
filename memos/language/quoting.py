"""Stretches of a text that are not its speaker's own words: code, quotations, reported speech behind a colon,
addresses."""

from __future__ import annotations

import re
from functools import lru_cache

_SIGNS = re.compile(r"[`\"“”«„「『>@:~'‘]|www\.")
_FENCE = re.compile(
    r"^[ \t]*(?P<mark>```+|~~~+).*?(?:^[ \t]*(?P=mark)[`~]*[ \t]*$|\Z)|```.*?(?:```|\Z)|<(?P<tag>code|pre)"
    r"\b[^>]*>.*?(?:</(?P=tag)>|\Z)",
    re.MULTILINE | re.DOTALL,
)
_INLINE = re.compile(r"(?P<ticks>`{1,2})(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)")
_BLOCK = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.[\w.]+", re.IGNORECASE)
_PAIRS = re.compile(r"“[^”]*”|«[^»]*»|„[^“”]*[“”]|「[^」]*」|『[^』]*』")
_DOUBLE = re.compile(r"(?<![\d\w])\"(?=\S)[^\"]*\"|(?<=[:,] )\"[^\"]*\Z")
_SINGLE = re.compile(
    r"(?<![\w'’])['‘](?=[^\s'‘’])(?!(?:cause|til|till|em|tis|twas|bout|n|round|cuz|kay|sup|d|s|m|ll|re|ve|t)\b|\d0s)"
    r"(?:[^'’‘\n]|(?<=\w)['’](?=\w))+(?<!in)(?<=\S)['’](?!\w)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:(?!I\b)\w+ )(?:(?:just|also|then|once|always) )?(?:said|says|asks|asked|replied|replies|wrote|writes|"
    r"texted|answered|"
    r"shouted|yelled|whispered|(?:told|tells) \w+|(?:was|were|is|am) (?:all )?like)\s*:\s*(?P<speech>\S[^\n]*)",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def foreign(text: str) -> tuple[tuple[int, int], ...]:
    """Code fences, inline code, quoted lines, quotations, speech behind ``said:``, web and mail addresses: (start,
    end), in order.

    An inch mark (12"), an apostrophe and the short forms of talk ('cause) open no quotation; a quotation that is not
    closed counts only where ``said,`` or a colon announces it.
    """
    if not _SIGNS.search(text):
        return ()
    spans: list[tuple[int, int]] = []
    for pattern in (_FENCE, _INLINE, _BLOCK, _ADDRESS, _PAIRS, _DOUBLE, _SINGLE):
        for match in pattern.finditer(text):
            if match.end() > match.start() and not any(
                start < match.end() and match.start() < end for start, end in spans
            ):
                spans.append(match.span())
    for match in _REPORTED.finditer(text):
        start, end = match.span("speech")
        if not any(a <= start < b for a, b in spans):
            spans = [(a, b) for a, b in spans if not start <= a < end]
            spans.append((start, end))
    return tuple(sorted(spans))


def inside(spans: tuple[tuple[int, int], ...], at: int) -> bool:
    """Whether a place lies in one of the stretches."""
    return any(start <= at < end for start, end in spans)
