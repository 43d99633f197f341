"""The data of the report page: one index that is read at once, and one block a system that is read when looked at."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.types import CATEGORIES, Dataset

LETTERS = {"correct": "c", "wrong": "w", "unparsed": "u", "error": "e"}
HITS_SHOWN = 50
"""Ranked memories kept a question, where a system returned more and used fewer."""
RECALL = ("evidence_recall_words_1600", "evidence_recall_at_20")
"""The recall shown beside each verdict: the first of these that a run has."""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Whole lines of a JSON-lines file; an unfinished last one is left out; none where there is no file."""
    if not path.exists():
        return []
    data = path.read_bytes()
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


@dataclass(frozen=True)
class RunFiles:
    """One run folder, read."""

    folder: Path
    summary: Mapping[str, Any]
    manifest: Mapping[str, Any]
    search: Mapping[tuple, Mapping[str, Any]]
    answers: Mapping[tuple, Mapping[str, Any]]
    judged: Mapping[str, Mapping[tuple, Mapping[str, Any]]]
    values: Mapping[tuple, Mapping[str, float]]

    @classmethod
    def read(cls, folder: Path) -> RunFiles:
        def keyed(path: Path) -> dict[tuple, dict[str, Any]]:
            return {(r["sample_id"], r["qa_index"]): r for r in read_lines(path)}

        judged, values = {}, {}
        newest = sorted((folder / "scores").glob("*.jsonl"), key=lambda p: p.stat().st_mtime)
        for path in newest:
            if path.name.startswith("judge_"):
                judged[path.stem.removeprefix("judge_").rpartition("-")[0]] = keyed(path)
            else:
                values.update({key: record["values"] for key, record in keyed(path).items()})
        return cls(
            folder,
            json.loads((folder / "summary.json").read_text(encoding="utf-8")),
            json.loads((folder / "manifest.json").read_text(encoding="utf-8")),
            keyed(folder / "search.jsonl"), keyed(folder / "answers.jsonl"), judged, values,
        )  # fmt: skip


def pack(value: Any) -> str:
    """JSON, gzip with a fixed time stamp, base64: equal data give equal pages."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return base64.b64encode(gzip.compress(text, 6, mtime=0)).decode()


def questions_of(dataset: Dataset, runs: Sequence[RunFiles]) -> list:
    """The questions that at least one run asked, in the dataset's order."""
    asked = set().union(*(run.search.keys() for run in runs))
    return [q for q in dataset.questions if q.key in asked]


def index(
    title: str, dataset: Dataset, runs: Sequence[RunFiles], ids: Sequence[str],
    tables: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, str]], notes: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """What the page needs to draw itself: questions, verdict letters, recall, tables, figures, runs."""
    questions = questions_of(dataset, runs)
    judges = list(dict.fromkeys(name for run in runs for name in run.judged))
    primary = [run.summary["judge"] for run in runs if run.summary.get("judge") in judges]
    judges.sort(key=lambda name: (name not in primary, name))
    turns: dict[str, dict[str, list[str]]] = {}
    wanted = {(q.sample_id, turn) for q in questions for turn in q.evidence}
    for conversation in dataset.conversations:
        for session, turn in conversation.turns():
            if (conversation.sample_id, turn.turn_id) in wanted:
                turns.setdefault(conversation.sample_id, {})[turn.turn_id] = [
                    session.time_text, turn.speaker, turn.said
                ]  # fmt: skip
    return {
        "title": title,
        "notes": list(notes),
        "categories": {str(c): name for c, name in CATEGORIES.items()},
        "questions": [
            {"s": q.sample_id, "i": q.qa_index, "c": q.category, "q": q.text, "g": q.gold, "e": list(q.evidence)}
            for q in questions
        ],
        "turns": turns,
        "judges": judges,
        "systems": [_system(run, name) for run, name in zip(runs, ids, strict=True)],
        "verdicts": {name: {j: _letters(run, j, questions) for j in judges} for run, name in zip(runs, ids, strict=True)},
        "recall": {name: [_recall(run, q.key) for q in questions] for run, name in zip(runs, ids, strict=True)},
        "tables": list(tables),
        "figures": list(figures),
    }


def _letters(run: RunFiles, judge: str, questions: Sequence) -> str:
    records = run.judged.get(judge, {})
    return "".join(LETTERS.get(records[q.key]["label"], "e") if q.key in records else "x" for q in questions)


def _recall(run: RunFiles, key: tuple) -> int:
    """Evidence recall in percent, -1 where the question has no evidence."""
    values = run.values.get(key, {})
    return next((round(100 * values[name]) for name in RECALL if name in values), -1)


def _system(run: RunFiles, name: str) -> dict[str, Any]:
    s, m = run.summary, run.manifest
    sessions = m["sessions"]
    facts = [
        ("state", "complete" if s["complete"] else "unfinished"), ("questions", f"{s['n']} ({s['failed']} failed)"),
        ("track", s["track"]), ("answerer", s["answerer"]), ("language model", s["llm"]), ("embedder", s["embedder"]),
        ("judge", s["judge"]), ("fingerprint", s["fingerprint"]), ("dataset", f"{s['dataset']['name']} {s['dataset']['sha256']}"),
        ("commit", f"{sessions[-1]['code']['commit']}{' with changes' if sessions[-1]['code']['dirty'] else ''}"),
        ("command", "python " + " ".join(sessions[-1]["command"])), ("started", ", ".join(x["started"] for x in sessions)),
        ("processor", f"{m['hardware']['cpu']}, {m['hardware']['cores']} cores"),
        ("tokens", "; ".join(f"{p}: {v['calls']} calls, {v['prompt_tokens']}+{v['completion_tokens']}" for p, v in s["ledger"].items() if v["calls"]) or "no model calls"),
        ("not comparable with the paper", "; ".join(s["not_comparable"]) or "comparable"),
    ]  # fmt: skip
    return {
        "id": name,
        "label": s["display"]["label"],
        "prompt": m.get("prompt", ""),
        "facts": [[key, str(value)] for key, value in facts],
        "config": json.dumps(m["config"], indent=1, ensure_ascii=False),
        "provenance": json.dumps({k: m[k] for k in ("sessions", "hardware", "dataset", "packages")}, indent=1),
    }


def block(run: RunFiles, dataset: Dataset, runs: Sequence[RunFiles]) -> dict[str, Any]:
    """One system's answers, verdicts, metrics, memories and contexts, aligned with the index's questions.

    Contexts are kept as lists of line numbers into one list of distinct lines, since most lines occur in many.
    """
    keys = [q.key for q in questions_of(dataset, runs)]
    lines: dict[str, int] = {}
    contexts, numbers = [], {}
    for record in read_lines(run.folder / "contexts.jsonl"):
        numbers[record["id"]] = len(contexts)
        contexts.append([lines.setdefault(line, len(lines)) for line in record["text"].split("\n")])
    shown, wanted = [], {}
    for key in keys:
        record = run.search.get(key, {})
        limit = max(HITS_SHOWN, 0) if len(record.get("hits", ())) > HITS_SHOWN else None
        ids = record.get("hits", [])[:limit]
        shown.append([wanted.setdefault(i, len(wanted)) for i in ids])
    texts = {r["id"]: [r["text"], r["turns"]] for r in read_lines(run.folder / "memories.jsonl") if r["id"] in wanted}
    names = sorted({name for key in keys for name in run.values.get(key, {})})
    return {
        "answers": [run.answers[k].get("answer") if k in run.answers else None for k in keys],
        "errors": [(run.answers.get(k) or run.search.get(k) or {}).get("error", "") for k in keys],
        "judged": {name: [_verdict(records.get(k)) for k in keys] for name, records in run.judged.items()},
        "metrics": {n: [_short(run.values.get(k, {}).get(n)) for k in keys] for n in names},
        "memories": [texts[i] for i in wanted],
        "hits": shown,
        "used": [run.search.get(k, {}).get("used", 0) for k in keys],
        "lines": list(lines),
        "contexts": contexts,
        "context_of": [numbers.get(run.search.get(k, {}).get("context_id")) for k in keys],
    }


def _verdict(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if record is None else {"label": record["label"], "score": record["score"], "raw": record["raw"]}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
