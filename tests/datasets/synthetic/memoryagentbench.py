"""Rows in MemoryAgentBench's format, as lines of JSON. Every fact is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FACTS = [f"{number}. The keeper of lighthouse {number % 9} is called Keeper {number}." for number in range(60)]


def row(source: str, context: str, asked: dict[str, list[str]], **metadata: Any) -> dict[str, Any]:
    """A row; ``asked``: question to its accepted answers."""
    own = {"source": source, "demo": None, "qa_pair_ids": None, "question_types": None} | metadata
    return {"context": context, "questions": list(asked), "answers": list(asked.values()), "metadata": own}


def conflicts() -> list[dict[str, Any]]:
    asked = {
        "Who is the keeper of lighthouse 5?": ["Keeper 59"],
        "Who keeps lighthouse 4?": ["Keeper 58", "keeper fifty-eight"],
    }
    return [
        row("factconsolidation_sh_6k", "\n".join(FACTS), asked),
        row("factconsolidation_mh_6k", "\n".join(reversed(FACTS)), {"Who keeps lighthouse 2?": ["Keeper 56"]}),
    ]


def retrieval() -> list[dict[str, Any]]:
    story = "Mara walked to the mill. The miller gave her a blue key. She opened the old gate. It was raining."
    chat = "Chat Time: 2023/05/20. User: I bought a red bicycle. Assistant: Nice colour!"
    return [
        row("eventqa_full", story, {"What happened after the mill?": ["She opened the old gate"]}),
        row(
            "longmemeval_s*",
            chat,
            {"Which bicycle did I buy?": ["a red one"], "Which car did I buy?": ["It was never said."]},
            question_types=["single-session-user", "knowledge-update"],
            question_ids=["q1", "q2_abs"],
            question_dates=["2023/05/30 (Tue) 23:40", "2023/05/31 (Wed) 08:05"],
        ),
    ]


def learning() -> list[dict[str, Any]]:
    context = "Where is my card?\nlabel: 43\nI lost my phone.\nlabel: 12"
    return [
        row("icl_banking77_5900shot_balance", context, {"Where did my card go?": ["43"]}),
        row("recsys_redial_full", "A film about a whale.", {"What next?": ["Jaws"]}),
    ]


def written(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return file


def folder_of(folder: Path) -> Path:
    """A folder of the files, by the names of the official ones."""
    written(folder / "data" / "Conflict_Resolution-00000-of-00001.jsonl", conflicts())
    written(folder / "data" / "Accurate_Retrieval-00000-of-00001.jsonl", retrieval())
    written(folder / "data" / "Test_Time_Learning-00000-of-00001.jsonl", learning())
    return folder


def synthetic(folder: Path) -> dict[str, Any]:
    splits = ["Conflict_Resolution", "Accurate_Retrieval", "Test_Time_Learning"]
    return {"path": str(folder_of(folder)), "splits": splits, "chunk_tokens": 200}
