"""The cards of all learned parts: ``results/cards/learned_parts.json`` and the page made of it, ``docs/cards.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from eval.core.places import ROOT
from eval.datasets.fitted_list import weights_digest
from memos.errors import DataError

CARDS = ROOT / "results" / "cards" / "learned_parts.json"
PAGE = ROOT / "docs" / "cards.md"
ROWS = {
    "data": "data",
    "licence": "licence",
    "fitted": "fitted",
    "folds": "folds",
    "in_domain": "in domain",
    "out_of_domain": "away",
    "failures": "known failures",
}
"""What every card tells, and under which name."""
_HEAD = """# Cards of the learned parts

What was fitted, on what, and how far it holds. *Away* is measured on data that the fit did not see; "unknown here"
means that nobody measured it. `results/cards/learned_parts.json` says the same for programs; `scripts/train_all.sh`
remakes the weights and compares the digests. What a part was fitted on stands in every table
([protocol](protocol.md#fitted)).
"""


def read(path: Path = CARDS) -> dict[str, dict[str, str]]:
    """The cards by part.

    Raises:
        DataError: a card lacks a row, or has one that nobody knows.
    """
    parts = json.loads(path.read_text(encoding="utf-8"))["parts"]
    wanted = {"weights", "digest", "made_by", "page", *ROWS}
    for name, card in parts.items():
        if odd := wanted ^ card.keys():
            raise DataError(f"{path}: {name}: rows missing or unknown: {', '.join(sorted(odd))}")
    return parts


def refreshed(parts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The cards with the digests of the weights as they are now."""
    return {name: {**card, "digest": weights_digest(card["weights"])} for name, card in parts.items()}


def as_json(parts: Mapping[str, Mapping[str, str]]) -> str:
    """The cards as their file holds them."""
    return json.dumps({"parts": parts}, indent=1, ensure_ascii=False) + "\n"


def page(parts: Mapping[str, Mapping[str, str]]) -> str:
    """The page for readers."""
    lines = [_HEAD]
    for name, card in parts.items():
        lines += [
            f"## {name[0].upper()}{name[1:]}",
            "",
            f"`{card['weights']}`, digest `{card['digest']}`, made by `{card['made_by']}`; more in "
            f"[{card['page'].removesuffix('.md')}]({card['page']}).",
            "",
            "| | |",
            "|---|---|",
            *(f"| {title} | {card[key]} |" for key, title in ROWS.items()),
            "",
        ]
    return "\n".join(lines)
