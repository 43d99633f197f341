"""One instance of LongMemEval: a haystack of chats and the question on it, checked and brought into the house's types.

What a system is given holds nothing of the annotation: sessions and turns are named by their place in time, because
the names of the file say which sessions hold the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eval.core.config import nearest
from eval.core.types import Question
from eval.datasets.dates import longmemeval_time
from eval.datasets.longmemeval.files import SIZES
from eval.datasets.reading import JsonPlace
from memos.types import Conversation, Session, Turn

SPEAKERS = ("user", "assistant")
ABSTENTION = "_abs"
"""End of the id of a question that cannot be answered."""
"""``2023/05/30 (Tue) 23:40``; the weekday says nothing that the date does not, and is not read."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What was read, and what of it is worth a note."""

    conversation: Conversation
    question: Question
    unsorted: bool
    """Whether the sessions were not in order of time."""
    late: int
    """Sessions after the question's date."""
    repeated: int
    """Sessions whose id another one of the haystack has."""
    empty: int
    """Turns and sessions without a word, which are left out."""


class Texts:
    """Equal texts become one: haystacks share most of their sessions."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def one(self, text: str) -> str:
        """The first text that is equal."""
        return self._kept.setdefault(text, text)


def public_id(question_id: str) -> str:
    """The name of an instance in records: a system is given it, and the file's own ids end in ``_abs`` where the
    question cannot be answered.
    """
    return f"lme-{hashlib.sha256(question_id.encode()).hexdigest()[:10]}"


def read(place: JsonPlace, raw: Any, texts: Texts) -> Instance:
    """Check an instance and bring it into the house's types.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    if not isinstance(raw, dict):
        raise place.error(f"expected an object, found {raw!r:.60}")
    question_id = place.get(raw, "question_id", str, "a text")
    ids, dates, chats = _haystack(place, raw)
    times = [longmemeval_time(place / "haystack_dates" / i, date) for i, date in enumerate(dates)]
    order = sorted(range(len(chats)), key=times.__getitem__)  # stable: equal times stay in the order of the file
    sessions, evidence, empty = [], [], 0
    for number, i in enumerate(order, 1):
        turns = list(_turns(place / "haystack_sessions" / i, chats[i], number, texts))
        said = tuple(turn for turn, _ in turns if turn.text.strip())
        empty += len(turns) - len(said) + (not said)
        evidence += [turn.turn_id for turn, holds in turns if holds and turn.text.strip()]
        if said:
            sessions.append(Session(f"session_{number}", times[i], texts.one(dates[i]), said))
    if not sessions:
        raise (place / "haystack_sessions").error("no session with a turn")
    question = _question(place, raw, question_id, tuple(evidence))
    asked = question.asked
    return Instance(
        conversation=Conversation(question.sample_id, SPEAKERS, tuple(sessions)),
        question=question,
        unsorted=order != list(range(len(chats))),
        late=sum(asked is not None and time > asked for time in times),
        repeated=len(ids) - len(set(ids)),
        empty=empty,
    )


def _haystack(place: JsonPlace, raw: dict[str, Any]) -> tuple[list[str], list[str], list[Any]]:
    """Ids, dates and chats of the sessions: three lists of one length."""
    lists = {key: place.get(raw, f"haystack_{key}", list, "a list") for key in ("session_ids", "dates", "sessions")}
    sizes = {key: len(own) for key, own in lists.items()}
    if len(set(sizes.values())) > 1:
        raise (place / "haystack_sessions").error(
            f"{raw['question_id']}: {sizes['sessions']} sessions, {sizes['dates']} dates and {sizes['session_ids']} ids"
        )
    for i, name in enumerate(lists["session_ids"]):
        if not isinstance(name, str):
            raise (place / "haystack_session_ids" / i).error(f"expected a text, found {name!r:.60}")
    gold = place.get(raw, "answer_session_ids", list, "a list of session ids")
    for i, name in enumerate(gold):
        if name not in lists["session_ids"]:
            raise (place / "answer_session_ids" / i).error(f"{raw['question_id']}: {name!r} is not in the haystack")
    return lists["session_ids"], lists["dates"], lists["sessions"]


def _turns(place: JsonPlace, chat: Any, number: int, texts: Texts) -> Iterator[tuple[Turn, bool]]:
    """Each turn of a session, and whether it holds the answer."""
    if not isinstance(chat, list):
        raise place.error(f"expected a list of turns, found {chat!r:.60}")
    for i, raw in enumerate(chat):
        here = place / i
        if not isinstance(raw, dict):
            raise here.error(f"expected an object, found {raw!r:.60}")
        role = here.get(raw, "role", str, "user or assistant")
        if role not in SPEAKERS:
            raise (here / "role").error(f"expected user or assistant, found {role!r:.40}")
        holds = raw.get("has_answer", False)
        if not isinstance(holds, bool):
            raise (here / "has_answer").error(f"expected true or false, found {holds!r:.40}")
        text = here.get(raw, "content", str, "a text")
        yield Turn(texts.one(f"D{number}:{i + 1}"), role, texts.one(text)), holds


def _question(place: JsonPlace, raw: dict[str, Any], question_id: str, evidence: tuple[str, ...]) -> Question:
    kind = place.get(raw, "question_type", str, "a text")
    if kind not in SIZES:
        raise (place / "question_type").error(f"{question_id}: unknown type {kind!r:.40}; {nearest(kind, SIZES)}")
    absent = question_id.endswith(ABSTENTION)
    return Question(
        sample_id=public_id(question_id),
        qa_index=0,
        category=kind,
        text=place.get(raw, "question", str, "a text"),
        gold=_answer(place, raw, question_id),
        evidence=evidence,
        unanswerable=absent or None,
        asked=longmemeval_time(place / "question_date", place.get(raw, "question_date", str, "a date")),
        rule="abstention" if absent else None,
    )


def _answer(place: JsonPlace, raw: dict[str, Any], question_id: str) -> str:
    answer = raw.get("answer")
    if isinstance(answer, bool) or not isinstance(answer, str | int) or answer == "":
        raise (place / "answer").error(f"{question_id}: expected a text or an integer, found {answer!r:.60}")
    return str(answer)
