"""The cards of the learned parts: of the weights that ship, one for every part that the list of fitted parts names."""

from __future__ import annotations

import json

import pytest

from eval.core.fitted import shipped
from eval.core.places import ROOT
from eval.report.learned_parts import CARDS, PAGE, ROWS, as_json, page, read, refreshed
from memos.errors import DataError

BY_HAND = "paraphrases of the offline judge"
"""Labels read by hand, which no script makes."""


def test_every_part_with_weights_has_a_card_of_its_present_weights():
    parts = read()
    assert refreshed(parts) == parts, "python scripts/cards.py --write"
    weighted = {part.weights for part in shipped().parts if part.weights and part.name != BY_HAND}
    assert weighted == {card["weights"] for card in parts.values()}
    stated = {part.weights: part.made_by for part in shipped().parts if part.weights}
    assert {card["weights"]: card["made_by"] for card in parts.values()}.items() <= stated.items()
    assert all(
        (ROOT / card["made_by"]).is_file() and (ROOT / "docs" / card["page"]).is_file() for card in parts.values()
    )


def test_the_page_and_the_file_are_made_of_the_cards():
    parts = read()
    assert PAGE.read_text(encoding="utf-8") == page(parts) and CARDS.read_text(encoding="utf-8") == as_json(parts)


def test_a_card_tells_every_row(tmp_path):
    parts = read()
    assert all(card[row].strip() for card in parts.values() for row in ROWS)
    name, card = next(iter(parts.items()))
    file = tmp_path / "cards.json"
    file.write_text(json.dumps({"parts": {name: {key: card[key] for key in card if key != "licence"}}}))
    with pytest.raises(DataError, match=f"{name}: rows missing or unknown: licence"):
        read(file)


def test_train_all_knows_every_script_that_makes_weights():
    text = (ROOT / "scripts" / "train_all.sh").read_text(encoding="utf-8")
    assert not [card["made_by"] for card in read().values() if f'"$python" {card["made_by"]}' not in text]
