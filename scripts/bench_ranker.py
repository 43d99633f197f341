"""Does the ranker of MemOS hold away from home? Evidence recall of every source at home and away, beside plain fusion.

    python scripts/bench_ranker.py [--data FILE] [--beam FOLDER] [--chats N] [--generated] [--unseen]

``home`` are the weights that ship: on conversations that were fitted on, those of the fold that left them out. ``away``
are weights of a fit on the other sources of the call. ``open`` is away without the gate that falls back
to fusion. Beside them reciprocal rank fusion, BM25 over windows and the embeddings alone, over the same units with the
same passages as hits. Recall at 20 hits and within budgets of NLTK words, in percent, with the interval of 95 % (over
conversations) of the paired difference to the best of the three.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from eval.command.script import add_cache, add_data, embeddings, locomo, one_line_errors
from eval.datasets.ranker_sources import FITTED_CHATS, beam_source, beam_unseen, generated_source, locomo_source
from eval.metrics.retrieval import BUDGETS, evidence_metrics
from eval.stats.intervals import interval
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM
from memos.operation.retrieval import ranker
from memos.operation.retrieval.diverse import spread_turns
from memos.operation.retrieval.features import FEATURES
from memos.operation.retrieval.feedback import second_look
from memos.operation.retrieval.fit import TrainQuestion, TrainSource, fit_looks, questions, weighed
from memos.operation.retrieval.passages import Shape, assemble
from memos.operation.retrieval.retrieve import RRF_COLUMNS

Scorer = Callable[[TrainQuestion], np.ndarray]
COLUMNS = ("evidence_recall_at_20", *(f"evidence_recall_words_{budget}" for budget in BUDGETS))
PLAIN = ("fusion", "BM25 windows", "dense")
DEPTH = 60
"""Hits looked at: enough for 3,200 words."""


def column(name: str) -> Scorer:
    """Rows by one feature."""
    return lambda one: one.table[:, FEATURES.index(name)].astype(np.float64)


def fusion(one: TrainQuestion) -> np.ndarray:
    """Reciprocal rank fusion, with the bonus for the meant speaker that MemOS gives without its ranker."""
    return ranker.fused(one.table, RRF_COLUMNS) * (1 + 0.3 * (column("speaker")(one) > 0))


def plain_fusion(one: TrainQuestion) -> np.ndarray:
    return ranker.fused(one.table, RRF_COLUMNS)


def by_weights(first: np.ndarray, second: np.ndarray) -> Scorer:
    """Both looks with given weights."""
    return lambda one: second_look(one.index, one.question, one.table @ first, weights=second)


def shipped(one: TrainQuestion) -> np.ndarray:
    """What MemOS does."""
    if not ranker.familiar(one.index):
        return fusion(one)
    fold = one.index.fold
    return by_weights(ranker.weights(fold=fold), ranker.feedback_weights(fold=fold))(one)


def gated(scorer: Scorer, seen: Sequence[TrainQuestion]) -> Scorer:
    """Fusion where a store is unlike those of a fit."""
    lengths = [one.index.window_lengths(0)[1] for one in seen]
    low, high = min(lengths) / ranker.MARGIN, max(lengths) * ranker.MARGIN

    def score(one: TrainQuestion) -> np.ndarray:
        return scorer(one) if low <= one.index.window_lengths(0)[1] <= high else fusion(one)

    return score


def recall(one: TrainQuestion, scores: np.ndarray, turns: bool) -> list[float]:
    """``COLUMNS`` of one question."""
    index = one.index
    passages = assemble(index, spread_turns(index, scores) if turns else scores, Shape(), DEPTH)
    hits = [(set(index.turn[list(p.rows)].tolist()), int(index.words[list(p.rows)].sum())) for p in passages]
    measured = evidence_metrics(hits, one.gold.tolist())
    assert measured is not None
    return [100 * measured[name] for name in COLUMNS]


def table(name: str, asked: Sequence[TrainQuestion], arms: Mapping[str, Scorer]) -> None:
    """Print one source."""
    talks = [one.sample_id for one in asked]
    reached = {
        arm: np.array([recall(one, scorer(one), arm not in PLAIN) for one in asked]) for arm, scorer in arms.items()
    }
    print(f"\n{name}: {len(asked)} questions of {len(set(talks))} conversations")
    print(f"{'':34}{'at 20':>8}" + "".join(f"{f'{budget} words':>14}" for budget in BUDGETS))
    for arm, rows in reached.items():
        print(f"{arm:34}{rows[:, 0].mean():8.1f}" + "".join(f"{mean:14.1f}" for mean in rows[:, 1:].mean(axis=0)))
    best = [max(PLAIN, key=lambda arm, place=place: reached[arm][:, place].mean()) for place in range(len(COLUMNS))]
    for arm in (arm for arm in arms if arm not in PLAIN):
        cells = []
        for place, other in enumerate(best):
            gap = interval(reached[arm][:, place] - reached[other][:, place], talks)
            cells.append(f"{gap.mean:+.1f} [{_number(gap.low)}, {_number(gap.high)}]")
        print(f"{arm + ' - best plain':34}" + "  ".join(cells))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser)
    add_cache(parser)
    parser.add_argument(
        "--beam", type=Path, metavar="FOLDER", help="folder of BEAM 100K's numbered chats; none: without"
    )
    parser.add_argument(
        "--chats", type=int, default=FITTED_CHATS, metavar="N", help=f"first chats of it (default: {FITTED_CHATS})"
    )
    parser.add_argument("--generated", action="store_true", help="also generated lives of a seed of their own")
    parser.add_argument("--unseen", action="store_true", help="look at the chats of BEAM that nothing is fitted on")
    args = parser.parse_args()
    embedder = CachedEmbedder(MiniLM(), embeddings(args.cache))
    sources = [locomo_source(locomo(args.data))]
    if args.generated:
        sources.append(generated_source())
    if args.beam is not None:
        sources.append(beam_source(args.beam, args.chats))
    asked = {source.name: list(questions(source, embedder)) for source in sources}
    unseen = list(questions(beam_unseen(args.beam), embedder)) if args.unseen and args.beam is not None else []
    print(f"ranker {ranker.digest()}")
    for source in sources:
        others = [one for one in sources if one is not source]
        arms = arms_of(others, [one for other in others for one in asked[other.name]])
        table(source.name, asked[source.name], arms)
        if source.name == "BEAM" and unseen:
            table("BEAM unseen", unseen, arms)


def arms_of(others: Sequence[TrainSource], seen: Sequence[TrainQuestion]) -> dict[str, Scorer]:
    """What is compared on a source, with weights fitted on the other sources where there are some."""
    arms: dict[str, Scorer] = {"home (shipped, cross-fitted)": shipped}
    if seen:
        away = by_weights(*fit_looks(weighed(others, seen)))
        arms |= {"away (without this source)": gated(away, seen), "open (away, no gate)": away}
    return arms | {
        "fusion, turns, speaker": fusion,
        "fusion": plain_fusion,
        "BM25 windows": column("keyword_window"),
        "dense": column("vector"),
    }


if __name__ == "__main__":
    sys.exit(main())
