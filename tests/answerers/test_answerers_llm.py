"""The language-model answerer with scripted models: prompts, errors, usage, identity."""

import importlib
import inspect
import pkgutil

import pytest

from eval.answerers.constant import Constant
from eval.answerers.llm import LLMAnswerer
from eval.answerers.prompts import PROMPTS, get
from eval.core.types import AnswerTask
from memos.errors import ConfigError, LLMError, PromptTooLong
from memos.llm.base import Completion
from memos.llm.mock import MockLLM
from memos.types import Usage

PEOPLE = ("Ada", "Bo")
TASK = AnswerTask("Where did Bo move?", "Bo: I moved to Lisbon. {braces}", PEOPLE, prompt="rag")


def answers(answerer, tasks):
    given = dict(answerer.answer(tasks))
    assert sorted(given) == list(range(len(tasks)))
    return [given[index] for index in range(len(tasks))]


def recorded(reply="Lisbon", **config):
    model = MockLLM(function=lambda request: reply)
    return model, LLMAnswerer(LLMAnswerer.Config(**config), llm=model)


def test_request_is_greedy_and_unlimited_by_default():
    model, answerer = recorded(" Lisbon\n")
    [answer] = answers(answerer, [TASK])
    [request] = model.requests
    assert (request.temperature, request.max_tokens) == (0.0, None)
    assert answer.text == "Lisbon" and answer.status == "ok" and answer.model == "mock"
    assert answer.prompt_hash == PROMPTS["rag"].hash and answer.usage.calls == 1


def test_each_task_gets_its_own_prompt_and_its_context():
    model, answerer = recorded()
    answers(answerer, [AnswerTask(TASK.question, TASK.context, PEOPLE, prompt=name) for name in PROMPTS])
    texts = ["\n".join(message.content for message in request.messages) for request in model.requests]
    assert len(set(texts)) == len({prompt.hash for prompt in PROMPTS.values()})
    for name, text in zip(PROMPTS, texts, strict=True):
        assert TASK.question in text, name
        assert (TASK.context in text) == (name != "null"), name
        assert "{question}" not in text and "{speaker_1}" not in text


def test_one_prompt_for_all():
    model, answerer = recorded(prompt="default")
    answers(answerer, [AnswerTask(TASK.question, TASK.context, PEOPLE, prompt=name) for name in ("memos", "zep")])
    first, second = model.requests
    assert first.messages == second.messages


def test_empty_context_takes_the_null_prompt():
    model, answerer = recorded()
    [answer] = answers(answerer, [AnswerTask(TASK.question, "  \n", PEOPLE, prompt="memos")])
    assert answer.prompt_hash == PROMPTS["null"].hash
    assert "memories" not in model.requests[0].messages[0].content


def test_errors_are_records_and_the_rest_goes_on():
    def reply(request):
        text = "".join(message.content for message in request.messages)
        return LLMError("the server said 400") if "boom" in text else "fine"

    answerer = LLMAnswerer(LLMAnswerer.Config(), llm=MockLLM(function=reply))
    good, bad = answers(answerer, [TASK, AnswerTask("boom?", "x", PEOPLE, prompt="mem0")])
    assert good.status == "ok"
    assert (bad.status, bad.text) == ("error", "") and bad.error == "LLMError: the server said 400"
    assert bad.prompt_hash == PROMPTS["mem0"].hash


def test_prompt_too_long_is_refused_by_name():
    answerer = LLMAnswerer(LLMAnswerer.Config(), llm=MockLLM(MockLLM.Config(context_window=20)))
    [answer] = answers(answerer, [TASK])
    assert answer.status == "error" and answer.error.startswith(PromptTooLong.__name__)


def test_cut_tokens_reach_the_record():
    done = Completion("Lisbon", "m", Usage(1, 9, 1), cut_tokens=7)

    class Model(MockLLM):
        def complete_many(self, requests):
            yield 0, done

    [answer] = answers(LLMAnswerer(LLMAnswerer.Config(), llm=Model()), [TASK])
    assert answer.cut_tokens == 7 and answer.usage == Usage(1, 9, 1)


@pytest.mark.parametrize("finish", ["refusal", "content_filter", "length"])
def test_refused_and_broken_off_replies_are_asked_for_again(finish):
    def reply(request):
        if request.sample_index == 0 and "second" in request.messages[-1].content:
            return Completion("I can", "m", Usage(1, 5, 2), finish)
        return Completion("Lisbon", "m", Usage(1, 5, 1))

    model = MockLLM(function=reply)
    tasks = [TASK, AnswerTask("the second?", "x", PEOPLE, prompt="mem0")]
    first, second = answers(LLMAnswerer(LLMAnswerer.Config(), llm=model), tasks)
    assert (first.text, second.text, second.usage) == ("Lisbon", "Lisbon", Usage(2, 10, 3))
    assert len(model.requests) == 3
    (last,) = answers(LLMAnswerer(LLMAnswerer.Config(retries=0), llm=model), tasks[1:])
    assert last.text == "I can", "the last reply stands"


def test_a_reply_cut_by_the_users_own_limit_stands():
    model = MockLLM(function=lambda request: Completion("one two", "m", Usage(1, 5, 2), "length"))
    (only,) = answers(LLMAnswerer(LLMAnswerer.Config(max_tokens=2), llm=model), [TASK])
    assert only.text == "one two" and len(model.requests) == 1


def test_langmem_answers_with_mem0s_prompt():
    """docs/systems.md#langmem: the agents' replies are the memories in mem0's answer prompt."""
    assert PROMPTS["langmem"].hash == PROMPTS["mem0"].hash


def test_unknown_prompts_are_named():
    with pytest.raises(ConfigError, match="breif"):
        LLMAnswerer.Config(prompt="breif")
    with pytest.raises(ConfigError, match="nope"):
        get("nope")


@pytest.mark.parametrize("fields", [{"temperature": -1.0}, {"max_tokens": 0}])
def test_bad_configuration(fields):
    with pytest.raises(ConfigError, match=next(iter(fields))):
        LLMAnswerer.Config(**fields)


def test_prompts_cover_every_system():
    wanted = {"default"}
    import baselines

    modules = [module.name for module in pkgutil.iter_modules(baselines.__path__, "baselines.") if not module.ispkg]
    for name in [*modules, "memos.system"]:
        module = importlib.import_module(name)
        wanted |= {
            cls.prompt
            for _, cls in inspect.getmembers(module, inspect.isclass)
            if cls.__module__ == name and isinstance(getattr(cls, "prompt", None), str) and hasattr(cls, "search")
        }
    assert len(wanted) >= 3
    assert wanted <= set(PROMPTS)


def test_identity_follows_model_prompts_and_parameters():
    _, plain = recorded()
    _, limited = recorded(max_tokens=5)
    other = LLMAnswerer(LLMAnswerer.Config(), llm=MockLLM(MockLLM.Config(model="other")))
    assert plain.identity() != limited.identity() and plain.identity() != other.identity()
    assert plain.identity()["prompts"]["memos"] == PROMPTS["memos"].hash


def test_constant():
    assert [a.text for a in answers(Constant(Constant.Config()), [TASK, TASK])] == ["Not mentioned"] * 2
    assert Constant(Constant.Config(text="x")).identity() != Constant(Constant.Config()).identity()
