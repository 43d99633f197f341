"""A table and histories in PersonaMem's format. Every person is made up."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

MESSAGES = [
    {"role": "system", "content": "Current user persona: Lena, a gardener."},
    {"role": "user", "content": "User: I stopped eating meat in spring."},
    {"role": "assistant", "content": "Assistant: I will suggest vegetable dishes."},
    {"role": "system", "content": "Current user persona: Lena, a gardener."},
    {"role": "user", "content": "User: Running hurts my knees, I swim now."},
    {"role": "assistant", "content": "Assistant: Swimming is kind to the knees."},
]
OPTIONS = ["(a) Try a steak house", "(b) Try the lentil stew", "(c) Go for a long run", "(d) Buy a boat"]


def asked(question_id: str, kind: str, text: str, right: str, end: int, **fields: Any) -> dict[str, Any]:
    row = {
        "persona_id": "0",
        "question_id": question_id,
        "question_type": kind,
        "topic": "food",
        "user_question_or_message": text,
        "correct_answer": right,
        "all_options": str(OPTIONS),
        "shared_context_id": "c0ffee",
        "end_index_in_shared_context": str(end),
    }
    return row | fields


def rows() -> list[dict[str, Any]]:
    sports = str(["(a) swimming", "(b) running", "(c) climbing", "(d) chess"])
    return [
        asked("q1", "suggest_new_ideas", "User: What could I eat tonight?", "(b)", 3),
        asked("q2", "recall_user_shared_facts", "What is my sport?", "(a)", 6, all_options=sports),
        asked("q3", "provide_preference_aligned_recommendations", "What shall I cook?", "(b)", 6),
    ]


def written(folder: Path, table: list[dict[str, Any]], messages: Any = MESSAGES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "questions_32k.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    lines = [{"c0ffee": messages}, {"other": []}]
    (folder / "shared_contexts_32k.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder


def synthetic(folder: Path) -> dict[str, Any]:
    return {"path": str(written(folder / "personamem", rows()))}
