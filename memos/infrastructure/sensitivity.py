"""Detection and redaction of sensitive content, and watermarks of exported text (paper section 5.5, docs/memos.md
C44)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from memos.cube.header import Sensitivity


@dataclass(frozen=True, slots=True)
class SensitiveSpan:
    """A sensitive span of a text."""

    kind: str
    start: int
    end: int


def _digits(text: str) -> list[int]:
    return [int(letter) for letter in text if letter.isdigit()]


def luhn(text: str) -> bool:
    """Whether the digits of a text pass the Luhn check of payment cards."""
    digits = _digits(text)
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    plain = re.sub(r"\s", "", text).upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def _chinese_id(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], weights, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def _key_like(text: str) -> bool:
    return bool(re.search(r"\d", text) and re.search(r"[a-z]", text) and re.search(r"[A-Z]", text))


def _phone(text: str) -> bool:
    abroad = re.match(r"\+|00[1-9]", text) is not None
    return (9 if abroad else 10) <= len(_digits(text)) <= (15 if abroad else 11)


_RULES: tuple[tuple[str, Sensitivity, str, Callable[[str], bool] | None], ...] = (
    (
        "private_key",
        "restricted",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        None,
    ),
    (
        "key",
        "restricted",
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|xox[abpr]-[\w-]{10,}|sk-[\w-]{16,}|eyJ[\w-]+\.[\w-]+\.[\w-]+)",
        None,
    ),
    ("key", "restricted", r"(?<![\w/+-])[A-Za-z0-9_\-/+]{32,}={0,2}(?![\w/+-])", _key_like),
    ("password", "restricted", r"(?i)\b(?:password|passwd|passphrase|pin code)\b\s*(?:is|:|=)\s*\S+", None),
    *(
        ("card", "restricted", rf"(?<!\d)\d(?:[ -]?\d){{{length - 1}}}(?!\d)", luhn)
        for length in (16, 15, 19, 18, 17, 14, 13)
    ),
    ("bank_account", "restricted", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", _iban),
    ("national_id", "restricted", r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b", None),
    ("national_id", "restricted", r"\b(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", None),
    ("national_id", "restricted", r"\b\d{17}[\dXx]\b", _chinese_id),
    ("email", "confidential", r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", None),
    ("ip_address", "confidential", r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b", None),
    (
        "phone",
        "confidential",
        r"(?<![\w.])(?:(?:\+|00)\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}(?!\w)",
        _phone,
    ),
)
_COMPILED = tuple((kind, re.compile(pattern), check) for kind, _, pattern, check in _RULES)
_LEVEL_OF = {kind: level for kind, level, _, _ in _RULES}
KINDS = tuple(dict.fromkeys(kind for kind, *_ in _RULES))
"""Kinds of sensitive content that are detected."""


def find_sensitive(text: str) -> list[SensitiveSpan]:
    """Sensitive spans, in order and without overlap; of overlapping ones the earlier rule wins."""
    spans: list[SensitiveSpan] = []
    for kind, pattern, check in _COMPILED:
        for match in pattern.finditer(text):
            start, end = match.span()
            free = all(end <= other.start or start >= other.end for other in spans)
            if free and (check is None or check(match.group())):
                spans.append(SensitiveSpan(kind, start, end))
    return sorted(spans, key=lambda finding: finding.start)


def level_of(findings: list[SensitiveSpan], at_least: Sensitivity = "internal") -> Sensitivity:
    """The strictest sensitivity among findings, not below ``at_least``."""
    levels = get_args(Sensitivity)
    return max([at_least, *(_LEVEL_OF[finding.kind] for finding in findings)], key=levels.index)


def redact(text: str) -> str:
    """The text with every sensitive span replaced by its kind in brackets, such as ``[email]``."""
    out, last = [], 0
    for finding in find_sensitive(text):
        out += [text[last : finding.start], f"[{finding.kind}]"]
        last = finding.end
    return "".join([*out, text[last:]])


_ZERO, _ONE, _EDGE = "\u200b", "\u200c", "\u2060"


def watermark(text: str, mark: str) -> str:
    """The text with an invisible mark (zero-width characters) after its first word; reads the same.

    Raises:
        ValueError: for an empty mark.
    """
    if not mark:
        raise ValueError("watermark: empty mark")
    bits = "".join(f"{byte:08b}" for byte in mark.encode("utf-8"))
    hidden = _EDGE + "".join(_ONE if bit == "1" else _ZERO for bit in bits) + _EDGE
    head, space, tail = strip_watermark(text).partition(" ")
    return f"{head}{hidden}{space}{tail}"


def read_watermark(text: str) -> str | None:
    """The mark hidden in a text, None where there is none."""
    mark = re.search(f"{_EDGE}((?:[{_ZERO}{_ONE}]{{8}})+){_EDGE}", text)
    if mark is None:
        return None
    bits = "".join("1" if letter == _ONE else "0" for letter in mark.group(1))
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).decode("utf-8", "replace")


def strip_watermark(text: str) -> str:
    """The text without a watermark."""
    return re.sub(f"{_EDGE}[{_ZERO}{_ONE}]*{_EDGE}", "", text)
