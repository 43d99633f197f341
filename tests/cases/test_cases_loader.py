"""Data files as other tools write them, and files of other data sets."""

from __future__ import annotations

import json

import pytest
from case_tools import ending, read, record, trap

LONGMEMEVAL = [
    {
        "question_id": "q1",
        "question": "How many?",
        "answer": 3,
        "question_date": "2023/05/30 (Tue) 23:40",
        "haystack_dates": ["2023/05/20 (Sat) 02:21"],
        "haystack_sessions": [[{"role": "user", "content": "x"}]],
    }
]
NAMED_SPEAKERS = {"name": {"speaker_1": "A"}, "session_1": [], "qa": []}


def dated_record(time: str) -> list[dict]:
    made = record()
    made["conversation"]["session_1_date_time"] = time
    return [made]


def test_c11_an_adversarial_question_may_have_no_answer(tmp_path):
    """snap-research/locomo#41: questions of category 5 have no key ``answer``; some answers are integers."""
    made = trap()
    del made["qa"][0]["answer"]
    (question,) = read(tmp_path, [made]).questions
    assert (question.gold, question.adversarial) == ("", "Bo")
    made = record()
    made["qa"][0]["answer"] = 2022
    assert read(tmp_path, [made]).questions[0].gold == "2022"


def test_c12_an_answer_may_be_null(tmp_path):
    """caura-ai/caura#712: a round trip through pandas turns the missing answer into null, and null into "None"."""
    assert read(tmp_path, [trap(answer=None)]).questions[0].gold == ""


def test_c13_a_byte_order_mark_is_read(tmp_path):
    """langchain-ai/langchain-community#138, microsoft/promptflow#4172: JSON saved by an editor of Windows."""
    assert ending(lambda: read(tmp_path, b"\xef\xbb\xbf" + json.dumps([record()]).encode())) == "done"


def test_c14_nan_is_read_or_told(tmp_path):
    """expectedparrot/edsl#1942: pandas writes NaN, which is no JSON."""
    assert ending(lambda: read(tmp_path, [trap(answer=float("nan"))])) in ("done", "told")


@pytest.mark.parametrize(
    "content",
    [
        LONGMEMEVAL,
        NAMED_SPEAKERS,
        dated_record("2023/05/20 (Sat) 02:21"),
        dated_record("29.12.2023, 17:48:25"),
        dated_record("1:56 pm on 31 June, 2023"),
        dated_record("12:30 p.m. on 1 May, 2023"),
    ],
    ids=["longmemeval", "named speakers", "its dates", "chat dates", "no such day", "dotted pm"],
)
def test_c15_another_data_sets_file_or_dates_are_told(content, tmp_path):
    """agentscope-ai/ReMe#107: dates that cannot be read fall back to today in silence."""
    assert ending(lambda: read(tmp_path, content)) == "told"


def test_c15_nine_past_midnight_is_read(tmp_path):
    """agentscope-ai/ReMe#107: the control."""
    (conversation,) = read(tmp_path, dated_record("12:09 am on 13 September, 2023")).conversations
    assert str(conversation.sessions[0].time) == "2023-09-13 00:09:00"
