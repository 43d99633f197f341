"""What a judge's prose states: denials, conditions, forms and adjectives are no verdicts, in any order of words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.judges.labels import label, yes_no

FRAMES = (
    "{}",
    "The answer is {}",
    "It is {}",
    "This is {}",
    "It's {}",
    "I'd say it is {}",
    "I judge it {}",
    "The response is {}",
    "Verdict: {}",
    "Label: {}",
    "label = {}",
    "The label: {}",
    "My verdict is {}",
    "Answer: {}",
    "So the answer is {}",
    "Therefore {}",
    "=> {}",
    "The dates agree, but it is {}",
    "After all, the answer is {}",
    "Since May came first, it is {}",
)
DENIALS = (
    "not",
    "never",
    "hardly",
    "by no means",
    "in no way",
    "far from",
    "nowhere near",
    "anything but",
    "no longer",
    "certainly not",
    "not at all",
    "not really",
    "not quite",
    "not fully",
    "simply not",
)
DENIED_VERBS = (
    "isn't",
    "wasn't",
    "cannot be",
    "can't be",
    "can not be",
    "should not be marked",
    "couldn't be considered",
    "does not seem",
    "is hardly ever",
    "does not count as",
    "may not be",
    "cannot be judged",
    "is not, in my view,",
    "fails to be",
    "is too vague to be",
    "is unlikely to be",
)
REMOTE = (
    "I do not think",
    "I wouldn't say",
    "It is not the case that",
    "One cannot claim that",
    "I doubt that",
    "Nobody would say",
    "It is false that",
    "It would be a mistake to say that",
    "I disagree that",
    "I am not convinced that",
    "I deny that",
)
TAILS = (
    "",
    ".",
    "!",
    " because the date differs.",
    " as it names Rome.",
    ", since the day differs.",
    "\n",
    " (the day differs)",
)
LABELS = {"CORRECT": "correct", "WRONG": "wrong", "INCORRECT": "wrong"}


@given(st.sampled_from(FRAMES), st.sampled_from(sorted(LABELS)), st.sampled_from(TAILS))
@settings(max_examples=500, deadline=None)
def test_a_plain_statement_is_its_label(frame, word, tail):
    assert label(frame.format(word) + tail) == LABELS[word]


@given(
    st.sampled_from(FRAMES),
    st.sampled_from(DENIALS),
    st.sampled_from(["CORRECT", "correct", "Correct"]),
    st.sampled_from(TAILS),
)
@settings(max_examples=1000, deadline=None)
def test_a_denied_correct_is_never_correct(frame, denial, word, tail):
    assert label(frame.format(f"{denial} {word}") + tail) in ("wrong", "unparsed")


@given(
    st.sampled_from(["The answer", "It", "This", "Given the dates, it", "I believe the answer"]),
    st.sampled_from(DENIED_VERBS),
    st.sampled_from(["CORRECT", "correct"]),
    st.sampled_from(TAILS),
)
@settings(max_examples=500, deadline=None)
def test_a_denying_verb_is_never_correct(subject, verb, word, tail):
    assert label(f"{subject} {verb} {word}{tail}") in ("wrong", "unparsed")


@given(
    st.sampled_from(REMOTE),
    st.sampled_from(["the answer is", "it is", "this is"]),
    st.sampled_from(["CORRECT", "correct"]),
)
@settings(max_examples=200, deadline=None)
def test_a_denial_in_the_main_clause_holds_for_the_other(main, clause, word):
    assert label(f"{main} {clause} {word}.") in ("wrong", "unparsed")


@given(
    st.sampled_from(FRAMES),
    st.sampled_from(["not", "isn't", "by no means", "never"]),
    st.sampled_from(["WRONG", "incorrect"]),
)
@settings(max_examples=200, deadline=None)
def test_a_denied_wrong_is_never_wrong(frame, denial, word):
    assert label(frame.format(f"{denial} {word}")) in ("correct", "unparsed")


@given(
    st.permutations(["CORRECT", "WRONG"]),
    st.sampled_from([" or ", "/", "|", " | ", ", ", '" or "', " vs. "]),
    st.sampled_from(FRAMES),
)
@settings(max_examples=300, deadline=None)
def test_the_form_with_both_labels_chooses_none(words, between, frame):
    assert label(frame.format(between.join(words))) == "unparsed"
    assert label(f'{{"label": "{between.strip(chr(34)).join(words)}"}}') == "unparsed"


STATED = [
    ("The answer is not CORRECT", "wrong"),
    ("Verdict: not CORRECT", "wrong"),
    ("The answer is neither complete nor CORRECT.", "wrong"),
    ("The answer is not only CORRECT but complete.", "correct"),
    ("There is nothing wrong with the answer.", "correct"),
    ("not entirely CORRECT", "wrong"),
    ("not entirely wrong", "unparsed"),
    ("partially CORRECT", "unparsed"),
    ("The answer does not name the day, so WRONG", "wrong"),
    ("Since the answer does not name the day, it is WRONG.", "wrong"),
    ("The answer 7 May 2023 is CORRECT.", "correct"),
    ("CORRECT if it names the day", "unparsed"),
    ("CORRECT only if it names the day.", "unparsed"),
    ("If the date agrees, it is CORRECT.", "unparsed"),
    ("It is CORRECT even if it is vague.", "correct"),
    ("It would have been CORRECT had it named May.", "unparsed"),
    ("It would be CORRECT if it named the month, but it does not, so it is WRONG.", "wrong"),
    ("To be CORRECT it must name the date. It does not, so the answer is wrong.", "wrong"),
    ("CORRECT: the answer touches the topic\nWRONG: otherwise", "unparsed"),
    ("Is it CORRECT?", "unparsed"),
    ("Is it CORRECT or WRONG? WRONG", "wrong"),
    ("the correct answer is Paris, but the response says Rome", "unparsed"),
    ("Correct answer: Paris. Model answer: Rome.", "unparsed"),
    ("The reference answer is correct.", "unparsed"),
    ("This is a correct answer.", "correct"),
    ("The response gives the wrong answer.", "wrong"),
    ("It looks CORRECT at first. The date differs, so WRONG", "wrong"),
    ('The answer says "CORRECT" but this is WRONG', "wrong"),
    ("correct", "correct"),
    ("The answer is incorrect.", "wrong"),
    ("<label>correct</label>", "correct"),
    ("Verdict: yes", "correct"),
    ("The model answered correctly.", "unparsed"),
]


@pytest.mark.parametrize(("text", "right"), STATED)
def test_prose(text, right):
    assert label(text) == right


OBJECTS = [
    ('{"label": "NOT_CORRECT"}', "wrong"),
    ('{"label": "not correct"}', "wrong"),
    ('{"label": "partially correct"}', "unparsed"),
    ('{"label": "correct", "reasoning": "it is not WRONG"}', "correct"),
    ('{"reasoning": "not CORRECT in every detail", "label": "CORRECT"}', "correct"),
    ('{"reason": "it says "yes" to it", "label": "WRONG"}', "wrong"),
    ("{'reasoning': 'It isn\\'t the same', 'label': 'WRONG'}", "wrong"),
    ('{"label": "CORRECT", "reasoning": "the reply was cut', "correct"),
    ('{"evaluation": {"why": "other day", "label": "wrong"}}', "wrong"),
    ('{"label": "CORRECT", "verdict": "WRONG"}', "unparsed"),
    ('{"question": "Who?", "answer": "wrong", "label": "CORRECT"}', "correct"),
    ('{"answer": "yes"}', "unparsed"),
    ('{"answer": "correct"}', "unparsed"),
    ('{"label": "CORRECT"} {"answer": "no"}', "correct"),
    ('{"result": "yes"}', "unparsed"),
    ('{"result": "CORRECT"}', "correct"),
    ('{"is_correct": false}', "wrong"),
    ('{"label": "CORRECT"} or {"label": "WRONG"}', "unparsed"),
    ('Reply {"label": "CORRECT"} or {"label": "WRONG"}. I say {"label": "WRONG"}', "wrong"),
    ('{"label": "CORRECT"} if the dates agree, otherwise {"label": "WRONG"}', "unparsed"),
    ('The dates do not agree {"label": "WRONG"}', "wrong"),
    ('The label is not {"label": "CORRECT"}', "unparsed"),
]


@pytest.mark.parametrize(("text", "right"), OBJECTS)
def test_objects(text, right):
    assert label(text) == right


THOUGHT = [
    ("<think>CORRECT? The day differs.</think>\nWRONG", "wrong"),
    ('maybe {"label": "WRONG"}</think>{"label": "CORRECT"}', "correct"),
    ('<think>{"label": "CORRECT"}', "unparsed"),
    ("[THINK]WRONG[/THINK] CORRECT", "correct"),
    (
        "<|channel|>analysis<|message|>WRONG?<|end|><|start|>assistant<|channel|>final<|message|>CORRECT<|return|>",
        "correct",
    ),
]


@pytest.mark.parametrize(("text", "right"), THOUGHT)
def test_thinking_is_no_verdict(text, right):
    assert label(text) == right


YES_NO = [
    ("yes or no", "unparsed"),
    ("yes and no", "unparsed"),
    ("No doubt, yes.", "correct"),
    ("There is no date, so no.", "wrong"),
    ("There is no date.", "unparsed"),
    ("No date is given", "unparsed"),
    ("Is the answer right? yes", "correct"),
    ("Yes, the answer is incorrect.", "unparsed"),
    ("No, the answer is wrong.", "wrong"),
    ("<think>no</think>**Yes**", "correct"),
    ('{"label": "CORRECT"}', "correct"),
    ("", "unparsed"),
]


@pytest.mark.parametrize(("text", "right"), YES_NO)
def test_yes_or_no(text, right):
    assert yes_no(text) == right
