"""A small file in LongMemEval's format, with all that is odd in the real ones. Every fact is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILLER = [
    [
        ("user", "Can you explain how sourdough starters work?"),
        ("assistant", "Wild yeast and bacteria ferment flour and water."),
    ],
    [
        ("assistant", "You can ask me about travel, food or work."),
        ("user", "Which museums in Ghent are open late?"),
        ("assistant", "The design museum opens until nine on Thursdays."),
    ],
    [("user", "Write a short poem about rain."), ("assistant", "Grey drops fall, soft and small.")],
    [("user", "What is a derivative?"), ("assistant", "The slope of a function at a point."), ("user", "Thanks!")],
]
"""Sessions that hold no answer; the second is begun by the assistant, the last has an odd number of turns."""


def chat(lines: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Turns of a session; a third item says whether the turn holds the answer."""
    return [{"role": r, "content": text, **({"has_answer": h[0]} if h else {})} for r, text, *h in lines]


def instance(
    question_id: str, kind: str, question: str, answer: Any, gold: list[list[tuple[Any, ...]]], **fields: Any
) -> dict[str, Any]:
    """A question with its haystack: the gold sessions between fillers, one a day, in order of time."""
    sessions = [("filler_0", FILLER[0]), *((f"answer_{question_id}_{i}", g) for i, g in enumerate(gold, 1))]
    sessions += [(f"filler_{i}", own) for i, own in enumerate(FILLER[1:], 1)]
    return {
        "question_id": question_id,
        "question_type": kind,
        "question": question,
        "question_date": "2023/05/30 (Tue) 23:40",
        "answer": answer,
        "answer_session_ids": [name for name, _ in sessions if name.startswith("answer")],
        "haystack_dates": [f"2023/05/{i + 10} (Wed) 09:{i:02d}" for i in range(len(sessions))],
        "haystack_session_ids": [name for name, _ in sessions],
        "haystack_sessions": [chat(own) for _, own in sessions],
        **fields,
    }


def instances() -> list[dict[str, Any]]:
    """Eight questions: all six types, an integer as answer, and two that cannot be answered."""
    rows = [
        instance(
            "11aa22bb",
            "single-session-user",
            "Which instrument did I buy?",
            "A viola",
            [
                [
                    ("user", "I bought a viola at the flea market.", True),
                    ("assistant", "A viola suits a warm sound.", False),
                ]
            ],
        ),
        instance(
            "22bb33cc",
            "single-session-assistant",
            "Which glue did you recommend for the chair?",
            "Hide glue",
            [
                [
                    ("user", "My chair is broken.", False),
                    ("assistant", "Use hide glue, it can be undone later.", True),
                ]
            ],
        ),
        instance(
            "33cc44dd",
            "single-session-preference",
            "Can you suggest a film for tonight?",
            "The user would prefer quiet films set in the mountains.",
            [[("user", "I love quiet films in the mountains.", True), ("assistant", "Noted.", False)]],
        ),
        instance(
            "44dd55ee",
            "multi-session",
            "How many plants did I buy in all?",
            5,
            [
                [("user", "I bought two ferns today.", True), ("assistant", "Keep them moist.", False)],
                [("user", "Three cacti came by mail.", True), ("assistant", "Water them little.", False)],
            ],
        ),
        instance(
            "gpt4_55ee66ff",
            "temporal-reasoning",
            "How many days lay between the race and the picnic?",
            "8 days. 9 days (including the last day) is also acceptable.",
            [
                [("user", "Today I ran the river race.", True), ("assistant", "Well done!", False)],
                [("user", "We had the picnic today.", True), ("assistant", "Lovely.", False)],
            ],
        ),
        instance(
            "66ff77aa",
            "knowledge-update",
            "Where do I keep my passport?",
            "In the blue box",
            [
                [("user", "My passport is in the drawer.", True), ("assistant", "Good to know.", False)],
                [("user", "I moved my passport to the blue box.", True), ("assistant", "All right.", False)],
            ],
        ),
        instance(
            "11aa22bb_abs",
            "single-session-user",
            "Which piano did I buy?",
            "You did not mention a piano. You mentioned a viola.",
            [[("user", "I bought a viola at the flea market.", False), ("assistant", "It suits you.", False)]],
        ),
        instance(
            "44dd55ee_abs",
            "multi-session",
            "How many roses did I buy?",
            "You did not mention roses.",
            [[("user", "I bought two ferns today.", True), ("assistant", "Keep them moist.", False)]],
        ),
    ]
    odd = rows[3]  # out of order within a day, one session twice under two dates, a turn and a session without a word
    odd["haystack_dates"][1], odd["haystack_dates"][2] = "2023/05/11 (Thu) 18:30", "2023/05/11 (Thu) 08:15"
    odd["haystack_session_ids"][-1] = odd["haystack_session_ids"][0]
    odd["haystack_sessions"][-1] = odd["haystack_sessions"][0]
    odd["haystack_sessions"][-2] = []
    odd["haystack_sessions"][-3].insert(1, {"role": "user", "content": ""})
    return rows


def written(path: Path, rows: Any, **layout: Any) -> Path:
    """The file with these instances."""
    path.write_text(json.dumps(rows, **layout), encoding="utf-8")
    return path


def synthetic(folder: Path) -> dict[str, Any]:
    """Write the file below ``folder``; returns the fields of ``conf/dataset/longmemeval.yaml`` that read it."""
    return {"path": str(written(folder / "haystacks.json", instances()))}
