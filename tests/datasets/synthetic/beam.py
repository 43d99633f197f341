"""A small BEAM of our own words, in the official layout, with what is malformed in the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ANCHORS = ("March-15-2024", "April-05-2024")
TALK = (
    (
        (
            "I am building a bird feeder out of oak, the first sketch is due on March 20. ->-> 1,1",
            "Oak lasts. Measure twice.",
        ),
        ("My budget for the feeder is 40 dollars. ->-> 2,N/A", "Then plywood for the roof would be cheaper."),
        ("I have never painted anything. ->-> 7,(N/A, but mentioned)", "Start with a primer."),
    ),
    (
        ("The budget for the feeder went up to 55 dollars. ->-> 3,1", "That pays for a copper roof."),
        ("I painted the fence green last year. ->-> 4,2", "A mark ->-> 4,2\ninside stays."),
        ("Always name the tool when I ask for a step. ->-> 4,3", "Noted."),
    ),
)


def chat() -> list[dict[str, Any]]:
    """Two batches; ids ascend over both, and the first message of a batch has its day."""
    batches, number = [], 0
    for batch, (anchor, pairs) in enumerate(zip(ANCHORS, TALK, strict=True), 1):
        groups = []
        for step, (said, reply) in enumerate(pairs):
            first = {"role": "user", "id": number, "index": f"{batch},{step}", "question_type": "main_question"}
            anchored = {"time_anchor": anchor} if step == 0 else {}
            groups.append(
                [{**first, **anchored, "content": said}, {"role": "assistant", "id": number + 1, "content": reply}]
            )
            number += 2
        batches.append({"batch_number": batch, "turns": groups, "time_anchor": None})
    return batches


def _items(*texts: str) -> list[str]:
    return [f"LLM response should state: {text}" for text in texts]


def questions() -> dict[str, list[dict[str, Any]]]:
    """Two questions of each ability, evidence in every form: a list, an object of lists, none."""

    def two(gold: str, answer: str, rubric: list[str], source: Any) -> list[dict[str, Any]]:
        made = []
        for which in ("first", "second"):
            raw = {
                "question": f"The {which} question on {answer}?",
                gold: answer,
                "difficulty": "easy",
                "rubric": rubric,
            }
            made.append(raw if source is None else {**raw, "source_chat_ids": source})
        return made

    update = {"original_info": [2], "updated_info": [6]}
    return {
        "abstention": two("ideal_response", "no information", ["there is no information on the colour"], None),
        "contradiction_resolution": two(
            "ideal_answer",
            "contradictory",
            _items("there is contradictory information"),
            {"first_statement": [4], "second_statement": [8]},
        ),
        "event_ordering": two("answer", "sketch, budget, paint", ["Sketch", "Budget", "Paint"], [0, 6, 8]),
        "information_extraction": two("answer", "March 20", _items("March 20"), [0]),
        "instruction_following": two("expected_compliance", "names the tool", _items("the tool"), [10]),
        "knowledge_update": two("answer", "55 dollars", _items("55 dollars"), update),
        "multi_session_reasoning": two("answer", "two budgets", _items("Two", "40 and 55 dollars"), [2, 6]),
        "preference_following": two("expected_compliance", "uses oak", _items("uses oak"), [0]),
        "summarization": two("ideal_summary", "a feeder of oak", _items("a feeder", "of oak"), [0, 1, 6]),
        "temporal_reasoning": two("answer", "21 days", _items("21 days"), {"first_event": [0], "second_event": [6]}),
    }


def write(place: Path, batches: list[Any] | None = None, asked: Any = None, *, truncated: bool = False) -> None:
    """One chat into its folder, as the repository has it."""
    (place / "probing_questions").mkdir(parents=True, exist_ok=True)
    name = "chat_trunecated.json" if truncated else "chat.json"
    (place / name).write_text(json.dumps(chat() if batches is None else batches), encoding="utf-8")
    file = place / "probing_questions" / "probing_questions.json"
    file.write_text(json.dumps(questions() if asked is None else asked), encoding="utf-8")


def synthetic(folder: Path) -> dict[str, Any]:
    """Two chats of 100K below a folder; the fields of the configuration that read them."""
    for number in (1, 2):
        write(folder / "chats" / "100K" / str(number), truncated=number == 2)
    return {"path": str(folder)}
