"""The data of the report page: one index that is read at once, and one block a system that is read when looked at."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

from eval.answerers.prompts import PROMPTS, Prompt
from eval.core.types import Dataset, Question
from eval.report.tables.summaries import judges
from eval.runs.read import Key, Run

LETTERS = {"correct": "c", "wrong": "w", "unparsed": "u", "error": "e", "not_judged": "x"}
NOT_JUDGED = "x"
HITS_SHOWN = 50
"""Ranked memories kept a question, where a system returned more."""
RECALL = ("evidence_recall_words_1600", "evidence_recall_at_20")
"""The recall shown beside each verdict: the first of these that a run has."""


def pack(value: Any) -> str:
    """JSON, gzip with a fixed time stamp, base64: equal data give equal pages."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return base64.b64encode(gzip.compress(text, 6, mtime=0)).decode()


def unpack(text: str) -> Any:
    """What ``pack`` was given."""
    return json.loads(gzip.decompress(base64.b64decode(text)).decode("utf-8", "surrogatepass"))


def asked(dataset: Dataset, runs: Sequence[Run]) -> list[Question]:
    """The questions that at least one run searched, in the dataset's order."""
    searched = set().union(*(run.search for run in runs))
    return [q for q in dataset.questions if q.key in searched]


def question_index(dataset: Dataset, runs: Sequence[Run], ids: Sequence[str]) -> dict[str, Any]:
    """What the page needs before it shows any question: texts, gold, evidence, verdict letters, recall.

    Args:
        dataset: the dataset of the runs.
        runs: in the order of the columns.
        ids: the page's name of each run.
    """
    questions = asked(dataset, runs)
    names = [name.removeprefix("judge_") for name in judges([run.summary for run in runs])]
    used = {record.get("prompt_hash") for run in runs for record in run.answers.values()}
    return {
        "categories": {str(c.id): c.name for c in dataset.categories if any(q.category == c.id for q in questions)},
        "questions": [_question(q) for q in questions],
        "turns": _turns(dataset, questions),
        "speakers": {c.sample_id: list(c.speakers) for c in dataset.conversations},
        "judges": names,
        "prompts": {
            p.hash: {
                "id": p.id,
                "parts": [[role, text] for role, text in (("system", p.system), ("user", p.user)) if text],
            }
            for p in (*PROMPTS.values(), *_own_prompts(runs))
            if p.hash in used
        },
        "verdicts": {i: {j: _letters(run, j, questions) for j in names} for run, i in zip(runs, ids, strict=True)},
        "recall": {i: [_recall(run, q.key) for q in questions] for run, i in zip(runs, ids, strict=True)},
    }


def _own_prompts(runs: Sequence[Run]) -> list[Prompt]:
    """Answer prompts that the runs had from files, by their manifests."""
    recorded = [(run.manifest.get("prompts") or {}).get("answer") for run in runs]
    return [Prompt(one["id"], one["system"], one["user"], one["source"]) for one in recorded if one]


def _question(q: Question) -> dict[str, Any]:
    entry = {"s": q.sample_id, "i": q.qa_index, "c": q.category, "q": q.text, "g": q.gold, "e": list(q.evidence)}
    if q.unresolved:
        entry["un"] = list(q.unresolved)
    return {**entry, "trap": q.adversarial} if q.adversarial else entry


def _turns(dataset: Dataset, questions: Sequence[Question]) -> dict[str, dict[str, list[str]]]:
    """Conversation to turn id to time, speaker and words, of the turns that are evidence."""
    wanted = {(q.sample_id, turn) for q in questions for turn in q.evidence}
    turns: dict[str, dict[str, list[str]]] = {}
    for conversation in dataset.conversations:
        for session, turn in conversation.turns():
            if (conversation.sample_id, turn.turn_id) in wanted:
                own = turns.setdefault(conversation.sample_id, {})
                own[turn.turn_id] = [session.time_text_of(turn), turn.speaker, turn.said]
    return turns


def _letters(run: Run, judge: str, questions: Sequence[Question]) -> str:
    records = run.verdicts.get(f"judge_{judge}", {})
    return "".join(LETTERS.get(records[q.key]["label"], "e") if q.key in records else NOT_JUDGED for q in questions)


def _recall(run: Run, key: Key) -> int:
    """Evidence recall in percent, -1 where the question has no evidence."""
    scores = run.values.get(key, {})
    return next((round(100 * scores[name]) for name in RECALL if scores.get(name) is not None), -1)


def block(run: Run, questions: Sequence[Question]) -> dict[str, Any]:
    """One system's verdicts, metrics, memories and contexts, one entry a question.

    Contexts are kept as lists of line numbers into one list of distinct lines, since most lines occur in many. A
    question's
    ``hits`` are numbers into ``memories`` in ranked order; ``of`` says how many there were before the cut at
    HITS_SHOWN.
    """
    keys = [q.key for q in questions]
    search = [run.search.get(k, {}) for k in keys]
    answers = [run.answers.get(k) for k in keys]
    lines: dict[str, int] = {}
    contexts, numbers = [], {}
    for name in dict.fromkeys(r.get("context_id") for r in search):
        if name in run.contexts:
            numbers[name] = len(contexts)
            contexts.append([lines.setdefault(line, len(lines)) for line in run.contexts[name].split("\n")])
    wanted: dict[int, int] = {}
    hits = [[wanted.setdefault(i, len(wanted)) for i in r.get("hits", ())[:HITS_SHOWN]] for r in search]
    metrics = [name for name in run.summary["metrics"] if not name.startswith("judge_")]
    return {
        "model": _distinct([(a or {}).get("model", "") for a in answers]),
        "prompt": _distinct([(a or {}).get("prompt_hash", "") for a in answers]),
        "cut": {n: a["cut_tokens"] for n, a in enumerate(answers) if a and a.get("cut_tokens")},
        "judged": {name.removeprefix("judge_"): _verdicts(records, keys) for name, records in run.verdicts.items()},
        "metrics": {name: [_short(run.values.get(k, {}).get(name)) for k in keys] for name in metrics},
        "memories": [[run.memories[i]["text"], run.memories[i]["turns"]] for i in wanted],
        "hits": hits,
        "of": {n: len(r["hits"]) for n, r in enumerate(search) if len(r.get("hits", ())) > HITS_SHOWN},
        "used": [r.get("used") or 0 for r in search],
        "words": [r.get("context_words") for r in search],
        "tokens": [r.get("context_tokens") for r in search],
        "lines": list(lines),
        "contexts": contexts,
        "context": [numbers.get(r.get("context_id")) for r in search],
    }


def answer_texts(run: Run, questions: Sequence[Question]) -> list[str | list[str]]:
    """One system's answers; where there is none, a list with the reason alone."""
    texts: list[str | list[str]] = []
    for q in questions:
        search, answer = run.search.get(q.key, {}), run.answers.get(q.key)
        reason = _error(search, answer)
        texts.append([reason] if reason or answer is None else answer["answer"])
    return texts


def _error(search: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str:
    if not search:
        return "not asked in this run"
    if search.get("status", "ok") != "ok":
        return f"search failed: {search.get('error', 'no reason recorded')}"
    if answer is None:
        return "not answered"
    failed = answer.get("status", "ok") != "ok"
    return f"answer failed: {answer.get('error', 'no reason recorded')}" if failed else ""


def _distinct(repeating: Sequence[str]) -> dict[str, Any]:
    """Values that repeat, as distinct ones and a number a question."""
    numbers: dict[str, int] = {}
    return {"of": [numbers.setdefault(v, len(numbers)) for v in repeating], "values": list(numbers)}


def _verdicts(records: Mapping[Key, Mapping[str, Any]], keys: Sequence[Key]) -> dict[str, Any]:
    """A judge's verdicts: who judged, and a question's label, score, runs (where several) and the judge's own words."""
    models = sorted({str(r.get("model", "")) for r in records.values()} - {""})
    rows = []
    for key in keys:
        r = records.get(key)
        runs = list(r.get("runs") or ()) if r else []
        rows.append(
            [r["label"], _short(r.get("score")), runs if len(runs) > 1 else [], list(r.get("raw") or ())] if r else None
        )
    return {"model": ", ".join(models), "rows": rows}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
