"""Every rendering of a context that a system may send."""

from datetime import datetime

from eval.answerers.context import parse
from eval.answerers.text import split_sentences

PEOPLE = ("Ada", "Bo")
MORNING = datetime(2021, 3, 18, 9, 30)


def only(text):
    lines = parse(text, PEOPLE)
    assert len(lines) == 1
    return lines[0]


def test_transcript_line():
    line = only("9:30 am on 18 March, 2021 | Ada: I keep bees.")
    assert (line.speaker, line.time, line.text, line.said) == ("Ada", MORNING, "I keep bees.", True)


def test_chunk_that_starts_mid_line_takes_the_next_time():
    lines = parse("ees now.\n9:30 am on 18 March, 2021 | Bo: Nice: really!", PEOPLE)
    assert [(line.text, line.time, line.speaker) for line in lines] == [
        ("ees now.", MORNING, ""),
        ("Nice: really!", MORNING, "Bo"),
    ]


def test_separator_keeps_times_apart():
    lines = parse("9:30 am on 18 March, 2021 | Bo: Hm.\n<->\nand then I left", PEOPLE)
    assert lines[1].time is None and lines[1].speaker == ""


def test_memory_lines_under_headings():
    text = "Memories for user Ada:\n\n- 9:30 am on 18 March, 2021: Keeps bees.\n- 2021-03-18T09:30:00: Sings.\n"
    text += "Memories for user Bo:\n- 2021-03-18: Paints."
    lines = parse(text, PEOPLE)
    assert [(line.speaker, line.text, line.said) for line in lines] == [
        ("Ada", "Keeps bees.", False),
        ("Ada", "Sings.", False),
        ("Bo", "Paints.", False),
    ]
    assert [line.time for line in lines] == [MORNING, MORNING, datetime(2021, 3, 18)]


def test_json_like_block():
    text = '{\n"Ada": [\n  {"memory": "Ada keeps bees", "timestamp": "x"},\n  "2021-03-18 09:30: Ada sings",\n]\n}'
    lines = parse(text, PEOPLE)
    assert lines[-1].text == "Ada sings" and lines[-1].time == MORNING
    assert "Ada keeps bees" in lines[0].text


def test_facts_with_times_at_the_end():
    text = "- Ada keeps bees (event_time: 2021-03-18 09:30)\n- Bo paints (Date range: 2021-03-18 09:30:00 - present)"
    lines = parse(text, PEOPLE)
    assert [(line.text, line.time) for line in lines] == [("Ada keeps bees", MORNING), ("Bo paints", MORNING)]


def test_date_heading():
    lines = parse("Session: 9:30 am on 18 March, 2021\nAda: I keep bees.", PEOPLE)
    assert [(line.speaker, line.time) for line in lines][-1][0] == "Ada"


def test_plain_text_and_nothing():
    assert only("Bees make honey.").speaker == ""
    assert parse("", PEOPLE) == () and parse("\n\n<->\n", PEOPLE) == ()


def test_turn_over_several_lines_keeps_its_speaker():
    lines = parse("9:30 am on 18 March, 2021 | Ada: First.\nSecond.", PEOPLE)
    assert [(line.speaker, line.time) for line in lines] == [("Ada", MORNING)] * 2


def test_sentences():
    assert split_sentences("Mr. Li met J. Doe at 9.30 a day. Was it fun? Yes!") == [
        "Mr. Li met J. Doe at 9.30 a day.",
        "Was it fun?",
        "Yes!",
    ]
