"""Context before question: an option of every answer prompt, and on for local models in the controlled track."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from eval.answerers.llm import LLMAnswerer
from eval.answerers.order import context_first
from eval.answerers.prompts import PROMPTS, Prompt
from eval.command.cli import CONF
from eval.core.settings import plain
from eval.core.types import AnswerTask
from eval.stages.bench import Bench
from memos.errors import ConfigError
from memos.llm.mock import MockLLM

TASK = AnswerTask("Who sings?", "Nadia sings.", ("Nadia", "Tom"), "rag")


@pytest.mark.parametrize("name", list(PROMPTS))
def test_in_every_prompt_the_context_comes_first(name):
    prompt = context_first(PROMPTS[name])
    sent = "\n".join(message.content for message in prompt.messages(TASK))
    if "{context}" in PROMPTS[name].system + PROMPTS[name].user:
        assert sent.rindex("Nadia sings.") < sent.index("Who sings?")
    words = sorted("\n".join(m.content for m in PROMPTS[name].messages(TASK)).split())
    assert sorted(sent.split()) == words, "nothing is added or lost"


def test_a_prompt_that_is_in_that_order_is_the_same_prompt():
    for name in ("default", "mem0", "memos", "zep", "brief"):
        assert context_first(PROMPTS[name]) == PROMPTS[name]
    assert context_first(PROMPTS["rag"]).hash != PROMPTS["rag"].hash


def test_paragraphs_between_keep_their_order():
    prompt = Prompt("x", "", "Q: {question}\n\nfirst\n\nC: {context}\n\nlast")
    assert context_first(prompt).user == "first\n\nC: {context}\n\nQ: {question}\n\nlast"
    assert context_first(Prompt("x", "", "Q: {question}\n\n\nC: {context}")).user == "C: {context}\n\n\nQ: {question}"


@pytest.mark.parametrize(
    ("system", "user", "said"),
    [
        ("", "{question} from {context}", "one paragraph"),
        ("Answer {question}.", "{context}", "earlier message"),
    ],
)
def test_a_prompt_that_cannot_be_put_in_order_is_refused_in_one_line(system, user, said):
    with pytest.raises(ConfigError, match=said) as raised:
        context_first(Prompt("mine", system, user))
    assert "\n" not in str(raised.value) and "'mine'" in str(raised.value)


def test_a_file_of_ones_own_is_refused_where_it_cannot_be_put_in_order(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("{question} from {context}", encoding="utf-8")
    with pytest.raises(ConfigError, match="one paragraph"):
        LLMAnswerer(LLMAnswerer.Config(prompt_file=str(file), context_first=True), llm=MockLLM())
    LLMAnswerer(LLMAnswerer.Config(prompt_file=str(file)), llm=MockLLM())


def test_the_order_is_part_of_the_identity_where_it_changes_the_prompt():
    def identity(prompt, **fields):
        return LLMAnswerer(LLMAnswerer.Config(**fields), llm=MockLLM(), prompt=prompt).identity()

    assert identity("rag", context_first=True) != identity("rag")
    assert identity("rag", context_first=False) == identity("rag")
    assert identity("mem0", context_first=True) == identity("mem0")


def test_the_model_is_sent_the_context_first():
    model = MockLLM()
    answerer = LLMAnswerer(LLMAnswerer.Config(context_first=True), llm=model, prompt="rag")
    list(answerer.answer([TASK]))
    sent = model.requests[0].messages[-1].content
    assert sent.index("Nadia sings.") < sent.index("Who sings?")


def bench(out: Path, *overrides: str) -> Bench:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return Bench(plain(compose("config", ["experiment=tiny", "system=rag", f"out={out}", *overrides])))


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (("track=controlled", "llm=mock", "answerer=llm"), True),
        (("track=controlled", "llm=embedded", "answerer=smollm2"), True),
        (("track=controlled", "llm=openai", "llm.base_url=http://127.0.0.1:8000/v1", "answerer=llm"), True),
        (("track=controlled", "llm=openai", "answerer=llm"), False),
        (("track=controlled", "llm=openai", "answerer=llm", "answerer/llm=mock"), True),
        (("track=controlled", "llm=openai", "answerer=llm", "answerer.context_first=true"), True),
        (("track=controlled", "llm=mock", "answerer=llm", "answerer.context_first=false"), False),
        (("track=paper", "llm=mock", "answerer=llm"), False),
        (("track=paper", "llm=openai", "answerer=llm", "track.context_first=always"), True),
    ],
)
def test_the_controlled_track_has_it_on_for_local_models(tmp_path, overrides, expected):
    assert bench(tmp_path, *overrides).answerer().context_first is expected


def test_an_extractive_reader_takes_no_order(tmp_path):
    assert bench(tmp_path, "track=controlled").answerer().name == "reader"


def test_an_unknown_wish_of_a_track_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="track.context_first: expected never, local or always"):
        bench(tmp_path, "track.context_first=sometimes")
