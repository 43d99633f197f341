"""Size, writing time and opening time of the report page: ``python scripts/bench_report.py [--systems 9] [--questions
1540]``.

Makes runs of invented words in a temporary folder, as large as LOCOMO's (588 turns and 154 questions a conversation,
contexts of up to the whole conversation, two judges of which one explains itself), writes their page and opens it in
headless Chromium.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eval.answerers.prompts import PROMPTS
from eval.command.script import add_to
from eval.core.types import Dataset
from eval.datasets.locomo import load
from eval.report.figures import make_figures
from eval.report.groups import RunGroup
from eval.report.page.browser import Browser, find_chromium
from eval.report.page.write import write_page
from eval.stats import interval

TURNS, A_CONVERSATION = 588, 154
CATEGORIES = (4, 4, 4, 4, 4, 1, 1, 2, 2, 3)
DEPTHS = (0, 3, TURNS, 24, 20, 30, 15, 40, 25)
"""Turns that each system puts into its context; the third is full context."""
METRICS = (
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
    "bertscore_f1",
    "similarity",
    *(f"evidence_recall_at_{k}" for k in (5, 10, 20, 50)),
    *(f"evidence_recall_words_{w}" for w in (200, 400, 800, 1600, 3200)),
)
LIMITS = {"page MB": 40.0, "write s": 60.0, "open s": 2.0}


class Words:
    """Sentences of invented words, as frequent as words are."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgk"
        self.known = ["".join(self.random.choices(letters, k=self.random.randint(2, 9))) for _ in range(6000)]
        self.weights = [1 / (n + 2) for n in range(len(self.known))]

    def say(self, count: int) -> str:
        return " ".join(self.random.choices(self.known, self.weights, k=count))


def write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")


def make_dataset(path: Path, questions: int, words: Words) -> Dataset:
    """Conversations of 588 turns with 154 questions each, until there are enough."""
    samples = []
    for start in range(0, questions, A_CONVERSATION):
        turns = [
            {"speaker": ("Ada", "Ben")[t % 2], "dia_id": f"D1:{t + 1}", "text": words.say(23)} for t in range(TURNS)
        ]
        qa = [
            {
                "question": words.say(10) + "?",
                "answer": words.say(4),
                "category": CATEGORIES[q % 10],
                "evidence": [f"D1:{words.random.randint(1, TURNS)}"],
            }
            for q in range(min(A_CONVERSATION, questions - start))
        ]
        conversation = {
            "speaker_a": "Ada",
            "speaker_b": "Ben",
            "session_1_date_time": "1:00 pm on 3 May, 2023",
            "session_1": turns,
        }
        samples.append({"sample_id": f"made-{len(samples) + 1}", "conversation": conversation, "qa": qa})
    path.write_text(json.dumps(samples), encoding="utf-8")
    return load(path)


def make_run(folder: Path, number: int, dataset: Dataset, words: Words) -> None:
    """One system's run folder."""
    depth, draw, fingerprint = DEPTHS[number % len(DEPTHS)], words.random, f"bench{number:05d}"
    contexts, memories, search, answers, scores = {}, [], [], [], []
    judged: dict[str, list[dict[str, Any]]] = {"offline": [], "llm": []}
    texts = {c.sample_id: [f"{t.speaker}: {t.said}" for _, t in c.turns()] for c in dataset.conversations}
    first = {name: n * TURNS for n, name in enumerate(texts)}
    for name, own in texts.items():
        memories += [
            {"id": first[name] + i, "sample_id": name, "text": t, "turns": [f"D1:{i + 1}"], "words": 24}
            for i, t in enumerate(own)
        ]
    for q in dataset.questions:
        key = {"sample_id": q.sample_id, "qa_index": q.qa_index}
        hits = list(range(TURNS)) if depth == TURNS else sorted(draw.sample(range(TURNS), depth))
        context = f"{q.sample_id} {number} {'all' if depth == TURNS else q.qa_index}"
        contexts[context] = "\n".join(texts[q.sample_id][i] for i in hits)
        search.append(
            {
                **key,
                "status": "ok",
                "context_id": context,
                "context_words": 24 * depth,
                "context_tokens": 30 * depth,
                "used": depth,
                "hits": [first[q.sample_id] + i for i in hits],
                "ms": 1.0,
            }
        )
        answers.append(
            {**key, "status": "ok", "answer": words.say(6), "model": "made-up", "prompt_hash": PROMPTS["default"].hash}
        )
        scores.append({**key, "values": {m: draw.random() for m in METRICS}})
        for judge, records in judged.items():
            label = draw.choice(("correct", "wrong"))
            records.append(
                {
                    **key,
                    "label": label,
                    "score": draw.random(),
                    "runs": [label],
                    "model": judge,
                    "raw": [words.say(40)] if judge == "llm" else ["p=0.5"],
                }
            )
    files = {"memories": memories, "search": search, "answers": answers, "scores/metrics-bench": scores}
    files["contexts"] = [{"id": k, "text": v} for k, v in contexts.items()]
    for name, records in (files | {f"scores/judge_{j}-bench": r for j, r in judged.items()}).items():
        write_lines(folder / f"{name}.jsonl", records)
    write_json(folder / "summary.json", summary(number, fingerprint, dataset, scores, judged))
    config = {"dataset": {"name": "locomo", "path": dataset.path}}
    write_json(
        folder / "manifest.json",
        {"config": config, "packages": {f"package-{n}": "1.0" for n in range(150)}, "sessions": []},
    )


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def summary(
    number: int, fingerprint: str, dataset: Dataset, scores: list, judged: Mapping[str, list]
) -> dict[str, Any]:
    """The summary of a made-up run."""
    columns = {m: [r["values"][m] for r in scores] for m in METRICS}
    columns |= {f"judge_{j}": [float(r["label"] == "correct") for r in rows] for j, rows in judged.items()}
    clusters = [q.sample_id for q in dataset.questions]

    def entries(numbers: list[int]) -> dict[str, Any]:
        intervals = {m: interval([c[i] for i in numbers], [clusters[i] for i in numbers]) for m, c in columns.items()}
        return {
            m: {"mean": e.mean, "ci95": None if e.low is None else [e.low, e.high], "n": e.n}
            for m, e in intervals.items()
        }

    places = {c: [i for i, q in enumerate(dataset.questions) if q.category == c] for c in sorted(set(CATEGORIES))}
    sizes = {str(c): len(own) for c, own in places.items()}
    return {
        "schema": 1,
        "experiment": "bench",
        "system": f"made{number}",
        "track": "paper",
        "fingerprint": fingerprint,
        "complete": True,
        "n": len(clusters),
        "failed": 0,
        "display": {"label": f"made-up system {number}"},
        "answerer": "made-up",
        "judge": "offline",
        "embedder": "none",
        "llm": "none",
        "dataset": {"name": dataset.name, "sha256": dataset.sha256, "n_by_category": sizes},
        "metrics": entries(list(range(len(clusters)))),
        "by_category": {str(c): entries(own) for c, own in places.items()},
        "ledger": {},
        "not_comparable": ["made up"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Size, writing time and opening time of the report page on invented runs."
    )
    parser.add_argument("--systems", type=int, default=9, help="runs on the page (default: 9)")
    parser.add_argument("--questions", type=int, default=1540, help="questions made for each (default: 1540)")
    add_to(parser, "copy the page to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root, words = Path(scratch), Words(0)
        dataset = make_dataset(root / "made.json", args.questions, words)
        folders = [root / "runs" / "bench" / f"made{n}" for n in range(args.systems)]
        for number, folder in enumerate(folders):
            make_run(folder, number, dataset, words)
        start = time.perf_counter()
        group, page = RunGroup("bench", tuple(folders)), root / "report.html"
        make_figures([group], root)
        drawn = time.perf_counter() - start
        write_page(page, group, sorted((root / "figures").glob("*.png")))
        figures = {"page MB": page.stat().st_size / 2**20, "write s": time.perf_counter() - start}
        if find_chromium():
            with Browser() as browser:
                figures["open s"] = sorted(browser.open(page) for _ in range(3))[1]
        if args.to:
            args.to.write_bytes(page.read_bytes())
    print(f"{args.systems} systems, {args.questions} questions (figures {drawn:.1f} s of the writing)")
    for name, value in figures.items():
        print(
            f"{name:8} {value:6.2f}  must be at most {LIMITS[name]:g}: "
            f"{'holds' if value <= LIMITS[name] else 'DOES NOT HOLD'}"
        )
    if "open s" not in figures:
        print("open s   not measured: no Chromium on the PATH")
    return 1 if any(value > LIMITS[name] for name, value in figures.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
