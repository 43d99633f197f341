"""Fitting ``frames.json``: what tells a denied gold from an answered one by its frame (``scripts/train_frames.py``).

Wrong: every denying template at hand, filled with golds. Right: published answers that gpt-4o-mini called correct and
that hold their gold word for word, and every affirming template. Measured on templates and questions that the fit has
not seen; the cut lies where ``HITS`` of those published answers would be rejected.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.core.categories import locomo_number
from eval.core.types import Dataset, Question
from eval.judges import published, wordings
from eval.judges.offline import corpus, denials, frames, synthetic
from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import sentence_model
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM

OUT = Path(frames.__file__).with_name("frames.json")
FOLDS = 10
FILLINGS = 4
"""Golds that each template is filled with."""
HITS = 17
"""Published answers called correct, of 14,321, that may be rejected."""
STRENGTH = 0.2
"""Inverse strength of the penalty."""
LEAST = 3
"""Templates or questions in which a feature must occur."""
AFFIRMED = 0.3
"""Weight of an affirming template: published answers are what honest systems say, colourful affirmations are not."""
PUBLISHED = 2.0
"""Weight of a published answer."""
SENTENCE = 4.0
"""How much larger MiniLM's vector is made, which weakens its penalty by the square."""
NOTE = (
    "Weights of a statistical model of the words around a gold: words of grammar, of talk and of templates, kinds of "
    "all others, and MiniLM's reading of the sentence without the gold. They derive from LOCOMO (CC BY-NC 4.0), "
    "dial481/locomo-audit's answers (CC BY-NC 4.0) and answers published by memobase and MIRIX (Apache-2.0), with "
    "verdicts of gpt-4o-mini. Not for commercial use. They hold no text of these."
)


@dataclass(frozen=True)
class FramedAnswers:
    """Answers of one kind, alike in length: what each is grouped by (template or question), its features and its
    sentence's vector.
    """

    groups: list[str]
    features: list[Mapping[str, float]]
    vectors: np.ndarray
    denies: bool
    weight: float = 1.0

    @classmethod
    def of(
        cls, grouped: Sequence[tuple[str, Pair]], encode: frames.Encode, denies: bool, weight: float = 1.0
    ) -> FramedAnswers:
        """Read answers; those whose gold stands alone have no frame and are kept without features."""
        pairs = [pair for _, pair in grouped]
        return cls(
            [group for group, _ in grouped],
            [frames.features(pair) for pair in pairs],
            encode([frames.sentence(pair) for pair in pairs]),
            denies,
            weight,
        )

    def take(self, mask: np.ndarray) -> FramedAnswers:
        """The rows of a mask that have a frame."""
        framed_rows = [number for number in np.flatnonzero(mask) if self.features[number]]
        return FramedAnswers(
            [self.groups[n] for n in framed_rows],
            [self.features[n] for n in framed_rows],
            self.vectors[framed_rows],
            self.denies,
            self.weight,
        )

    def framed(self) -> FramedAnswers:
        return self.take(np.ones(len(self.groups), bool))


def filled(templates: Sequence[str], questions: Sequence[Question], chance: random.Random) -> list[tuple[str, Pair]]:
    """Templates with golds put in."""
    return [
        (
            template,
            Pair(
                q.text,
                q.gold,
                template.format(gold=q.gold.strip().rstrip("."), statement=synthetic.statement(q.text)),
                locomo_number(q.category),
            ),
        )
        for template in templates
        for q in chance.sample(questions, FILLINGS)
    ]


def fit(row_sets: Sequence[FramedAnswers], templates: Sequence[str]) -> frames.Weights:
    """Fit on rows that have frames; words of content that no two templates hold are left to their kind."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    groups: dict[str, set[str]] = {}
    for part in row_sets:
        for group, row in zip(part.groups, part.features, strict=True):
            for name in row:
                groups.setdefault(name, set()).add(group)
    known = frames.vocabulary(templates)
    keep = {name for name, templates_of in groups.items() if len(templates_of) >= LEAST and frames.open_to(name, known)}
    plain = DictVectorizer()
    named = plain.fit_transform(
        [{name: value for name, value in row.items() if name in keep} for part in row_sets for row in part.features]
    )
    matrix = hstack([named, csr_matrix(np.vstack([part.vectors for part in row_sets]) * SENTENCE)]).tocsr()
    label = np.concatenate([np.full(len(part.groups), int(part.denies)) for part in row_sets])
    weight = np.concatenate([np.full(len(part.groups), part.weight) for part in row_sets])
    model = LogisticRegression(C=STRENGTH, max_iter=500).fit(matrix, label, sample_weight=weight)
    coefficients = model.coef_[0]
    names = plain.get_feature_names_out()
    table = {
        str(name): float(f"{value:.3g}")
        for name, value in sorted(zip(names, coefficients, strict=False))
        if abs(value) >= 0.01
    }
    vector = np.array([float(f"{value * SENTENCE:.3g}") for value in coefficients[len(names) :]])
    return frames.Weights(float(f"{model.intercept_[0]:.4g}"), table, vector)


def held_out(row_sets: Sequence[FramedAnswers]) -> list[np.ndarray]:
    """Logits of all rows by models that saw neither their template nor their question; far below any cut where there is
    no frame.
    """
    places = []
    for part in row_sets:
        names = sorted(set(part.groups))
        random.Random(1).shuffle(names)
        place = {group: number % FOLDS for number, group in enumerate(names)}
        places.append(np.array([place[group] for group in part.groups]))
    out = [np.full(len(part.groups), -99.0) for part in row_sets]
    for number in range(FOLDS):
        seen = [part.take(place != number) for part, place in zip(row_sets, places, strict=True)]
        weights = fit(seen, sorted({group for part in seen for group in part.groups if "{gold}" in group}))
        for part, place, logits in zip(row_sets, places, out, strict=True):
            mine = np.array([n for n in np.flatnonzero(place == number) if part.features[n]], dtype=int)
            logits[mine] = weights.logits([part.features[n] for n in mine], part.vectors[mine])
    return out


def train(dataset: Dataset, folder: Path, cache: Path, write: bool) -> None:
    """Fit, measure, print and write.

    Args:
        dataset: LOCOMO.
        folder: of published answers with verdicts.
        cache: file of embeddings.
        write: replace the weights that ship; else they are only measured.
    """
    questions = [q for q in dataset.questions if not q.unanswerable]
    deniable = [q for q in questions if not frames.undeniable(q.gold)]
    judged = [
        row
        for rows in published.read_folder(folder).values()
        for row in rows
        if row.labels and row.set_name not in published.WRONG_SETS
    ]
    honest = [corpus.pair_of(row) for row in judged if row.accepted]
    encode = sentence_model(CachedEmbedder(MiniLM(), cache)).encode
    known = wordings.tuned()
    templates = [
        list(dict.fromkeys(lists))
        for lists in ((*synthetic.DENIED, *known.denied), (*synthetic.WORDED, *known.affirmed))
    ]
    chance = random.Random(5)
    denied, affirmed = (filled(texts, deniable, chance) for texts in templates)
    held = [(pair.question, pair) for pair in honest if frames.read(pair)]
    row_sets = [
        FramedAnswers.of(denied, encode, True),
        FramedAnswers.of(held, encode, False, PUBLISHED),
        FramedAnswers.of(affirmed, encode, False, AFFIRMED),
    ]
    low, high, given = held_out(row_sets)
    cut = float(f"{np.sort(high)[-HITS - 1] + 0.005:.2f}")
    figures = {
        "denying_templates": len(templates[0]),
        "affirming_templates": len(templates[1]),
        "honest": len(honest),
        "honest_holding_gold": len(held),
        "denying_caught": round(float((low >= cut).mean()), 4),
        "affirming_hit": round(float((given >= cut).mean()), 4),
        "honest_hit": int((high >= cut).sum()),
        "rules_alone": {
            name: round(float(np.mean([denials.ruled(pair) for _, pair in rows])), 4)
            for name, rows in (("denying_caught", denied), ("affirming_hit", affirmed))
        },
    }
    table = fit([part.framed() for part in row_sets], [*templates[0], *templates[1]])
    print(json.dumps(figures, indent=1), f"features {len(table.features)}, cut {cut}")
    if write:
        content = {
            "note": NOTE,
            "made_by": "scripts/train_frames.py",
            "held_out": figures,
            "cut": cut,
            "bias": table.bias,
            "weights": table.features,
        }
        text = (
            json.dumps(content, indent=1, ensure_ascii=False)[:-2]
            + ',\n "sentence": '
            + json.dumps(table.sentence.tolist())
            + "\n}\n"
        )
        OUT.write_text(text, encoding="utf-8")
        print(f"wrote {OUT}")
