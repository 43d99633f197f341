"""Prompts as files: ours word for word, a user's own checked, in the identity and in the request."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir

from eval.answerers.llm import LLMAnswerer
from eval.answerers.prompts import IDS, PROMPTS, from_file
from eval.command.cli import CONF
from eval.core.prompting import fill
from eval.core.settings import plain
from eval.core.types import AnswerTask, JudgeTask
from eval.judges import prompts as rubrics
from eval.judges.llm import LLMJudge
from eval.stages.bench import Bench
from memos.errors import ConfigError
from memos.llm.mock import MockLLM

HASHES = {
    "brief": "18f2e2bddc3e4586",
    "default": "fc95b50f712783fb",
    "langmem": "8b0d508d756638d7",
    "mem0": "8b0d508d756638d7",
    "mem0_graph": "b99d00d88ded3a06",
    "memos": "89a27a2f582d0a24",
    "null": "5930efeb598f053f",
    "openai_memory": "de33faf5c2aceaec",
    "rag": "de833b0d9da17a9f",
    "zep": "c240895911fb1e38",
}
"""Digests that our prompts had while they stood in the code: fingerprints and cached replies rest on them."""
RUBRICS = {"generous": "012857b5f89e20c3", "strict": "1431e9cf43f284ad", "longmemeval": "b0b759b7de80dd18"}
TASK = AnswerTask("Where did Bo move?", "Bo: I moved to {Lisbon}.", ("Ada", "Bo"), prompt="rag")


def written(folder, text: str, name: str = "mine.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_ours_are_word_for_word_what_they_were():
    assert {name: PROMPTS[name].hash for name in PROMPTS} == HASHES and set(IDS) == set(HASHES)
    assert {name: rubrics.ours(name).hash for name in RUBRICS} == RUBRICS
    assert all(prompt.source == "ours" for prompt in PROMPTS.values())


def test_places_are_filled_in_one_pass_and_other_braces_stay():
    template = 'Reply {"answer": text}. {{question}} is a place. {question} {context}'
    filled = fill(template, {"question": "Q {context}", "context": "C"})
    assert filled == 'Reply {"answer": text}. {question} is a place. Q {context} C'


def test_a_prompt_of_ones_own_is_sent_and_identifies_the_answers(tmp_path):
    path = written(tmp_path, "system: Be brief, {speaker_1}.\nuser: |-\n  {context}\n  Q: {question}\n")
    model = MockLLM(function=lambda request: "Lisbon")
    answerer = LLMAnswerer(LLMAnswerer.Config(prompt_file=path), llm=model)
    answer = dict(answerer.answer([TASK]))[0]
    (request,) = model.requests
    assert [message.content for message in request.messages] == [
        "Be brief, Ada.",
        "Bo: I moved to {Lisbon}.\nQ: Where did Bo move?",
    ]
    assert answer.prompt_hash == from_file(path).hash
    before = answerer.identity()
    written(tmp_path, "user: |-\n  {context}\n  Question: {question}\n")
    after = LLMAnswerer(LLMAnswerer.Config(prompt_file=path), llm=model).identity()
    assert before != after, "its content counts"
    moved = written(tmp_path, (tmp_path / "mine.yaml").read_text(encoding="utf-8"), "other.yaml")
    assert LLMAnswerer(LLMAnswerer.Config(prompt_file=moved), llm=model).identity() == after, "its path does not"


def test_a_text_file_is_the_users_message(tmp_path):
    path = written(tmp_path, "---\nsystem: Hi.\nsource: the appendix\n---\n{context}\n\n{question}\n", "mine.txt")
    prompt = from_file(path)
    assert (prompt.system, prompt.user, prompt.source) == ("Hi.", "{context}\n\n{question}", "the appendix")
    assert from_file(written(tmp_path, "{context} {question}", "plain.txt")).user == "{context} {question}"


WRONG = [
    ("user: '{ctx} {question} {context}'", r"unknown placeholder \{ctx\}; known: \{context\}"),
    ("user: '{context}'", r"missing placeholder \{question\}"),
    ("user: '{question}'", r"missing placeholder \{context\}"),
    ("user: hello", r"missing placeholder \{question\}, \{context\}"),
    ("users: '{question} {context}'", "users: unknown field; did you mean user"),
    ("user: [1, 2]", "user: expected a text"),
    ("- a list", "expected fields system and user"),
    ("user: '{question", "line 1: not YAML"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_mistakes_are_one_line_with_the_file(text, told, tmp_path):
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=told) as caught:
        LLMAnswerer.Config(prompt_file=path)
    assert "\n" not in str(caught.value) and f"prompt.file={path}" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"prompt\.file=.*nowhere\.yaml: cannot be read: No such file"):
        LLMAnswerer.Config(prompt_file=str(tmp_path / "nowhere.yaml"))


def test_a_rubric_of_ones_own(tmp_path):
    path = written(tmp_path, 'system: Judge.\nuser: \'{question} {gold} {answer} {"label": "CORRECT"}\'\n')
    own = LLMJudge(LLMJudge.Config(prompt_file=path, runs=1), llm=MockLLM())
    messages = own.messages(JudgeTask("Q {gold}", "G", "A", 4))
    assert [message.content for message in messages] == ["Judge.", 'Q {gold} G A {"label": "CORRECT"}']
    assert own.identity() != LLMJudge(LLMJudge.Config(runs=1), llm=MockLLM()).identity()
    for text, told in (
        ("user: '{question} {gold}'", r"judge\.prompt_file=.*missing placeholder \{answer\}"),
        ("user: '{question} {gold} {answer} {context}'", r"unknown placeholder \{context\}"),
        ("user: '{question} {gold} {answer} {rule}'", "rules: .rule. needs a sentence for abstention"),
    ):
        with pytest.raises(ConfigError, match=told):
            LLMJudge.Config(prompt_file=written(tmp_path, text))


def bench(*overrides: str) -> Bench:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return Bench(plain(compose("config", ["experiment=tiny", "system=rag", "embedder=mock", *overrides])))


def test_the_command_line_chooses_a_prompt_by_name_or_file(tmp_path):
    llm = ("llm=mock", "answerer=llm")
    plain_one, named, as_ever = bench(*llm), bench(*llm, "prompt=memos"), bench(*llm, "answerer.prompt=memos")
    assert named.fingerprint == as_ever.fingerprint != plain_one.fingerprint
    path = written(tmp_path, "user: '{context} {question}'")
    assert bench(*llm, f"prompt.file={path}").fingerprint not in (named.fingerprint, plain_one.fingerprint)
    assert bench(*llm, f"answerer.prompt_file={path}").fingerprint == bench(*llm, f"prompt.file={path}").fingerprint
    with pytest.raises(ConfigError, match="prompt=memos: answerer=reader takes no prompt; choose answerer=llm"):
        bench("prompt=memos")
    with pytest.raises(ConfigError, match="answerer.prompt='judge_strict' is unknown"):
        bench(*llm, "prompt=judge_strict")


def test_a_prompt_that_is_added_later_moves_no_other_answers(monkeypatch):
    before = LLMAnswerer(LLMAnswerer.Config(), llm=MockLLM(), prompt="memos").identity()
    monkeypatch.setitem(vars(PROMPTS), "_ids", [*PROMPTS, "own"])
    assert "own" in PROMPTS
    assert LLMAnswerer(LLMAnswerer.Config(), llm=MockLLM(), prompt="memos").identity() == before
