"""Generated conversations in LOCOMO's format, which any reader of that format takes; written as a stream.

Categories become LOCOMO's integers. The own names, all accepted forms and the question date stand beside them in
fields that readers of the format ignore: ``category_name``, ``answers``, ``question_date``, ``question_id``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval.datasets.generated.build import ConversationDraft, conversations
from eval.datasets.generated.calendar import MONTHS
from eval.datasets.generated.records import GeneratedQuestion, GeneratedSession, Knobs

LOCOMO_CATEGORY = {
    "single-hop": 4,
    "multi-hop": 1,
    "temporal": 2,
    "knowledge-update": 4,
    "point-in-time": 2,
    "counting": 1,
    "ordering": 2,
    "preference": 4,
    "unanswerable": 5,
}
"""The data set's category to the nearest one of LOCOMO; none of them is open-domain (3)."""


def write(path: Path, knobs: Knobs) -> int:
    """Write a data set; one conversation is in memory at a time. Returns the number of turns."""
    turns = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for number, conversation in enumerate(conversations(knobs)):
            out.write("[\n" if number == 0 else ",\n")
            for chunk in _chunks(conversation):
                turns += chunk.count('"dia_id"')
                out.write(chunk)
        out.write("\n]\n")
    return turns


def sample(conversation: ConversationDraft) -> dict[str, Any]:
    """One conversation as an object of the format."""
    return json.loads("".join(_chunks(conversation)))


def _chunks(conversation: ConversationDraft) -> Iterator[str]:
    """The JSON text of one conversation, session by session, questions last."""
    first, second, *further = conversation.speakers
    head: dict[str, Any] = {"speaker_a": first, "speaker_b": second}
    if further:
        head["further_speakers"] = further
    yield f'{{"sample_id": {_json(conversation.sample_id)}, "conversation": {_json(head)[:-1]}'
    for session in conversation.sessions():
        name = f"session_{session.number}"
        turns = [{"speaker": turn.speaker, "dia_id": turn.turn_id, "text": turn.text} for turn in session.turns]
        yield f',\n "{name}_date_time": {_json(time_text(session))}, "{name}": {_json(turns)}'
    questions = ",\n  ".join(_json(_question(question)) for question in conversation.questions())
    yield f'}},\n "qa": [\n  {questions}\n ]}}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def time_text(session: GeneratedSession) -> str:
    """When a session was, such as ``1:56 pm on 8 May, 2023``."""
    at = session.time
    half = "am" if at.hour < 12 else "pm"
    return f"{at.hour % 12 or 12}:{at.minute:02d} {half} on {at.day} {MONTHS[at.month - 1]}, {at.year}"


def _question(question: GeneratedQuestion) -> dict[str, Any]:
    record: dict[str, Any] = {
        "question": question.text,
        "evidence": list(question.evidence),
        "category": LOCOMO_CATEGORY[question.category],
        "category_name": question.category,
        "question_date": question.asked.isoformat(),
        "question_id": question.question_id,
    }
    if question.unanswerable:
        return record if question.trap is None else {**record, "adversarial_answer": question.trap}
    return {**record, "answer": question.golds[0], "answers": list(question.golds)}
