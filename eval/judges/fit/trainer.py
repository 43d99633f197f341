"""The offline judge's logistic model: fitted on parts of the published answers and of the guards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eval.judges.offline import corpus, model, synthetic

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
features the score error was 2.4 to 2.7 points instead of 1.8 to 1.9; products of the category with item and cosine
features cost .15 points of accuracy.
"""


@dataclass(frozen=True)
class JudgeFitSettings:
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
        self,
        answers: corpus.Corpus,
        guard_rows: np.ndarray,
        guard_list: list[synthetic.Guard],
        settings: JudgeFitSettings,
    ) -> None:
        self.answers, self.settings = answers, settings
        self.guard_label = np.array([int(guard.accepted) for guard in guard_list])
        honest = answers.matrix[answers.honest]
        self.mean = np.array([float(f"{v:.4g}") for v in honest.mean(0)])
        floor = np.array([0.25 if name in RARE else 0.05 for name in answers.names])
        self.scale = np.array([float(f"{v:.4g}") for v in np.maximum(honest.std(0), floor)])
        self.boost = np.array(
            [settings.guard_scale if name in GUARDS else 1.0 for name in answers.names], dtype=np.float32
        )
        self.guard_weight = settings.guard_weight * np.array(
            [settings.denial_weight if g.kind == "denied" else 1.0 for g in guard_list]
        )
        self.pairs = [(answers.names.index(a), answers.names.index(b)) for a, b in PRODUCTS]
        self.rows, self.guards = self.expand(answers.matrix), self.expand(guard_rows)

    def expand(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standardised features and their products."""
        plain = model.standardise(matrix, self.mean, self.scale).astype(np.float32)
        first, second = np.array(self.pairs, dtype=np.intp).reshape(-1, 2).T
        return plain, plain[:, first] * plain[:, second]

    def fit(self, rows: np.ndarray, guard_rows: np.ndarray) -> Fitted:
        """Fit on a mask of the corpus and a mask of the guards."""
        from sklearn.linear_model import LogisticRegression

        answers, settings = self.answers, self.settings
        projects = sorted(set(answers.project[rows & answers.honest]))
        nuisance = np.array(
            [[project == name for name in projects] for project in answers.project[rows]], dtype=np.float32
        )
        blocks = [
            np.vstack([self.rows[0][rows], self.guards[0][guard_rows]]) * self.boost,
            np.vstack([self.rows[1][rows], self.guards[1][guard_rows]]),
            np.vstack([nuisance * settings.nuisance, np.zeros((guard_rows.sum(), len(projects)), np.float32)]),
        ]
        weight = np.where(answers.honest[rows], 1.0, settings.wrong_weight)
        weight = np.concatenate([weight, self.guard_weight[guard_rows]])
        label = np.concatenate([answers.label[rows], self.guard_label[guard_rows]])
        learner = LogisticRegression(C=settings.strength, solver="newton-cholesky")
        learner.fit(np.hstack(blocks), label, sample_weight=weight)
        coefficients = learner.coef_[0]
        plain, products = len(answers.names), len(self.pairs)
        bias = np.ravel(learner.intercept_)[0] + settings.nuisance * coefficients[plain + products :].mean()
        return Fitted(coefficients[:plain] * self.boost, coefficients[plain : plain + products], float(bias))


def cross_validate(
    trainer: Trainer,
    answers: corpus.Corpus,
    fold: np.ndarray,
    guard_fold: np.ndarray,
    probe: tuple[np.ndarray, np.ndarray],
    probe_fold: np.ndarray,
    tell: Callable[[str], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-sample probability of every row, and of every probe (mean over the models that have not seen its
    conversations).
    """
    chance, probed, times = np.zeros(len(answers.system)), np.zeros(len(probe_fold)), np.zeros(len(probe_fold))
    for project in sorted(set(answers.project)):
        for number in sorted(set(fold)):
            held = (answers.project == project) & (fold == number)
            fitted = trainer.fit((answers.project != project) & (fold != number), guard_fold != number)
            chance[held] = fitted.chance(trainer.rows[0][held], trainer.rows[1][held])
            mine = probe_fold == number
            probed[mine] += fitted.chance(probe[0][mine], probe[1][mine])
            times[mine] += 1
        tell(f"  held out {project}")
    return chance, probed / times


def leave_one_system_out(trainer: Trainer, answers: corpus.Corpus) -> np.ndarray:
    """Out-of-sample probability of every row, each system by a model that saw all others, those of its project too."""
    chance = np.zeros(len(answers.system))
    guards = np.ones(len(trainer.guard_label), bool)
    for name in sorted(set(answers.system)):
        held = answers.system == name
        fitted = trainer.fit(~held, guards)
        chance[held] = fitted.chance(trainer.rows[0][held], trainer.rows[1][held])
    return chance


def in_sample(trainer: Trainer, answers: corpus.Corpus) -> np.ndarray:
    """Probability of every row by a model that saw all of them, that very row too."""
    rows = np.ones(len(answers.system), bool)
    return trainer.fit(rows, np.ones(len(trainer.guard_label), bool)).chance(*trainer.rows)
