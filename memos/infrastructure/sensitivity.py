"""Detection and redaction of sensitive content, and watermarks of exported text (paper section 5.5, docs/memos.md
C44)."""

from __future__ import annotations

import re
from collections import Counter
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


_PASSWORD = (
    r"\bpass ?word|\bpasscode|\bpasswort|\bkennwort|\bmot de passe|\bcontraseña|\bsenha|\bpalavra-passe|"
    r"\bparola d['’]ordine|\bwachtwoord|\bhasło|\blösenord|\bşifre\w*|\bпароль|密码|密碼|パスワード|비밀번호"
)
_IS = r"is|:|=|['’]s\b|lautet|ist\b|est\b|es\b|é\b|è\b|jest\b|är\b|to\b(?=\s+\S*\d)|это|[—–-]|是|は|는|은"
_PIN = (
    r"pin(?:[ -]?(?:code|number|nummer))?|code pin|código pin|codice pin|geheimzahl|cvv2?|cvc2?|passcode|"
    r"(?:access|security|door|gate|safe|alarm|locker|lock|entry|unlock|verification) code|türcode|código de acceso|"
    r"code d['’]accès"
)
_SAID_PHONE = (
    r"phone|mobile|cell|tel|telephone|number|call me|ring me|text me|whatsapp|telefon\w*|handy\w*|rufnummer|móvil|"
    r"celular|"
    r"teléfono|téléphone|portable|numéro|telefono|cellulare|telefoon|telemóvel|telefone|número"
)
_CAPITALISED = r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"
_OF = r"(?:(?:de|del|da|do|dos|das|du|des|la|las|los|le|les|di|della|dei|l['’]|d['’])\s*)*"
_ADDRESS = (
    rf"\b\d{{1,5}}[A-Za-z]?,?\s+(?:{_CAPITALISED}\s+){{1,4}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|"
    r"Blvd|Court|Ct|Place|Pl|Square|Sq|Way|Terrace|Close|Crescent|Row|Gardens)\b",
    r"\b[A-ZÄÖÜ][\wäöüß-]*(?:[Ss]tra(?:ße|sse)|[Ss]tr\.|weg|gasse|platz|allee|damm|ufer|straat|laan|gracht|gatan)"
    r"\s+\d{1,4}\s?[a-z]?\b",
    rf"\b\d{{1,4}}(?:\s?(?:bis|ter))?,?\s+(?:rue|avenue|boulevard|place|chemin|allée|quai|impasse)\s+{_OF}{_CAPITALISED}"
    rf"(?:\s+{_OF}{_CAPITALISED}){{0,3}}",
    rf"\b(?:Calle|Avenida|Plaza|Paseo|Rua|Travessa|Praça|Via|Viale|Piazza|Corso|ulica|ul\.)\s+{_OF}{_CAPITALISED}"
    rf"(?:\s+{_OF}{_CAPITALISED}){{0,3}},?\s+(?:n[.º°]?\s*)?\d{{1,4}}\b",
)
_BORN = (
    r"born|birth ?date|birthday|date of birth|d\.?o\.?b\.?|geboren|geburtstag|geburtsdatum|née?|date de naissance|"
    r"nacid[oa]|nací|fecha de nacimiento|nascid[oa]|nasci|data de nascimento|nat[oa]|data di nascita|urodzon[ya]"
)
_DAY = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}(?:st|nd|rd|th|er|\.|º)?\s+(?:of\s+|de\s+)?[^\W\d_]{3,10}\.?,?\s+(?:de\s+|of\s+)?"
    r"\d{4}|[^\W\d_]{3,10}\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})"
)
_BIRTH = (
    rf"(?i)\b(?:{_BORN})(?!\w)(?:[^\w\n]{{1,3}}[^\W\d_]+){{0,4}}?[^\w\n]{{1,3}}{_DAY}",
    r"(?:出生|生年月日|生日)\D{0,4}\d{4}\s*[年./-]\s*\d{1,2}\s*[月./-]\s*\d{1,2}日?",
)


def _told_phone(text: str) -> bool:
    return 7 <= len(_digits(text)) <= 15


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
    ("password", "restricted", rf"(?i)(?<!\[)(?:{_PASSWORD})\s*(?:{_IS})\s*(?!\[)\S+", None),
    (
        "pin",
        "restricted",
        rf"(?i)(?<!\[)\b(?:{_PIN})\b(?:[^\w\n]{{1,3}}[^\W\d]+){{0,4}}[^\w\n]{{1,3}}\d{{3,8}}\b",
        None,
    ),
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
    *(("birth_date", "confidential", pattern, None) for pattern in _BIRTH),
    *(("address", "confidential", pattern, None) for pattern in _ADDRESS),
    (
        "phone",
        "confidential",
        rf"(?i)\b(?:{_SAID_PHONE})\b(?:[^\w\n+(]{{1,3}}[^\W\d]+){{0,3}}[^\w\n]{{1,3}}"
        r"\d{1,5}(?:[ ./-]{0,2}\d{1,5}){2,7}\b",
        _told_phone,
    ),
    (
        "phone",
        "confidential",
        r"(?<![\w.])(?:(?:\+|00)\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}(?!\w)",
        _phone,
    ),
)
_COMPILED = tuple((kind, re.compile(pattern), check) for kind, _, pattern, check in _RULES)
_LEVEL_OF = {kind: level for kind, level, _, _ in _RULES}
_DIGIT = re.compile(r"\d")
_WITH_DIGITS = frozenset("pin card bank_account national_id ip_address birth_date address phone".split())
KINDS = tuple(dict.fromkeys(kind for kind, *_ in _RULES))
"""Kinds of sensitive content that are detected."""


def find_sensitive(text: str) -> list[SensitiveSpan]:
    """Sensitive spans, in order and without overlap; of overlapping ones the earlier rule wins."""
    spans: list[SensitiveSpan] = []
    digits = _DIGIT.search(text) is not None
    for kind, pattern, check in _COMPILED:
        if kind in _WITH_DIGITS and not digits:
            continue
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
_EVERY = 8
"""Words from one copy of a watermark to the next."""


def watermark(text: str, mark: str) -> str:
    """The text with an invisible mark (zero-width characters) after its first word and every few words on; reads the
    same. A copy is lost where the word that bears it is, so a longer text keeps its mark when much of it is edited.

    Raises:
        ValueError: for an empty mark.
    """
    if not mark:
        raise ValueError("watermark: empty mark")
    bits = "".join(f"{byte:08b}" for byte in mark.encode("utf-8"))
    hidden = _EDGE + "".join(_ONE if bit == "1" else _ZERO for bit in bits) + _EDGE
    words = strip_watermark(text).split(" ")
    return " ".join(word if place % _EVERY else word + hidden for place, word in enumerate(words))


def read_watermark(text: str) -> str | None:
    """The mark hidden in a text, the commonest of those that are there; None where there is none."""
    marks = Counter(re.findall(f"{_EDGE}((?:[{_ZERO}{_ONE}]{{8}})+){_EDGE}", text))
    if not marks:
        return None
    bits = "".join("1" if letter == _ONE else "0" for letter in marks.most_common(1)[0][0])
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).decode("utf-8", "replace")


def strip_watermark(text: str) -> str:
    """The text without a watermark."""
    return re.sub(f"{_EDGE}[{_ZERO}{_ONE}]*{_EDGE}", "", text)
