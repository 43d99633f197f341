"""Updates of memories on labelled pairs: what is archived, kept and merged, by MemOS and by the rules of mem0 and Zep.

    python scripts/bench_updates.py [--pairs tests/data/updates/dev.jsonl] [--fit] [--mem0ai] [--to FILE] [--wrong]

Each pair is an older and a newer memory of one user. ``archived`` is the share of superseded old memories that are
live no more while the new one is; ``lost`` the share of coexisting pairs of which one is gone; ``merged`` the share of
duplicates that are one memory; ``precision`` the share of archived old memories that were superseded. MemOS runs
through its facade, mem0 and Zep through their judgement on two facts; mem0ai, where it is installed and a model is
configured, through its own ``Memory``. docs/updates.md gives the method. ``--fit`` fits the weights on the pairs first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from baselines.extract.relation import CONTRADICTS, RICHER, SAME, relate
from memos import MemOS
from memos.embed.base import Embedder
from memos.embed.minilm import MiniLM
from memos.infrastructure.vault import Is
from memos.language.updates.fit import LabelledPair, fit, load_pairs, write

Outcome = str
"""``archived`` (only the new one lives), ``merged`` (one lives), ``both``."""
Judge = Callable[[LabelledPair], Outcome]


class KnownVectors:
    """An embedder that has seen the pairs at once, so that a run is quick; anything else goes to the model."""

    def __init__(self, embedder: MiniLM, pairs: Sequence[LabelledPair]) -> None:
        self._embedder, self.dim, self.name = embedder, embedder.dim, embedder.name
        self.max_tokens, self.pooled = embedder.max_tokens, 0
        texts = sorted({text for pair in pairs for text in (pair.old, pair.new)})
        self._known = dict(zip(texts, embedder.encode(texts), strict=True))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known |= dict(zip(fresh, self._embedder.encode(fresh), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def identity(self) -> Mapping[str, object]:
        return self._embedder.identity()


def through_memos(embedder: Embedder) -> Judge:
    """Both memories added through the facade by a user of their own, the outcome read from what is live."""
    memory, users = MemOS(embedder=embedder), count()

    def outcome(pair: LabelledPair) -> Outcome:
        user = f"u{next(users)}"
        first, second = (memory.add(text, user=user)[0].cube_id for text in (pair.old, pair.new))
        live = set(memory.vault.find(Is("cube_id", first, second), namespaces=[user]))
        if live == {first, second}:
            return "both"
        return "archived" if live == {second} else "merged"

    return outcome


def through_rules(embedder: Embedder, merging: Sequence[str]) -> Judge:
    """The judgement on two facts that mem0's and Zep's rules share; mem0 merges a richer wording, Zep does not."""

    def outcome(pair: LabelledPair) -> Outcome:
        old, new = embedder.encode([pair.old, pair.new])
        relation = relate(pair.new, pair.old, float(old @ new))
        if relation == CONTRADICTS:
            return "archived"
        return "merged" if relation in merging else "both"

    return outcome


def through_mem0ai(pair: LabelledPair) -> Outcome:
    """The vendor's own package with its configured model (environment of ``mem0ai``)."""
    from mem0 import Memory  # pyright: ignore[reportMissingImports]  # only where it is installed

    memory = Memory()
    memory.reset()
    for text in (pair.old, pair.new):
        memory.add(text, user_id="u")
    texts = [item["memory"].lower() for item in memory.get_all(user_id="u")["results"]]
    if len(texts) > 1:
        return "both"
    return "merged" if pair.label == "duplicate" else "archived"


def shares(pairs: Sequence[LabelledPair], outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The figures of a system in per cent."""
    by_label = defaultdict(list)
    for pair, outcome in zip(pairs, outcomes, strict=True):
        by_label[pair.label].append(outcome)
    archived = [pair.label for pair, outcome in zip(pairs, outcomes, strict=True) if outcome == "archived"]
    return {
        "archived": _per_cent([outcome == "archived" for outcome in by_label["supersedes"]]),
        "lost": _per_cent([outcome != "both" for outcome in by_label["coexists"]]),
        "merged": _per_cent([outcome != "both" for outcome in by_label["duplicate"]]),
        "precision": _per_cent([label == "supersedes" for label in archived]),
    }


def _per_cent(hits: Sequence[bool]) -> float:
    return 100 * sum(hits) / len(hits) if hits else float("nan")


def by_kind(pairs: Sequence[LabelledPair], outcomes: Sequence[Outcome]) -> dict[str, str]:
    """For each kind how many of its pairs came out as labelled."""
    wanted = {"supersedes": ("archived",), "coexists": ("both",), "duplicate": ("merged", "archived")}
    counts: dict[str, list[int]] = {}
    for pair, outcome in zip(pairs, outcomes, strict=True):
        row = counts.setdefault(f"{pair.label} {pair.kind}", [0, 0])
        row[0] += outcome in wanted[pair.label]
        row[1] += 1
    return {kind: f"{right}/{total}" for kind, (right, total) in counts.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, nargs="+", default=[Path("tests/data/updates/dev.jsonl")], metavar="FILE")
    parser.add_argument("--fit", action="store_true", help="fit the weights on these pairs and write them")
    parser.add_argument("--mem0ai", action="store_true", help="also the vendor's package, with its model")
    parser.add_argument("--wrong", action="store_true", help="print every pair that MemOS gets wrong")
    parser.add_argument("--to", type=Path, metavar="FILE", help="also write the figures as JSON")
    args = parser.parse_args()
    pairs = [pair for path in args.pairs for pair in load_pairs(path)]
    embedder = KnownVectors(MiniLM(), pairs)
    if args.fit:
        old, new = (np.asarray(embedder.encode([getattr(pair, side) for pair in pairs])) for side in ("old", "new"))
        table = fit(pairs, (old * new).sum(axis=1))
        write(table)
        print(f"fitted on {len(pairs)} pairs; in {table['folds']} folds: {table['in_folds']}")
        return 0
    systems: dict[str, Judge] = {
        "memos": through_memos(embedder),
        "mem0 rules": through_rules(embedder, (SAME, RICHER)),
        "zep rules": through_rules(embedder, (SAME,)),
    }
    if args.mem0ai:
        systems["mem0ai"] = through_mem0ai
    results = {name: [judge(pair) for pair in pairs] for name, judge in systems.items()}
    kinds = {name: by_kind(pairs, outcomes) for name, outcomes in results.items()}
    print(f"{'':32s}" + "".join(f"{name:>12s}" for name in systems))
    for kind in kinds["memos"]:
        print(f"{kind:32s}" + "".join(f"{kinds[name][kind]:>12s}" for name in systems))
    for name, outcomes in results.items():
        print(f"{name:12s}" + "  ".join(f"{key} {value:.1f}" for key, value in shares(pairs, outcomes).items()))
    if args.wrong:
        for pair, outcome in zip(pairs, results["memos"], strict=True):
            if outcome not in {"supersedes": ("archived",), "coexists": ("both",)}.get(
                pair.label, ("merged", "archived")
            ):
                print(f"{pair.label} {pair.kind}: {pair.old} => {pair.new}: {outcome}")
    if args.to:
        figures = {name: shares(pairs, outcomes) | {"kinds": kinds[name]} for name, outcomes in results.items()}
        args.to.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
