"""What each record was made from: digests that tie search, answer, verdict and metric values to one another.

A record keeps them as ``made_from``. One whose parents have changed, or are gone, counts as absent: it is made again,
and stays in the file as history. Stages compare all links; readers, who have no dataset, those between records. A
record from before there were links has only those that could be read off its neighbours (``eval.runs.write``), so only
these are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.core.identity import digest
from eval.core.identity import record as plain
from eval.core.types import Question

Key = tuple[str, int]
Record = Mapping[str, Any]
VOLATILE = frozenset(
    {
        "ms",
        "seconds",
        "stats",
        "losses",
        "search_ms",
        "answer_ms",
        "from_cache",
        "batched",
        "cached_tokens",
        "attempts",
        "raw",
        "error",
        "errors",
        "traceback",
        "hits",
    }
)
"""Fields that equal runs may differ in: times, chance of caches, wording of errors, numbers of memories. Seals guard
them.
"""
ASKING = ("asked",)
"""Fields of a question, beside its text, that a memory system sees."""
PUT_ALONE = ("options", "instruction")
"""Those that an answerer sees and a memory system does not."""
PUTTING = (*ASKING, *PUT_ALONE)
"""Those that an answerer sees."""
JUDGING = ("golds", "rubric", "rule")
"""Those that a judge sees, beside text, gold and category."""


def of_store(store: str) -> dict[str, str]:
    """Links of an ingest record: the fingerprint of the store."""
    return {"store": store}


def of_search(store: str, question: Question, gold_turns: Sequence[str]) -> dict[str, str]:
    """Links of a search record: the store and the query."""
    return {"store": store, "query": digest([question.text, list(gold_turns), *further(question, ASKING)])}


def of_answer(
    context_id: str, question: Question, wording: str, speakers: Sequence[str], prompt: str
) -> dict[str, str]:
    """Links of an answer: the context, the question as it was put (``wording``), the prompt."""
    put = [wording, list(speakers), *further(question, PUTTING)]
    return {"context": context_id, "question": digest(put), "prompt": prompt}


def of_verdict(question: Question, answer: str) -> dict[str, str]:
    """Links of a verdict: the answer, and the question with its gold."""
    judged = [question.text, question.gold, question.category, *further(question, JUDGING)]
    return {"answer": digest(answer), "question": digest(judged)}


def of_values(question: Question, answer: str | None, searched: Record) -> dict[str, str | None]:
    """Links of metric values: the answer (None: there is none), the question with gold and evidence, the memories."""
    return {
        "answer": None if answer is None else digest(answer),
        "question": question_digest(question),
        "context": searched["context_id"],
        "hits": searched.get("hits_digest"),
    }


def of_latency(store: str, question: Question, prompt: str) -> dict[str, str]:
    """Links of a timed question."""
    added = further(question, PUTTING)
    return {"store": store, "question": digest([question.text, *added] if added else question.text), "prompt": prompt}


def question_digest(question: Question) -> str:
    """Digest of what a question is scored by; two runs may be paired on it where theirs agree."""
    scored = [question.text, question.gold, question.category, list(question.evidence)]
    return digest([*scored, *further(question, (*JUDGING, *PUTTING))])


def put_alone(questions: Sequence[Question]) -> list[Any]:
    """What an answerer alone sees of questions, beside their text; empty for a data set without any of it."""
    return [[*q.key, *added] for q in questions if (added := further(q, PUT_ALONE))]


def further(question: Question, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Those of some fields that a question has: nothing for one that has none of them, as LOCOMO's."""
    given = {name: plain(value) for name in fields if (value := getattr(question, name)) is not None}
    return [given] if given else []


def current(record: Record | None, links: Mapping[str, Any]) -> bool:
    """Whether a record was made from these parents (links that it does not have are not compared)."""
    return record is not None and all(
        links.get(name) == value for name, value in (record.get("made_from") or {}).items()
    )


def good(record: Record | None) -> bool:
    return record is not None and record.get("status", "ok") == "ok"


def linked(record: Record, parents: Mapping[str, Any]) -> bool:
    """Like ``current``, for readers: only links among ``parents`` are compared."""
    own = record.get("made_from") or {}
    return all(own[name] == value for name, value in parents.items() if name in own)


def answers_in_force(answers: Mapping[Key, Record], searched: Mapping[Key, Record]) -> dict[Key, Record]:
    """Answers whose question was searched with success and whose context is still that of the search."""
    return {
        key: record
        for key, record in answers.items()
        if "made_from" not in record
        or (good(searched.get(key)) and linked(record, {"context": searched[key]["context_id"]}))
    }


def verdicts_in_force(verdicts: Mapping[Key, Record], answers: Mapping[Key, Record]) -> dict[Key, Record]:
    """Verdicts on the answers as they are now. ``answers``: those in force."""
    return {
        key: record
        for key, record in verdicts.items()
        if "made_from" not in record
        or (good(answers.get(key)) and linked(record, {"answer": digest(answers[key]["answer"])}))
    }


def values_in_force(
    scored: Mapping[Key, Record], answers: Mapping[Key, Record], searched: Mapping[Key, Record]
) -> dict[Key, Record]:
    """Metric values of the answers and memories as they are now. ``answers``: those in force."""
    out = {}
    for key, record in scored.items():
        if "made_from" in record:
            search, answer = searched.get(key), answers.get(key)
            text = answer["answer"] if answer is not None and good(answer) else None
            if search is None or not good(search):
                continue
            parents = {
                "answer": None if text is None else digest(text),
                "context": search["context_id"],
                "hits": search.get("hits_digest"),
            }
            if not linked(record, parents):
                continue
        out[key] = record
    return out


def state(records: Mapping[Any, Record]) -> dict[str, Any]:
    """How many records a summary rests on and their digest: equal for equal runs, whatever order and time they were
    made in.
    """
    rows = sorted(([key, _essence(record)] for key, record in records.items()), key=lambda row: str(row[0]))
    return {"records": len(rows), "digest": digest(rows)}


def _essence(record: Any) -> Any:
    if not isinstance(record, Mapping):
        return record
    if record.get("status") == "error" or record.get("label") == "error":
        return "error"
    return {name: _essence(value) for name, value in record.items() if name not in VOLATILE}
