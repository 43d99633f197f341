"""The lexical scorer: F1 in three variants, ROUGE, BLEU and METEOR over one tokenisation (docs/protocol.md#metrics)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from eval.core.resources import has_punkt, has_wordnet, punkt_reason, wordnet_reason
from eval.metrics.bleu import bleu
from eval.metrics.f1 import f1_locomo, f1_mem0, f1_memos
from eval.metrics.meteor import meteor
from eval.metrics.rouge import rouge
from memos.resources import PUNKT_FOLDER, WORDNET_FOLDER
from memos.weights import language_digest

_PUNKT = ("f1_memos", "bleu1", "bleu2", "bleu3", "bleu4", "meteor")


class Lexical:
    """Scores answers against golds with every lexical metric; values equal the reference libraries' to the last bit.

    Golds and repeated answers are prepared once a process. A metric whose data files are absent is missing with the
    command that fetches them.
    """

    @dataclass
    class Config:
        """Nothing to choose: the definitions are fixed (docs/protocol.md#metrics)."""

    names = (
        "f1_memos",
        "f1_locomo",
        "f1_mem0",
        "rouge1",
        "rouge2",
        "rougeL",
        "bleu1",
        "bleu2",
        "bleu3",
        "bleu4",
        "meteor",
    )

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def identity(self) -> Mapping[str, object]:
        """NLTK's version is part of it, since 3.10 cuts some words differently (``eval.metrics.origin``), and so are
        its data files.
        """
        return {
            "scorer": "lexical",
            "version": "1",
            "metrics": list(self.names),
            "nltk": version("nltk"),
            "punkt": language_digest(PUNKT_FOLDER) if has_punkt() else None,
            "wordnet": language_digest(WORDNET_FOLDER) if has_wordnet() else None,
        }

    def not_comparable(self) -> list[str]:
        """Nothing: every definition is the paper's or named for its origin."""
        return []

    def missing(self) -> Mapping[str, str]:
        out = {}
        if not has_punkt():
            out.update(dict.fromkeys(_PUNKT, punkt_reason()))
        if not has_wordnet():
            out["meteor"] = wordnet_reason()
        return out

    def score(
        self, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None] | None = None
    ) -> dict[str, list[float]]:
        """One value a pair for each metric that is not missing; fractions."""
        pairs = list(zip(golds, answers, strict=True))
        missing = self.missing()
        kinds = categories if categories is not None else [None] * len(pairs)
        out = {
            "f1_locomo": [f1_locomo(g, a, c) for (g, a), c in zip(pairs, kinds, strict=True)],
            "f1_mem0": [f1_mem0(g, a) for g, a in pairs],
        }
        out.update(_columns(("rouge1", "rouge2", "rougeL"), [rouge(g, a) for g, a in pairs]))
        if "f1_memos" not in missing:
            out["f1_memos"] = [f1_memos(g, a) for g, a in pairs]
            out.update(_columns(("bleu1", "bleu2", "bleu3", "bleu4"), [bleu(g, a) for g, a in pairs]))
        if "meteor" not in missing:
            out["meteor"] = [meteor(g, a) for g, a in pairs]
        return {name: out[name] for name in self.names if name in out}


def _columns(names: tuple[str, ...], rows: list[tuple[float, ...]]) -> dict[str, list[float]]:
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
