"""Questions of a conversation: candidates from the world, then a choice that spreads over categories and forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import chain

from eval.datasets.generated.draw import Draw
from eval.datasets.generated.questions.absent import absent
from eval.datasets.generated.questions.counts import counts
from eval.datasets.generated.questions.hops import chains, held_at, shared
from eval.datasets.generated.questions.plain import plain, preferences
from eval.datasets.generated.questions.times import dates, durations, orders, updates
from eval.datasets.generated.questions.view import Candidate, View
from eval.datasets.generated.records import CATEGORIES, GeneratedQuestion
from eval.datasets.generated.world import World

SHARES = {
    "single-hop": 11,
    "multi-hop": 8,
    "temporal": 8,
    "knowledge-update": 6,
    "point-in-time": 5,
    "counting": 5,
    "ordering": 5,
    "preference": 4,
    "unanswerable": 4,
}
"""Questions of each category among 56."""
_MAKERS = (plain, preferences, held_at, shared, chains, dates, durations, updates, counts, orders, absent)


def ask(
    world: World, evidence: Mapping[tuple[int, str], tuple[str, ...]], draw: Draw, sample_id: str
) -> tuple[GeneratedQuestion, ...]:
    """The questions of a conversation, in a drawn order; at most ``knobs.questions``."""
    view = View(world, evidence, draw)
    pool: dict[str, list[Candidate]] = {category: [] for category in CATEGORIES}
    for candidate in chain.from_iterable(maker(view) for maker in _MAKERS):
        if view.said(candidate.needs):
            pool[candidate.category].append(candidate)
    chosen: list[Candidate] = []
    for category in CATEGORIES:
        chosen += _spread(draw, pool[category], _quota(category, world.knobs.questions), {c.text for c in chosen})
    asked = world.day(-1) + timedelta(days=1)
    return tuple(
        GeneratedQuestion(
            f"{sample_id}-q{number}",
            candidate.category,
            candidate.text,
            candidate.golds,
            view.turns(candidate.needs),
            asked,
            unanswerable=not candidate.golds,
            trap=candidate.trap,
            form=candidate.form,
        )
        for number, candidate in enumerate(draw.shuffled(chosen), 1)
    )


def _quota(category: str, questions: int) -> int:
    """The category's share of ``questions``, rounded so that all shares sum to it."""
    names = list(SHARES)
    before = sum(SHARES[name] for name in names[: names.index(category)])
    total = sum(SHARES.values())
    return round((before + SHARES[category]) * questions / total) - round(before * questions / total)


def _spread(draw: Draw, candidates: list[Candidate], quota: int, texts: set[str]) -> list[Candidate]:
    """``quota`` candidates, one of each form before a second of any; no text twice."""
    forms: dict[str, list[Candidate]] = {}
    for candidate in draw.shuffled(candidates):
        forms.setdefault(candidate.form, []).append(candidate)
    out: list[Candidate] = []
    while forms and len(out) < quota:
        for form in draw.shuffled(list(forms)):
            candidate = forms[form].pop()
            if not forms[form]:
                del forms[form]
            if candidate.text not in texts and len(out) < quota:
                texts.add(candidate.text)
                out.append(candidate)
    return out
