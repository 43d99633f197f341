"""The offline judge: GPT-4o-mini's verdict on an answer, estimated on the spot without any model call.

See docs/judge.md.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.core import judging
from eval.core.identity import digest
from eval.core.types import JudgeTask, Verdict
from eval.judges.offline import abstentions, evasions, frames, gates, legible, model, readings, units
from eval.judges.offline.feature_store import SemanticStore
from eval.judges.offline.features import lexical
from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import TokenReader, sentence_model
from eval.judges.offline.semantic import read_all
from eval.judges.offline.text import rarities_digest
from memos.embed.base import Embedder
from memos.embed.minilm import packaged_weights
from memos.errors import ConfigError

CHUNK = 256
"""Tasks read together; bounds memory and lets the harness save between."""


TEMPORAL = "temporal"
"""LongMemEval's rule of counts of days, weeks or months, which may be off by one."""
NAMES = {
    gates.GENEROUS: "offline",
    gates.KEY_INFORMATION: "offline_key_information",
    gates.STRICT: "offline_strict",
}
"""The judge's name under each rubric."""
KEPT = 4096
"""Pairs whose features are remembered: both operating points judge the same answers, one after the other."""
_KNOWN: OrderedDict[Pair, dict[str, float]] = OrderedDict()


def features(
    pairs: Sequence[Pair], reader: TokenReader, embedder: Embedder, store: SemanticStore | None = None
) -> list[dict[str, float]]:
    """All features of many pairs, those of content and those of MiniLM; pairs seen a moment ago, or kept in a store,
    are not read again.
    """
    fresh = [pair for pair in dict.fromkeys(pairs) if pair not in _KNOWN]
    known = {pair: _KNOWN[pair] for pair in pairs if pair in _KNOWN}
    read = store.get(fresh) if store else {}
    new = [pair for pair in fresh if pair not in read]
    rows = read_all(new, reader, embedder.encode) if new else []
    if store and new:
        store.put(new, rows)
    read.update(zip(new, rows, strict=True))
    for pair in fresh:
        known[pair] = _KNOWN[pair] = {**lexical(pair), **read[pair]}
    while len(_KNOWN) > KEPT:
        _KNOWN.popitem(last=False)
    return [known[pair] for pair in pairs]


def forget() -> None:
    """Drop the remembered features."""
    _KNOWN.clear()


class _Shipped:
    """Reads the digest of the shipped weights when asked, not at import."""

    def __get__(self, instance: object, owner: type) -> str:
        return model.load().digest


class OfflineJudge:
    """Verdicts from interpretable features and a small logistic model; the same answer always gets the same verdict.

    An answer or gold that it cannot read, in another script, is ``unparsed`` unless the two are equal (``legible``).
    ``Verdict.score`` is the probability of correct; answers that deny the gold or hand the question back are capped
    (``evasions``), and what a rubric of the dial does not accept (``gates``). Questions that cannot be answered have a
    path of their own (``abstentions``).
    """

    part_id = "offline_judge"
    version = _Shipped()
    """Digest of the shipped weights, so that new weights change the fingerprint of every score."""
    comparable = False
    """An estimate of gpt-4o-mini's verdict is not the verdict: rows carry the judge's own error instead."""
    measured_on = ("locomo",)
    """Data sets on which its error was measured; elsewhere it is unknown."""

    @dataclass
    class Config:
        rubric: str = field(
            default=gates.GENEROUS,
            metadata={
                "help": "generous (the verdicts it was fitted to), key-information (most items of a list) or "
                "strict (all of them, and no vague date)"
            },
        )
        threshold: float = field(default=0.5, metadata={"help": "probability from which an answer is correct"})
        weights: str = field(
            default="", metadata={"help": "weights file of scripts/train_judge.py; empty: the shipped one"}
        )

        def __post_init__(self) -> None:
            if self.rubric not in gates.RUBRICS:
                raise ConfigError(f"judge.rubric: known are {', '.join(gates.RUBRICS)}, found {self.rubric!r}")
            if not 0 < self.threshold < 1:
                raise ConfigError(f"judge.threshold: must lie between 0 and 1, found {self.threshold}")

    def __init__(self, config: Config | None = None, *, embedder: Embedder | None = None) -> None:
        self.config = config or self.Config()
        self.name = NAMES[self.config.rubric]
        self.weights = model.load(self.config.weights)
        self._embedder = sentence_model(embedder)
        self.score_se = self._error()
        """Standard error of a system's score that this judge brings (fraction), measured over foreign projects under
        this very rubric; None where no verdicts under it are at hand."""
        self._reader = TokenReader()
        self._store: SemanticStore | None = None

    def _error(self) -> float | None:
        held_out = self.weights.facts.get("cross_validation", {})
        if held_out.get("rubric", gates.GENEROUS) != self.config.rubric or "score_se" not in held_out:
            return None
        return float(held_out["score_se"]) / 100

    def identity(self) -> Mapping[str, object]:
        """Weights of the judge and of the model it reads with, rarities of words, operating point."""
        return {
            "weights": self.weights.digest,
            "rubric": self.config.rubric,
            "threshold": self.config.threshold,
            "evasions": evasions.VERSION,
            "frames": frames.load().digest,
            "gates": gates.VERSION,
            "abstentions": abstentions.VERSION,
            "idf": rarities_digest(),
            "reads_with": packaged_weights(),
        }

    def keep(self, folder: Path) -> None:
        """Keep what MiniLM reads in a folder, for judges that see the same answers again (judge cards)."""
        self._store = SemanticStore(folder)

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]:
        """Verdicts in order, a chunk at a time; of several accepted golds the one that fits best counts."""
        mark = digest(self.identity())
        for start in range(0, len(tasks), CHUNK):
            began = time.perf_counter()
            chunk = tasks[start : start + CHUNK]
            whose = [(offset, gold) for offset, task in enumerate(chunk) for gold in task.golds or (task.gold,)]
            judged = self._judged([(_pair(chunk[offset], gold), chunk[offset].rule) for offset, gold in whose])
            each = (time.perf_counter() - began) * 1000 / len(chunk)
            by_task: dict[int, list[tuple[float | None, str]]] = {}
            for (offset, _), made in zip(whose, judged, strict=True):
                by_task.setdefault(offset, []).append(made)
            for offset, of_golds in by_task.items():
                label, score, raw = self._said(of_golds)
                yield (
                    start + offset,
                    Verdict(label, score, (label,), (raw,), f"offline-{self.weights.digest}", mark, latency_ms=each),
                )

    def _said(self, of_golds: Sequence[tuple[float | None, str]]) -> tuple[str, float | None, str]:
        """Label, probability and reason: of the gold that fits best; where one cannot be read and none is met, none."""
        score, reason = max(of_golds, key=lambda one: -1.0 if one[0] is None else one[0])
        if score is None or score < self.config.threshold:
            for chance, why in of_golds:
                if chance is None:
                    return judging.UNPARSED, None, why
        assert score is not None
        label = judging.CORRECT if score >= self.config.threshold else judging.WRONG
        return label, score, f"p={score:.4f}" + (f"; {reason}" if reason else "")

    def _judged(self, ruled: Sequence[tuple[Pair, str]]) -> list[tuple[float | None, str]]:
        """Of each pair with its data set's rule the probability of correct, and the reason of what caps it or of the
        path it took; None where it cannot be read.
        """
        said = [_unfitted(pair, rule) for pair, rule in ruled]
        readable = [pair for (pair, _), (_, why) in zip(ruled, said, strict=True) if not why]
        read = iter(self._read(readable) if readable else ())
        return [(None if right is None else float(right), why) if why else next(read) for right, why in said]

    def _read(self, pairs: Sequence[Pair]) -> list[tuple[float, str]]:
        """Of each pair that can be read the probability of correct, and the reason of a gate that caps it."""
        rows = features(pairs, self._reader, self._embedder, self._store)
        chances = self.weights.probability(rows)
        evaded = evasions.evades(pairs, self._embedder.encode)
        out = []
        for pair, row, chance, evasion in zip(pairs, rows, chances, evaded, strict=True):
            reason = evasion or gates.rejects(pair, row, self.config.rubric)
            out.append((round(min(float(chance), evasions.CEILING) if reason else float(chance), 4), reason))
        return out

    def close(self) -> None:
        """The embedder belongs to the harness."""
        if self._store is not None:
            self._store.close()


def _unfitted(pair: Pair, rule: str) -> tuple[bool | None, str]:
    """The verdict on a pair that the weights do not judge, and why; no reason where they do."""
    right, why = legible.verdict(pair)
    if why:
        return right, why
    if abstentions.unanswerable(rule, pair.gold):
        return abstentions.verdict(pair)
    if rule == TEMPORAL and units.near_count(pair.gold, pair.answer) and not readings.negations(pair.answer):
        return True, "a count that is off by one at most"
    return None, ""


def _pair(task: JudgeTask, gold: str) -> Pair:
    return Pair.of(task.question, gold, task.answer or "", task.category)
