"""What a fitted judge accepts that it should not, and the printed account of its error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.core.categories import locomo_number
from eval.core.types import JudgeTask, Question
from eval.judges import probes, published, wordings
from eval.judges.offline import corpus, evasions, gates, model

SIDE_BY_SIDE = (
    "row_accuracy",
    "kappa",
    "auc",
    "score_error_mean",
    "score_error_max",
    "tau",
    "category_error",
    "category_errors",
)
"""Figures that are told of each way of leaving answers out, and of none."""
PARAPHRASES = Path(model.__file__).with_name("paraphrases.json")


@dataclass(frozen=True)
class Probes:
    """Probes of both lists of wordings as rows."""

    matrix: np.ndarray
    kind: np.ndarray
    evades: np.ndarray
    """Whether the rules of ``evasions`` reject the answer."""
    unseen: np.ndarray
    """Whether nothing was tuned on the wording."""
    sample_id: list[str]

    @classmethod
    def make(cls, questions: Sequence[Question], turns: Sequence[str], make: corpus.Featuriser) -> Probes:
        asked = [JudgeTask(q.text, q.gold, "", locomo_number(q.category)) for q in questions]
        owner = {(q.text, q.gold): q.sample_id for q in questions}
        lists = {False: probes.build(asked, turns)}
        if (fresh := wordings.unseen()) is not None:
            lists[True] = probes.build(asked, turns, per_kind=wordings.PER_KIND, seed=wordings.SEED, wordings=fresh)
        flat = [
            (kind, new, task) for new, by_kind in lists.items() for kind, tasks in by_kind.items() for task in tasks
        ]
        rows = [make.matrix([corpus.pair_of(t) for _, own, t in flat if own == new], "probes")[1] for new in lists]
        evades = [
            bool(reason) for reason in evasions.evades([corpus.pair_of(t) for _, _, t in flat], make.embedder.encode)
        ]
        return cls(
            np.vstack(rows),
            np.array([kind for kind, _, _ in flat]),
            np.array(evades),
            np.array([new for _, new, _ in flat]),
            [owner[(task.question, task.gold)] for _, _, task in flat],
        )

    def acceptance(self, accepted: np.ndarray) -> dict[str, dict[str, float]]:
        """Share accepted by list and kind."""
        out = {}
        for name, new in (("probes", False), ("probes_unseen", True)):
            mine = self.unseen == new
            if mine.any():
                out[name] = {
                    str(kind): float(accepted[mine & (self.kind == kind)].mean())
                    for kind in dict.fromkeys(self.kind[mine])
                }
        return out


def show(
    figures: dict,
    spans: Mapping[str, tuple[float, float]],
    probed: dict[str, dict[str, float]],
    wrong: dict[str, float],
) -> None:
    def line(name: str, value: float, scale: float = 1.0, digits: int = 2) -> None:
        low, high = (scale * v for v in spans.get(name, (np.nan, np.nan)))
        text = f"[{low:.{digits}f}, {high:.{digits}f}]" if name in spans else ""
        print(f"  {name:18s} {scale * value:8.{digits}f} {text}")

    print(f"leave one project and one pair of conversations out: {figures['n']} rows of {figures['systems']} systems")
    line("row_accuracy", figures["row_accuracy"], 100)
    line("  errors read", figures["row_accuracy_read"], 100)
    line("  errors unread", figures["row_accuracy_unread"], 100)
    line("kappa", figures["kappa"], digits=3)
    line("auc", figures["auc"], digits=4)
    line("score_error_mean", figures["score_error_mean"])
    line("score_error_max", figures["score_error_max"])
    line("tau", figures["tau"], digits=3)
    line("category_error", figures["category_error"])
    print(
        "  pairs in order     "
        + ", ".join(f"{good} of {total} {kind} points apart" for kind, (good, total) in figures["pairs"].items())
    )
    for name, row in figures["by_category"].items():
        print(f"  {name:18s} n {row['n']:5d} accuracy {100 * row['row_accuracy']:.1f} kappa {row['kappa']:.2f}")
    for name, (recorded, judged, chance) in figures["scores"].items():
        print(f"  {name:24s} recorded {recorded:6.2f} judged {judged:6.2f} mean probability {chance:6.2f}")
    for name, said in (("probes", "wordings not in training"), ("probes_unseen", "wordings that nothing was tuned on")):
        if name in probed:
            print(f"probes accepted in % ({said}): " + ", ".join(f"{k} {100 * v:.1f}" for k, v in probed[name].items()))
    print("deliberately wrong answers accepted in %: " + ", ".join(f"{k} {100 * v:.1f}" for k, v in wrong.items()))


def side_by_side(ways: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the figures of each way of leaving answers out beside one another."""
    print("| held out | row accuracy, % | kappa | score error, mean (worst) | worst category's error |")
    for name, one in ways.items():
        print(
            f"| {name} | {100 * one['row_accuracy']:.1f} | {one['kappa']:.3f} | {one['score_error_mean']:.1f} "
            f"({one['score_error_max']:.1f}) | {max(one['category_errors'].values()):.1f} |"
        )


def paraphrases(answers: corpus.Corpus, accepted: np.ndarray) -> float:
    """Share of the hand-read valid paraphrases of ap_v2 that are accepted."""
    labels = json.loads(PARAPHRASES.read_text(encoding="utf-8"))["labels"]
    valid = [
        name == "ap_v2" and labels.get(f"{sample}/{index}") == 1
        for name, sample, index in zip(answers.system, answers.sample_id, answers.qa_index, strict=True)
    ]
    return float(accepted[np.array(valid)].mean())


def guarded(sets: dict[str, list[published.PublishedAnswer]], make: corpus.Featuriser) -> np.ndarray:
    """Which judged rows ``evasions`` or a gate of every rubric rejects, in the corpus' order."""
    pairs = [corpus.pair_of(row) for rows in sets.values() for row in rows if row.labels]
    evaded = evasions.evades(pairs, make.embedder.encode)
    return np.array([bool(reason or gates.rejects(pair, {})) for pair, reason in zip(pairs, evaded, strict=True)])


def overruled(answers: corpus.Corpus, chance: np.ndarray, guards: np.ndarray) -> float:
    """Share of honest answers whose verdict gpt-4o-mini and the model agree on and a guard or gate turns round.

    Args:
        answers: all judged rows.
        chance: the model's probability before guards and gates.
        guards: which rows they reject.
    """
    both = (answers.label == 1) & (chance >= 0.5) & guards
    return float(both[answers.honest].mean())


def wrong_sets(
    sets: dict[str, list[published.PublishedAnswer]],
    answers: corpus.Corpus,
    chance: np.ndarray,
    make: corpus.Featuriser,
) -> dict[str, float]:
    """Acceptance of the deliberately wrong sets, and of the valid paraphrases among them, at both operating points."""
    out = {}
    gated = chance >= gates.THRESHOLDS[gates.STRICT]
    for name in published.WRONG_SETS:
        if name not in sets:
            continue
        here = answers.system == name
        rows = [row for row in sets[name] if row.labels]
        pairs = [corpus.pair_of(row) for row in rows]
        read = zip(pairs, make.rows(pairs, name), strict=True)
        open_ = np.array([not gates.rejects(pair, row, gates.STRICT) for pair, row in read])
        temporal = answers.category[here] == 2
        for suffix, accepted in (("", chance[here] >= 0.5), (" strict", gated[here] & open_)):
            out[name + suffix] = float(accepted.mean())
            out[f"{name} temporal{suffix}"] = float(accepted[temporal].mean())
        gated[here] &= open_
    if "ap_v2" in sets:
        out["valid paraphrases"], out["valid paraphrases strict"] = (
            paraphrases(answers, chance >= 0.5),
            paraphrases(answers, gated),
        )
    return out
