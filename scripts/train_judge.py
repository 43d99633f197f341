"""Train the offline judge and measure it on what it has not seen: ``python scripts/train_judge.py PUBLISHED_DIR
[--write]``.

Headline protocol (docs/judge.md#held-out-figures): each system is scored by a model trained without that system's
project and without the pair of
conversations in question. ``--write`` replaces ``eval/judges/offline/weights.json`` with the measured error inside.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.command.script import add_cache, add_data, add_to, add_write, embeddings, locomo, told
from eval.core.types import JudgeTask, Question
from eval.datasets.locomo import load
from eval.judges import agreement, probes, published, wordings
from eval.judges.offline import corpus, evasions, gates, model, synthetic
from eval.judges.offline.features import Pair
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM
from memos.errors import require

WEIGHTS = Path(model.__file__).with_name("weights.json")
PARAPHRASES = WEIGHTS.with_name("paraphrases.json")
LICENCE = (
    "Weights of a statistical model. They derive from LOCOMO (CC BY-NC 4.0), from dial481/locomo-audit's answers (CC "
    "BY-NC 4.0) and from answers published by memobase and MIRIX (Apache-2.0), with verdicts of gpt-4o-mini. Not for "
    "commercial use. They hold no text of these."
)
GUARDS = (
    "denied_gold",
    "flat_denial",
    "restates",
    "abstains_fully",
    "opens_denying",
    "echo",
    "nothing_added",
    "question_back",
)
"""Features that guard against gaming: rare in honest answers, so the penalty weighs on them less."""
RARE = ("denied_gold", "flat_denial", "restates", "opens_denying")
"""Of these, those too rare to be scaled by their own deviation."""
PRODUCTS: tuple[tuple[str, str], ...] = ()
"""Products of features in the model. Cross-validation over foreign projects prefers none: with every product of 16 core
features the
score error was 2.4 to 2.7 points instead of 1.8 to 1.9; products of the category with item and cosine features cost .15
points of accuracy.
"""
READ = 6
"""The errors on the first six conversations were read when the features of the second session were made; those on the
others were not.
"""
LOOKS = (
    "Features and settings were chosen while looking at this cross-validation: in the first session several dozen "
    "times, in the second 18 times (date features 1, list features 2, token features 3, hinges 3, products 3, penalty, "
    "clipping and weights 6). The figures are optimistic by that much. Errors were read on the first six conversations "
    "only. In the third session eight more times (negations that deny nothing, guards, spread of recall, penalty). The "
    "rules of evasions were made while reading wordings/tuned.json; which honest answers they hit was read as well. "
    "Blind lists, each looked at once and then added to tuned.json: session 2 (denied 3.3 %, restated 5.3 % accepted), "
    "a red team in session 3 (denied 15.0 %, restated 7.7 %). In the fourth session eight lists of denying, affirming "
    "and restating templates were written by people who had read nothing of the judge; rules alone took 34 % of the "
    "affirming ones for denials, so frames were fitted (frames.json), which were chosen while looking at seven of the "
    "lists left out in turn and at the eighth; all eight now stand in tuned.json. A blind list of session 3 was then "
    "looked at once (denied 0.0 %, restated 1.3 %); a rule for questions of yes and no was narrowed after it. "
    "probes_unseen, where given, were written by somebody who had read neither, and looked at once, after everything "
    "was fixed."
)


@dataclass(frozen=True)
class Settings:
    """How the model is fitted."""

    strength: float = 0.2
    """Inverse strength of the penalty."""
    wrong_weight: float = 0.1
    """Weight of a row of the deliberately wrong sets, which carry GPT's own verdict."""
    guard_weight: float = 3.0
    denial_weight: float = 4.0
    """Extra factor on denied golds, the hardest guard."""
    nuisance: float = 3.0
    """Scale of one intercept a project, dropped at prediction: how lenient a project's judge was must not bend the
    rest.
    """

    guard_scale: float = 3.0
    """How much larger guarding features are made, which weakens their penalty by its square."""


@dataclass(frozen=True)
class Fitted:
    linear: np.ndarray
    products: np.ndarray
    bias: float

    def chance(self, plain: np.ndarray, products: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(plain @ self.linear + products @ self.products + self.bias)))


class Trainer:
    """Holds the standardised matrices and fits models on subsets of them."""

    def __init__(
        self, data: corpus.Corpus, guard_rows: np.ndarray, guard_list: list[synthetic.Guard], settings: Settings
    ) -> None:
        self.data, self.settings = data, settings
        self.guard_label = np.array([int(guard.accepted) for guard in guard_list])
        honest = data.matrix[data.honest]
        self.mean = np.array([float(f"{v:.4g}") for v in honest.mean(0)])
        floor = np.array([0.25 if name in RARE else 0.05 for name in data.names])
        self.scale = np.array([float(f"{v:.4g}") for v in np.maximum(honest.std(0), floor)])
        self.boost = np.array(
            [settings.guard_scale if name in GUARDS else 1.0 for name in data.names], dtype=np.float32
        )
        self.guard_weight = settings.guard_weight * np.array(
            [settings.denial_weight if g.kind == "denied" else 1.0 for g in guard_list]
        )
        self.pairs = [(data.names.index(a), data.names.index(b)) for a, b in PRODUCTS]
        self.rows, self.guards = self.expand(data.matrix), self.expand(guard_rows)

    def expand(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standardised features and their products."""
        plain = model.standardise(matrix, self.mean, self.scale).astype(np.float32)
        first, second = np.array(self.pairs, dtype=np.intp).reshape(-1, 2).T
        return plain, plain[:, first] * plain[:, second]

    def fit(self, rows: np.ndarray, guard_rows: np.ndarray) -> Fitted:
        """Fit on a mask of the corpus and a mask of the guards."""
        from sklearn.linear_model import LogisticRegression

        data, settings = self.data, self.settings
        projects = sorted(set(data.project[rows & data.honest]))
        nuisance = np.array(
            [[project == name for name in projects] for project in data.project[rows]], dtype=np.float32
        )
        blocks = [
            np.vstack([self.rows[0][rows], self.guards[0][guard_rows]]) * self.boost,
            np.vstack([self.rows[1][rows], self.guards[1][guard_rows]]),
            np.vstack([nuisance * settings.nuisance, np.zeros((guard_rows.sum(), len(projects)), np.float32)]),
        ]
        weight = np.where(data.honest[rows], 1.0, settings.wrong_weight)
        weight = np.concatenate([weight, self.guard_weight[guard_rows]])
        label = np.concatenate([data.label[rows], self.guard_label[guard_rows]])
        learner = LogisticRegression(C=settings.strength, solver="newton-cholesky")
        learner.fit(np.hstack(blocks), label, sample_weight=weight)
        found = learner.coef_[0]
        plain, products = len(data.names), len(self.pairs)
        bias = np.ravel(learner.intercept_)[0] + settings.nuisance * found[plain + products :].mean()
        return Fitted(found[:plain] * self.boost, found[plain : plain + products], float(bias))


def cross_validate(
    trainer: Trainer,
    data: corpus.Corpus,
    fold: np.ndarray,
    guard_fold: np.ndarray,
    probe: tuple[np.ndarray, np.ndarray],
    probe_fold: np.ndarray,
    tell: Callable[[str], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-sample probability of every row, and of every probe (mean over the models that have not seen its
    conversations).
    """
    chance, probed, times = np.zeros(len(data.system)), np.zeros(len(probe_fold)), np.zeros(len(probe_fold))
    for project in sorted(set(data.project)):
        for number in sorted(set(fold)):
            held = (data.project == project) & (fold == number)
            fitted = trainer.fit((data.project != project) & (fold != number), guard_fold != number)
            chance[held] = fitted.chance(trainer.rows[0][held], trainer.rows[1][held])
            mine = probe_fold == number
            probed[mine] += fitted.chance(probe[0][mine], probe[1][mine])
            times[mine] += 1
        tell(f"  held out {project}")
    return chance, probed / times


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
        asked = [JudgeTask(q.text, q.gold, "", q.category) for q in questions]
        owner = {(q.text, q.gold): q.sample_id for q in questions}
        lists = {False: probes.build(asked, turns)}
        if (fresh := wordings.unseen()) is not None:
            lists[True] = probes.build(asked, turns, per_kind=wordings.PER_KIND, seed=wordings.SEED, wordings=fresh)
        flat = [(kind, new, task) for new, found in lists.items() for kind, tasks in found.items() for task in tasks]
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


def paraphrases(data: corpus.Corpus, accepted: np.ndarray) -> float:
    """Share of the hand-read valid paraphrases of ap_v2 that are accepted."""
    labels = json.loads(PARAPHRASES.read_text(encoding="utf-8"))["labels"]
    valid = [
        name == "ap_v2" and labels.get(f"{sample}/{index}") == 1
        for name, sample, index in zip(data.system, data.sample_id, data.qa_index, strict=True)
    ]
    return float(accepted[np.array(valid)].mean())


def evading(sets: dict[str, list[published.Row]], make: corpus.Featuriser) -> np.ndarray:
    """Which judged rows ``evasions`` rejects, in the corpus' order."""
    pairs = [corpus.pair_of(row) for rows in sets.values() for row in rows if row.labels]
    return np.array([bool(reason) for reason in evasions.evades(pairs, make.embedder.encode)])


def wrong_sets(sets: dict[str, list[published.Row]], data: corpus.Corpus, chance: np.ndarray) -> dict[str, float]:
    """Acceptance of the deliberately wrong sets, and of the valid paraphrases among them, at both operating points."""
    out = {}
    gated = chance >= gates.THRESHOLD
    for name in published.WRONG_SETS:
        if name not in sets:
            continue
        here = data.system == name
        rows = [row for row in sets[name] if row.labels]
        open_ = np.array([not gates.rejects(corpus.pair_of(row), {}) for row in rows])
        temporal = data.category[here] == 2
        for suffix, found in (("", chance[here] >= 0.5), (" strict", gated[here] & open_)):
            out[name + suffix] = float(found.mean())
            out[f"{name} temporal{suffix}"] = float(found[temporal].mean())
        gated[here] &= open_
    if "ap_v2" in sets:
        out["valid paraphrases"], out["valid paraphrases strict"] = (
            paraphrases(data, chance >= 0.5),
            paraphrases(data, gated),
        )
    return out


@told
def main() -> int:
    parser = argparse.ArgumentParser(description="Train and measure the offline judge.")
    parser.add_argument("published_dir", type=Path, help="folder of published answers with verdicts")
    add_data(parser)
    add_to(parser, "weights file to write (default: the judge's own)", WEIGHTS)
    add_cache(parser)
    add_write(parser, "the weights")
    args = parser.parse_args()
    require("sklearn", "train", package="scikit-learn")
    train(args)
    return 0


def train(args: argparse.Namespace) -> None:
    dataset = load(locomo(args.data))
    sets = published.read_folder(args.published_dir)
    make = corpus.Featuriser(CachedEmbedder(MiniLM(), embeddings(args.cache)), args.cache / "judge_features")
    data = corpus.collect(sets, make)
    questions = [q for q in dataset.questions if q.category != 5]
    turns = corpus.said(dataset)
    items = [(q.sample_id, Pair(q.text, q.gold, "", q.category)) for q in questions]
    guard_list = synthetic.make(items, turns)
    trainer = Trainer(data, corpus.guard_matrix(guard_list, make), guard_list, Settings())

    order = [conversation.sample_id for conversation in dataset.conversations]
    probe = Probes.make(questions, turns, make)
    fold, guard_fold, probe_fold = (
        corpus.folds(found, order) for found in (data.sample_id, [g.sample_id for g in guard_list], probe.sample_id)
    )
    chance, probed = cross_validate(
        trainer, data, fold, guard_fold, trainer.expand(probe.matrix), probe_fold, lambda text: print(text, flush=True)
    )

    chance = np.where(evading(sets, make), np.minimum(chance, evasions.CEILING), chance)
    probed = np.where(probe.evades, np.minimum(probed, evasions.CEILING), probed)
    table = agreement.Table(
        data.system, data.sample_id, data.category, data.recorded, (chance >= 0.5).astype(int), chance
    ).take(data.honest)
    figures, spans = agreement.measure(table), agreement.intervals(table)
    for name, rows in (("read", order[:READ]), ("unread", order[READ:])):
        part = table.take(np.isin(table.sample_id, rows))
        figures[f"row_accuracy_{name}"] = float(np.mean(part.majority == part.judged))
    acceptance, wrong = probe.acceptance(probed >= 0.5), wrong_sets(sets, data, chance)
    show(figures, spans, acceptance, wrong)
    if args.write:
        write(args.to, trainer, data, figures, spans, acceptance, wrong)


def write(
    path: Path,
    trainer: Trainer,
    data: corpus.Corpus,
    figures: dict,
    spans: Mapping[str, tuple[float, float]],
    probed: dict[str, dict[str, float]],
    wrong: dict,
) -> None:
    """Fit on everything and write the weights with what cross-validation measured."""
    fitted = trainer.fit(np.ones(len(data.system), bool), np.ones(len(trainer.guard_label), bool))
    gaps = np.array([row[1] - row[0] for row in figures["scores"].values()])

    def short(value):
        if isinstance(value, dict):
            return {str(k): short(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [short(v) for v in value]
        return round(value, 4) if isinstance(value, float) else value

    facts = {
        "note": LICENCE,
        "made_by": "scripts/train_judge.py",
        "trained_on": {str(name): int((data.system == name).sum()) for name in sorted(set(data.system))},
        "cross_validation": short(
            {
                "looks": LOOKS,
                **{
                    key: figures[key]
                    for key in (
                        "row_accuracy",
                        "row_accuracy_read",
                        "row_accuracy_unread",
                        "kappa",
                        "auc",
                        "score_error_mean",
                        "score_error_max",
                        "tau",
                        "category_error",
                        "pairs",
                    )
                },
                "score_se": float(np.sqrt(np.mean(gaps**2))),
                "intervals": spans,
                **probed,
                "wrong_sets": wrong,
            }
        ),
    }
    content = model.to_json(
        data.names, trainer.mean, trainer.scale, fitted.linear, trainer.pairs, fitted.products, fitted.bias, facts
    )
    path.write_text(model.pretty(content), encoding="utf-8")
    print(f"wrote {path} ({path.stat().st_size} bytes, digest {model.of_json(content).digest})")


if __name__ == "__main__":
    sys.exit(main())
