"""Facts and their keys: intervals, evidence, absence of support."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

import pytest

from eval.datasets.generated.build import ConversationDraft, generate
from eval.datasets.generated.calendar import MONTHS, date_forms, number_words, past_phrase, session_times
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.records import CATEGORIES, GeneratedConversation, Knobs
from eval.datasets.generated.world import EVENT, STATE, TASTE, TRAIT


@lru_cache(maxsize=1)
def _conversations() -> tuple[GeneratedConversation, ...]:
    return tuple(generate(Knobs(conversations=6, seed=3)))


CASES = range(6)


def _texts(conversation: GeneratedConversation) -> dict[str, str]:
    return {turn.turn_id: turn.text for session in conversation.sessions for turn in session.turns}


@pytest.mark.parametrize("case", CASES)
def test_turn_ids_are_unique_and_evidence_exists(case: int) -> None:
    conversation = _conversations()[case]
    ids = [turn.turn_id for session in conversation.sessions for turn in session.turns]
    assert len(ids) == len(set(ids))
    for question in conversation.questions:
        assert set(question.evidence) <= set(ids), question
        assert len(question.evidence) == len(set(question.evidence))
        assert bool(question.evidence) != question.unanswerable


@pytest.mark.parametrize("case", CASES)
def test_every_value_of_a_fact_stands_in_its_evidence(case: int) -> None:
    conversation = _conversations()[case]
    texts, facts = _texts(conversation), {fact.fact_id: fact for fact in conversation.facts}
    seen = 0
    for fact_id, slot, turns in conversation.evidence:
        if slot == "when" or facts[fact_id].kind == "relation":
            continue
        said = " ".join(texts[turn] for turn in turns).lower()
        assert facts[fact_id][slot].lower() in said, (facts[fact_id], slot, said)
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("case", CASES)
def test_plain_golds_stand_in_the_evidence_of_their_question(case: int) -> None:
    conversation = _conversations()[case]
    texts = _texts(conversation)
    checked = 0
    for question in conversation.questions:
        if question.category in ("single-hop", "knowledge-update", "point-in-time", "preference"):
            said = " ".join(texts[turn] for turn in question.evidence).lower()
            assert any(gold.lower() in said for gold in question.golds), question
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("case", CASES)
def test_states_hold_one_after_the_other(case: int) -> None:
    conversation = _conversations()[case]
    lines: dict[tuple[str, str], list] = {}
    for fact in conversation.facts:
        if fact.kind in STATE:
            lines.setdefault((fact.subject.name, fact.kind), []).append(fact)
    for facts in lines.values():
        for old, new in zip(facts, facts[1:], strict=False):
            assert old.end == new.start
            assert old.start is None or old.start < new.start
            assert old["o"] != new["o"]
        assert facts[-1].end is None
    assert any(len(facts) > 1 for facts in lines.values())


@pytest.mark.parametrize("case", CASES)
def test_point_in_time_questions_agree_with_the_intervals(case: int) -> None:
    conversation = _conversations()[case]
    checked = 0
    for question in conversation.questions:
        if question.category != "point-in-time":
            continue
        kind = question.form.split("/")[0]
        named = re.search(r"(?:on (\d+)|in) ([A-Z][a-z]+) (\d{4})\?$", question.text)
        assert named, question.text
        day = date(int(named.group(3)), MONTHS.index(named.group(2)) + 1, int(named.group(1) or 1))
        holds = [
            fact
            for fact in conversation.facts
            if fact.kind == kind
            and re.search(rf"\b{fact.subject.name}\b", question.text)
            and (fact.start or date.min) <= day < (fact.end or date.max)
        ]
        assert [fact["o"] for fact in holds] == [question.golds[0]], question
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("case", CASES)
def test_nothing_supports_the_unanswerable(case: int) -> None:
    conversation = _conversations()[case]
    checked = 0
    for question in conversation.questions:
        if not question.unanswerable:
            continue
        assert question.golds == () and question.evidence == ()
        about = [person for person in conversation.speakers if re.search(rf"\b{person}\b", question.text)]
        kind, _, part = question.form.removeprefix("absent/").partition("/")
        own = [fact for fact in conversation.facts if fact.subject.name in about and fact.kind == kind]
        if not part:
            assert own == [], question
        elif part == "when":
            assert not any(fact["o"].lower() in question.text.lower() for fact in own), question
        else:
            named = [fact for fact in own if fact["o"].lower() in question.text.lower()]
            assert named and not any(part in dict(fact.slots) for fact in named), question
        checked += 1
    assert checked >= 3


def test_values_name_one_fact_of_those_asked_about() -> None:
    for conversation in _conversations():
        for kind in (*EVENT, *TRAIT):
            pairs = [(fact.subject.name, fact["o"]) for fact in conversation.facts if fact.kind == kind]
            assert len(pairs) == len(set(pairs))
        for domain in TASTE:
            options = [fact["o"] for fact in conversation.facts if fact.kind.startswith(f"{domain}:")]
            assert len(options) == len(set(options))


def test_dates_are_told_in_phrases_with_one_reading() -> None:
    today = date(2024, 5, 15)
    assert today.strftime("%w") == "3"
    for number in range(300):
        phrase = past_phrase(Draw("phrase", number), date(2024, 5, 12), today)
        assert phrase in {"three days ago", "last Sunday"} or "12" in phrase, phrase
        phrase = past_phrase(Draw("phrase", number), date(2024, 5, 13), today)
        assert phrase in {"two days ago", "the day before yesterday"}
        phrase = past_phrase(Draw("phrase", number), date(2024, 4, 3), today)
        assert "3" in phrase and "April" in phrase
    assert date_forms(date(2024, 2, 1))[:2] == ("1 February 2024", "February 1, 2024")
    assert [number_words(n) for n in (7, 40, 321, 1005)] == [
        "seven",
        "forty",
        "three hundred and twenty-one",
        "one thousand and five",
    ]


@pytest.mark.parametrize("count", [1, 2, 24, 400, 9000])
def test_session_times_rise(count: int) -> None:
    times = session_times(Draw("times", count), count)
    assert len(times) == count and all(a < b for a, b in zip(times, times[1:], strict=False))
    assert times[-1] < datetime(2026, 1, 1)


def test_records_only_ever_get_better() -> None:
    for conversation in _conversations():
        for person in conversation.speakers:
            marks = [fact["o"] for fact in conversation.facts if fact.subject.name == person and fact.kind == "record"]
            assert marks == sorted(marks, reverse=True)


def test_questions_of_every_category_and_no_text_twice() -> None:
    for conversation in _conversations():
        assert {question.category for question in conversation.questions} == set(CATEGORIES)
        texts = [question.text for question in conversation.questions]
        assert len(texts) == len(set(texts)) == 56
        assert all(question.asked > conversation.sessions[-1].time.date() for question in conversation.questions)


def test_questions_before_the_sessions_are_refused() -> None:
    with pytest.raises(ValueError, match="stream the sessions"):
        ConversationDraft(Knobs(sessions=2), 0).questions()
