"""Turns that have a time of their own are read at it: by the transcript, the rules of the baselines and MemReader."""

from __future__ import annotations

from datetime import datetime

from baselines.extract import turn_facts
from baselines.transcript import line
from memos.cube.clock import FakeClock, SequentialIds
from memos.interface.reader_fast import turn_cube
from memos.operation.retrieval.units import unit_of
from memos.types import Session, Turn, time_text

TEXT = "Yesterday I sold my old kayak to a neighbour from Leeds."
TURN = Turn("D1:2", "Ben", TEXT, time=datetime(2024, 5, 2, 0, 5))
SESSION = Session("session_1", datetime(2024, 5, 1, 23, 55), "11:55 pm on 1 May, 2024", (TURN,))
PLAIN = Turn("D1:2", "Ben", TEXT)
UNDATED = Session("session_1", None, "", (PLAIN,))


def cube(session: Session, turn: Turn):
    return turn_cube(turn, session, dialogue="d", owner="d", ids=SequentialIds("d"), clock=FakeClock())


def test_times_print_as_locomo_prints_them():
    assert time_text(datetime(2023, 5, 8, 13, 56)) == "1:56 pm on 8 May, 2023"
    assert time_text(datetime(2023, 12, 31, 0, 5)) == "12:05 am on 31 December, 2023"
    assert time_text(None) == ""


def test_the_transcript_shows_the_turn_s_own_time_and_none_where_there_is_none():
    assert line(SESSION, TURN).text == f"12:05 am on 2 May, 2024 | Ben: {TEXT}"
    assert line(SESSION, PLAIN).text == f"11:55 pm on 1 May, 2024 | Ben: {TEXT}"
    assert line(UNDATED, PLAIN).text == f"Ben: {TEXT}"


def test_yesterday_of_a_turn_after_midnight_is_the_session_s_day():
    (own,), (plain,) = turn_facts(SESSION, TURN, "Ann"), turn_facts(SESSION, PLAIN, "Ann")
    assert own.time is not None and own.time.date() == datetime(2024, 5, 1).date() and "1 May 2024" in own.text
    assert plain.time is not None and plain.time.date() == datetime(2024, 4, 30).date()


def test_memreader_reads_a_turn_at_its_own_time():
    own, plain = cube(SESSION, TURN), cube(SESSION, PLAIN)
    assert own.descriptive.attributes["said_at"] == "2024-05-02T00:05:00"
    assert own.descriptive.attributes["time_text"] == "12:05 am on 2 May, 2024"
    assert own.descriptive.event_start == datetime(2024, 5, 1) != plain.descriptive.event_start
    assert unit_of(own).time == TURN.time and unit_of(plain).time == SESSION.time
