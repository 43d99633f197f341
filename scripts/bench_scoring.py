"""Measure scoring: the public way (one pair at a time, reference libraries) against ours, on given published answers.

    python scripts/bench_scoring.py ../shared/data/published/mirix_run1.jsonl.gz

Prints CPU seconds of one thread, ratios, and whether the values agree. The one-pair way of the semantic metrics is
slow; --semantic-peer N times it on N pairs spread over the file and extrapolates, which the output says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.command.script import one_line_errors
from eval.core.categories import locomo_number
from eval.core.types import JudgeTask
from eval.judges import published
from eval.judges.offline import OfflineJudge
from eval.metrics import encoders, peer
from eval.metrics.lexical import Lexical
from eval.metrics.semantic import Semantic
from memos.embed.minilm import MiniLM

Pairs = list[tuple[str, str]]


def read_tasks(path: Path) -> list[JudgeTask]:
    """The answers of a JSON-lines file, gzipped or not, as tasks for a judge."""
    return [JudgeTask(row.question, row.gold, row.answer, locomo_number(row.category)) for row in published.read(path)]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """The result of some work and the CPU seconds of this process."""
    start = time.process_time()
    return work(), time.process_time() - start


def columns(pairs: Pairs) -> tuple[list[str], list[str]]:
    return [gold for gold, _ in pairs], [answer for _, answer in pairs]


def bench_lexical(pairs: Pairs) -> tuple[float, float]:
    """Print and return the CPU seconds of the peer and of ours (golds not prepared before)."""
    peer.lexical_pair("a warm start. of it", "loads the data")
    Lexical().score(["nothing here."], ["is cached for later!"])
    theirs, slow = timed(lambda: [peer.lexical_pair(gold, answer) for gold, answer in pairs])
    ours, fast = timed(lambda: Lexical().score(*columns(pairs)))
    _, again = timed(lambda: Lexical().score([gold for gold, _ in pairs], [f"{answer} " for _, answer in pairs]))
    equal = {
        name: sum(row[name] == value for row, value in zip(theirs, ours[name], strict=True)) for name in peer.LEXICAL
    }
    print(
        f"lexical: one pair at a time {slow:.2f} s, ours {fast:.2f} s, ratio {slow / fast:.1f} (bar: ours within 3 s)"
    )
    print(f"  ours for a further system with the same golds and fresh answers: {again:.2f} s")
    worst = min(equal, key=lambda name: equal[name])
    print(f"  bit-equal values: {'all nine metrics on every row' if equal[worst] == len(pairs) else equal}")
    print(f"  ours computes f1_locomo and f1_mem0 besides ({len(ours)} values a pair against {len(peer.LEXICAL)})")
    return slow, fast


def bench_semantic(pairs: Pairs, subset: int) -> tuple[float, float]:
    """Print and return the CPU seconds of the peer (extrapolated where it ran on a subset) and of ours, fp32."""
    step = max(len(pairs) // subset, 1) if subset else 1
    sample = pairs[::step]
    scale = len(pairs) / len(sample)
    model = peer.SemanticPeer()
    model.bertscore("warm", "up")
    similar, first = timed(lambda: [model.similarity(gold, answer) for gold, answer in sample])
    berts, second = timed(lambda: [model.bertscore(gold, answer) for gold, answer in sample])
    Semantic().score(["warm"], ["up"])
    ours, fast = timed(lambda: Semantic().score(*columns(pairs)))
    slow = (first + second) * scale
    said = f", extrapolated from {len(sample)} of {len(pairs)} pairs" if scale != 1 else ""
    print(
        f"similarity and BERTScore (fp32, {model.name}): one pair at a time {slow:.1f} s (similarity "
        f"{first * scale:.1f}, BERTScore {second * scale:.1f}{said}), ours {fast:.1f} s, ratio {slow / fast:.1f}"
    )
    for name, column in (("similarity", similar), ("bertscore_f1", berts)):
        gap = max(abs(a - b) for a, b in zip(column, ours[name][::step], strict=True))
        print(f"  {name}: largest difference {gap:.1e} on {len(sample)} pairs (target 1e-6)")
    return slow, fast


def bench_bfloat16(pairs: Pairs) -> None:
    """Print time and deviation of the bfloat16 option."""
    exact = Semantic().score(*columns(pairs))
    scorer = Semantic(Semantic.Config(dtype="bfloat16"))
    scorer.score(["warm"], ["up"])
    columns_now, seconds = timed(lambda: scorer.score(*columns(pairs)))
    gaps = {name: max(abs(a - b) for a, b in zip(exact[name], columns_now[name], strict=True)) for name in exact}
    print(
        f"bfloat16 (option, flagged): {seconds:.1f} s; largest differences "
        + ", ".join(f"{name} {gap:.1e}" for name, gap in gaps.items())
    )


class Clocked:
    """An embedder without a cache that adds up its CPU seconds."""

    def __init__(self) -> None:
        self.inner = MiniLM()
        self.name, self.dim, self.seconds = self.inner.name, self.inner.dim, 0.0
        self.max_tokens = self.inner.max_tokens

    @property
    def pooled(self) -> int:
        return self.inner.pooled

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors, seconds = timed(lambda: self.inner.encode(texts))
        self.seconds += seconds
        return vectors


def bench_judge(tasks: list[JudgeTask]) -> float:
    """Print and return the CPU seconds of the offline judge's verdicts beside the metrics of the same answers, nothing
    cached on disk.
    """
    encoders.token_encoder.cache_clear()
    shared = encoders.token_encoder(encoders.MINILM, "cpu", "float32")
    embedder = Clocked()
    judge = OfflineJudge(embedder=embedder)
    strict = OfflineJudge(OfflineJudge.Config(rubric="strict"), embedder=embedder)
    list(judge.judge([JudgeTask("Is it warm?", "warm", "up", 4)]))
    _, metrics = timed(lambda: Semantic().score([task.gold for task in tasks], [task.answer for task in tasks]))
    read, embedder.seconds = shared.read, 0.0
    verdicts, cost = timed(lambda: list(judge.judge(tasks)))
    texts = len({text for task in tasks for text in (task.gold, task.answer)})
    print(
        f"offline judge, {len(verdicts)} verdicts after similarity and BERTScore ({metrics:.1f} s) of the same "
        f"answers: {cost:.1f} s more (target 30 s on 2 cores; question with answer {embedder.seconds:.1f}, features "
        f"and the rest {cost - embedder.seconds:.1f})"
    )
    print(f"  {shared.read - read} of {texts} golds and answers had to be read again")
    _, once_more = timed(lambda: list(strict.judge(tasks)))
    print(f"  offline_strict on the same answers: {once_more:.1f} s more")
    return cost


@one_line_errors
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path, help="JSON lines with gold and answer, gzipped or not")
    parser.add_argument("--lexical-only", action="store_true", help="leave the semantic metrics out")
    parser.add_argument(
        "--semantic-peer",
        type=int,
        default=154,
        metavar="N",
        help="pairs the one-pair way of the semantic metrics runs on; 0 for all (default 154)",
    )
    parser.add_argument("--bfloat16", action="store_true", help="time the bfloat16 option too")
    options = parser.parse_args(arguments)
    tasks = read_tasks(options.answers)
    pairs = [(task.gold, task.answer) for task in tasks]
    print(f"{options.answers.name}: {len(pairs)} pairs; CPU seconds, one thread")
    slow, fast = bench_lexical(pairs)
    if not options.lexical_only:
        import torch

        torch.set_num_threads(1)
        more_slow, more_fast = bench_semantic(pairs, options.semantic_peer)
        ratio = (slow + more_slow) / (fast + more_fast)
        print(f"all together: {slow + more_slow:.1f} s against {fast + more_fast:.1f} s, ratio {ratio:.1f} (target 6)")
        bench_judge(tasks)
        if options.bfloat16:
            bench_bfloat16(pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
