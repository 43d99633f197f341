"""Retrieval of a run, from its records: what was found of the evidence, and what a right answer owes to it.

Nothing is searched again, so that a finished run has these numbers as soon as its summary is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.core.types import Question
from eval.datasets.load import official_retrieval
from eval.metrics.ranked import Hit, ranking_measures
from eval.runs import lineage
from eval.runs.format.retrieval import CorrectGiven, RetrievalSummary
from eval.runs.write import RunDir
from eval.stages.bench import Bench
from eval.stages.estimates import estimates, verdict_column
from memos import tokens

Key = tuple[str, int]
Records = Mapping[Key, Mapping[str, Any]]
GRAINS = ("turn", "session")
"""Units of the gold: the evidence turns, and the sessions that hold them."""
EVIDENCE = "turn_all_context"
"""Whether all gold turns are in the context that the answerer read."""


def retrieval(
    bench: Bench, run: RunDir, searched: Records, answers: Records, verdicts: Mapping[str, Records]
) -> RetrievalSummary:
    """Means and intervals of every measure of the retrieval.

    Args:
        bench: the run.
        run: its folder.
        searched: search records, failed ones included.
        answers: answer records, failed ones included.
        verdicts: judge metric (``judge_<name>``) to verdict records.
    """
    questions = bench.dataset.questions
    clusters = {q.key: q.sample_id for q in questions}
    columns = _columns(bench, run, searched)
    words = {key: float(tokens.count_words(r["answer"])) for key, r in answers.items() if lineage.good(r)}
    out = RetrievalSummary(
        metrics=estimates(columns, clusters),
        correct={name: _correct(questions, columns, own) for name, own in verdicts.items()},
        empty_contexts=sum(1 for r in searched.values() if lineage.good(r) and not r["context_words"]),
    )
    if words:
        out["answer_words"] = estimates({"answer_words": words}, clusters)["answer_words"]
    return out


def names_turns(run: RunDir) -> bool:
    """Whether the system says which turns its memories come from: False where it brings some and none names a turn.

    Its recall is then missing; it is 0 for a system that brings nothing.
    """
    memories = run.memories.records
    return not memories or any(memory["turns"] for memory in memories.values())


def _columns(bench: Bench, run: RunDir, searched: Records) -> dict[str, dict[Key, float]]:
    """Measure to question to value, of questions that were searched and name evidence."""
    columns: dict[str, dict[Key, float]] = {}
    talks = {talk.sample_id: talk for talk in bench.dataset.conversations}
    further = official_retrieval(bench.config["dataset"])
    sessions, read, sourced = dict[str, str](), "", names_turns(run)
    for question in bench.dataset.questions:
        record = searched.get(question.key)
        if record is None or not lineage.good(record):
            continue
        talk = talks[question.sample_id]
        if read != talk.sample_id:
            sessions, read = {t.turn_id: session.session_id for session, t in talk.turns()}, talk.sample_id
        memories = [run.memories.records[number] for number in record["hits"]]
        hits = [(memory["turns"], int(memory["words"])) for memory in memories]
        measured = _measured(question, hits, record["used"], sessions) if sourced and question.evidence else {}
        if sourced and further is not None:
            made = further(talk, question, [turns for turns, _ in hits])
            measured |= {f"official_{name}": value for name, value in made.items()}
        for name, value in measured.items():
            columns.setdefault(name, {})[question.key] = value
    return columns


def _measured(question: Question, hits: Sequence[Hit], used: int, sessions: Mapping[str, str]) -> dict[str, float]:
    """Measures of one question by turn and by session; ``sessions``: turn to session."""
    gold = {"turn": question.evidence, "session": [sessions[turn] for turn in question.evidence]}
    ranked = {"turn": hits, "session": [({sessions[t] for t in of if t in sessions}, n) for of, n in hits]}
    return {
        f"{grain}_{name}": value
        for grain in GRAINS
        for name, value in ranking_measures(ranked[grain], gold[grain], used).items()
    }


def _correct(
    questions: Sequence[Question], columns: Mapping[str, Mapping[Key, float]], verdicts: Records
) -> CorrectGiven:
    """How often a judge said correct where all evidence was in the context, and where it was not.

    Over questions that can be answered and name evidence; one that failed has no evidence in its context, and is wrong.
    """
    whole = columns.get(EVIDENCE, {})
    clusters = {q.key: q.sample_id for q in questions if q.evidence and not q.unanswerable}
    said = verdict_column(verdicts, clusters)
    groups = {
        "evidence": {key: value for key, value in said.items() if whole.get(key) == 1},
        "no_evidence": {key: value for key, value in said.items() if whole.get(key) != 1},
    }
    return CorrectGiven(**estimates(groups, clusters))  # type: ignore[typeddict-item]
