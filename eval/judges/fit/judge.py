"""Fitting ``weights.json``: training the offline judge and measuring it on what it has not seen.

Headline protocol (docs/judge.md#held-out-figures): each system is scored by a model trained without that system's
project and without the pair of conversations in question. The measured error is written with the weights
(``scripts/train_judge.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from eval.core.categories import locomo_number
from eval.core.types import Dataset
from eval.judges import agreement, published
from eval.judges.fit.measure import SIDE_BY_SIDE, Probes, guarded, overruled, show, side_by_side, wrong_sets
from eval.judges.fit.trainer import JudgeFitSettings, Trainer, cross_validate, in_sample, leave_one_system_out
from eval.judges.offline import corpus, evasions, gates, model, synthetic
from eval.judges.offline.pair import Pair
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM

WEIGHTS = Path(model.__file__).with_name("weights.json")
LICENCE = (
    "Weights of a statistical model. They derive from LOCOMO (CC BY-NC 4.0), from dial481/locomo-audit's answers (CC "
    "BY-NC 4.0) and from answers published by memobase and MIRIX (Apache-2.0), with verdicts of gpt-4o-mini. Not for "
    "commercial use. They hold no text of these."
)
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


def train(dataset: Dataset, folder: Path, cache: Path, features: Path, to: Path | None) -> None:
    """Fit, measure, print and write.

    Args:
        dataset: LOCOMO.
        folder: of published answers with verdicts.
        cache: file of embeddings.
        features: folder of features that were computed before.
        to: weights file to write; None: they are only measured.
    """
    sets = published.read_folder(folder)
    make = corpus.Featuriser(CachedEmbedder(MiniLM(), cache), features)
    answers = corpus.collect(sets, make)
    questions = [q for q in dataset.questions if not q.unanswerable]
    turns = corpus.said(dataset)
    items = [(q.sample_id, Pair(q.text, q.gold, "", locomo_number(q.category))) for q in questions]
    guard_list = synthetic.make(items, turns)
    trainer = Trainer(answers, corpus.guard_matrix(guard_list, make), guard_list, JudgeFitSettings())

    order = [conversation.sample_id for conversation in dataset.conversations]
    probe = Probes.make(questions, turns, make)
    fold, guard_fold, probe_fold = (
        corpus.folds(sample_ids, order)
        for sample_ids in (answers.sample_id, [g.sample_id for g in guard_list], probe.sample_id)
    )
    chance, probed = cross_validate(
        trainer,
        answers,
        fold,
        guard_fold,
        trainer.expand(probe.matrix),
        probe_fold,
        lambda text: print(text, flush=True),
    )

    guards = guarded(sets, make)

    def honest(probability: np.ndarray) -> agreement.JudgedRows:
        held = np.where(guards, np.minimum(probability, evasions.CEILING), probability)
        verdicts = (held >= 0.5).astype(int)
        parts = (answers.system, answers.sample_id, answers.category, answers.recorded, verdicts, held)
        return agreement.JudgedRows(*parts).take(answers.honest)

    others = {
        "by_system": agreement.measure(honest(leave_one_system_out(trainer, answers))),
        "fitted": agreement.measure(honest(in_sample(trainer, answers))),
    }
    turned = overruled(answers, chance, guards)
    table = honest(chance)
    chance = np.where(guards, np.minimum(chance, evasions.CEILING), chance)
    probed = np.where(probe.evades, np.minimum(probed, evasions.CEILING), probed)
    figures, spans = agreement.measure(table), agreement.intervals(table)
    for name, rows in (("read", order[:READ]), ("unread", order[READ:])):
        part = table.take(np.isin(table.sample_id, rows))
        figures[f"row_accuracy_{name}"] = float(np.mean(part.majority == part.judged))
    figures["overruled"] = turned
    acceptance, wrong = probe.acceptance(probed >= 0.5), wrong_sets(sets, answers, chance, make)
    show(figures, spans, acceptance, wrong)
    side_by_side({"project and conversations held out": figures, **others})
    if to is not None:
        write(to, trainer, answers, figures, spans, acceptance, wrong, others)


def write(
    path: Path,
    trainer: Trainer,
    answers: corpus.Corpus,
    figures: dict,
    spans: Mapping[str, tuple[float, float]],
    probed: dict[str, dict[str, float]],
    wrong: dict,
    others: Mapping[str, dict],
) -> None:
    """Fit on everything and write the weights with what cross-validation measured."""
    fitted = trainer.fit(np.ones(len(answers.system), bool), np.ones(len(trainer.guard_label), bool))
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
        "trained_on": {str(name): int((answers.system == name).sum()) for name in sorted(set(answers.system))},
        "cross_validation": short(
            {
                "looks": LOOKS,
                "rubric": gates.GENEROUS,
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
                        "category_errors",
                        "pairs",
                        "overruled",
                    )
                },
                "score_se": float(np.sqrt(np.mean(gaps**2))),
                "intervals": spans,
                **probed,
                "wrong_sets": wrong,
                **{name: {key: one[key] for key in SIDE_BY_SIDE} for name, one in others.items()},
            }
        ),
    }
    content = model.to_json(
        answers.names, trainer.mean, trainer.scale, fitted.linear, trainer.pairs, fitted.products, fitted.bias, facts
    )
    path.write_text(model.pretty(content), encoding="utf-8")
    print(f"wrote {path} ({path.stat().st_size} bytes, digest {model.of_json(content).digest})")
