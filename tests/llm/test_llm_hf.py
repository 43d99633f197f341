"""Local models: prefix reuse is token-identical to plain decoding; a tiny random model, nothing downloaded."""

from __future__ import annotations

import pytest

from memos.errors import ConfigError, LLMError, PromptTooLong
from memos.llm.base import Completion, Request
from memos.llm.hf import HFChat
from memos.types import Message

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEMPLATE = (
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
STORY = "Ann keeps a red kite in the hall. " * 12


def _tokenizer():
    """One token a byte; decoding joins the tokens' letters by spaces, so different tokens are different text."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({token: i for i, token in enumerate(["<s>", "</s>", *letters])}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
    made.chat_template = TEMPLATE
    return made


def _save(folder, config_class, model_class, **settings):
    torch.manual_seed(0)
    config = config_class(
        vocab_size=258,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        initializer_range=0.4,
        eos_token_id=1,
        bos_token_id=0,
        **settings,
    )
    model_class(config).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return _save(tmp_path_factory.mktemp("llama"), transformers.LlamaConfig, transformers.LlamaForCausalLM)


def chat(folder, **fields) -> HFChat:
    return HFChat(HFChat.Config(model=str(folder), device="cpu", **{"max_new_tokens": 16, **fields}))


def ask(text: str, **fields) -> Request:
    return Request((Message("system", STORY), Message("user", text)), **fields)


QUESTIONS = ["who?", "what is red, and where does it hang these days?", "why", "x" * 40, "Is it blue?", "who?!"]


@pytest.fixture(scope="module")
def plain(folder):
    """What ``generate`` of transformers gives, one prompt at a time, without any reuse."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    encoder = chat(folder)

    def run(request: Request, limit: int = 16) -> str:
        ids = encoder.encode(request.messages)
        out = model.generate(torch.tensor([ids]), max_new_tokens=limit, do_sample=False, pad_token_id=1)
        return encoder.tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True)

    return run


@pytest.mark.parametrize(
    "fields", [{}, {"batch_size": 2}, {"batch_size": 1}, {"prefix_cache_mb": 0}, {"min_shared": 2000}]
)
def test_many_questions_on_one_prefix_equal_plain_decoding(folder, plain, fields):
    requests = [ask(question) for question in QUESTIONS]
    replies = dict(chat(folder, **fields).complete_many(requests))
    assert [replies[i].text for i in range(len(requests))] == [plain(request) for request in requests]
    assert len({reply.text for reply in replies.values()}) > 3


def test_a_shared_prefix_is_encoded_once_and_counted(folder):
    llm = chat(folder)
    requests = [ask(question) for question in QUESTIONS]
    replies = dict(llm.complete_many(requests))
    prompts = [reply.usage.prompt_tokens for reply in replies.values()]
    cached = sum(reply.usage.cached_tokens for reply in replies.values())
    assert llm.engine.encoded_tokens == sum(prompts) - cached
    assert llm.engine.encoded_tokens < 1.5 * max(prompts)
    again = dict(llm.complete_many(requests))
    assert {i: r.text for i, r in again.items()} == {i: r.text for i, r in replies.items()}
    assert all(reply.usage.cached_tokens > len(STORY) for reply in again.values())


def test_questions_one_at_a_time_reuse_the_prefix(folder, plain):
    llm = chat(folder)
    replies = [llm.complete(ask(question)) for question in QUESTIONS]
    assert [reply.text for reply in replies] == [plain(ask(question)) for question in QUESTIONS]
    assert replies[0].usage.cached_tokens == 0
    assert all(reply.usage.cached_tokens > len(STORY) for reply in replies[1:])


def test_kept_prefixes_are_never_written_to(folder):
    llm = chat(folder)
    llm.complete(ask("who?"))
    kept = next(iter(llm.engine.store._kept.values()))
    before = [tensor.clone() for tensor in (*kept.keys, *kept.values)]
    list(llm.complete_many([ask(question, max_tokens=40) for question in QUESTIONS]))
    assert all(torch.equal(a, b) for a, b in zip(before, (*kept.keys, *kept.values), strict=True))


def test_fifty_prompts_of_sixty_four_tokens_equal_plain_decoding(folder, plain):
    requests = [ask(f"{i} is a number; which one follows {'it ' * (i % 7)}?", max_tokens=64) for i in range(50)]
    replies = dict(chat(folder).complete_many(requests))
    assert [replies[i].text for i in range(50)] == [plain(request, 64) for request in requests]
    assert sum(reply.usage.completion_tokens for reply in replies.values()) > 1000


def test_two_conversations_in_one_call(folder, plain):
    other = "Bob sold the boat to his niece in May. " * 10
    requests = [ask(q) for q in QUESTIONS[:3]] + [
        Request((Message("system", other), Message("user", q))) for q in QUESTIONS
    ]
    requests.append(Request((Message("user", "nothing shared"),)))
    replies = dict(chat(folder).complete_many(requests))
    assert [replies[i].text for i in range(len(requests))] == [plain(request) for request in requests]


def test_long_answers_of_uneven_length_equal_plain_decoding(folder, plain):
    requests = [
        ask(question, max_tokens=limit) for question, limit in zip(QUESTIONS, (3, 64, 1, 40, 64, 7), strict=True)
    ]
    replies = dict(chat(folder).complete_many(requests))
    assert [replies[i].text for i in range(6)] == [plain(request, request.max_tokens) for request in requests]
    assert replies[2].finish_reason == "length" and replies[2].usage.completion_tokens == 1


@pytest.mark.parametrize("kind", ["Qwen2", "Qwen3", "Mistral"])
def test_other_models_with_full_attention(tmp_path, kind):
    settings = {"Qwen2": {"use_sliding_window": False}, "Qwen3": {"head_dim": 16}, "Mistral": {"sliding_window": None}}[
        kind
    ]
    config, model = getattr(transformers, f"{kind}Config"), getattr(transformers, f"{kind}ForCausalLM")
    folder = _save(tmp_path / kind, config, model, **settings)
    requests = [ask(question, max_tokens=8) for question in QUESTIONS]
    shared = dict(chat(folder).complete_many(requests))
    alone = [chat(folder, prefix_cache_mb=0).complete(request) for request in requests[:2]]
    assert [shared[i].text for i in range(2)] == [reply.text for reply in alone]


def test_sliding_windows_are_refused_by_name(tmp_path):
    folder = _save(tmp_path / "m", transformers.MistralConfig, transformers.MistralForCausalLM, sliding_window=64)
    with pytest.raises(ConfigError, match="sliding window of 64"):
        chat(folder).complete(ask("who?"))


def test_the_window_refuses_or_cuts_and_counts(folder):
    long = Request((Message("user", "start " + "abc def " * 300 + " the end?"),), max_tokens=10)
    with pytest.raises(PromptTooLong, match=r"\(1024 tokens\)"):
        chat(folder).complete(long)
    outcomes = dict(chat(folder).complete_many([long, ask("who?")]))
    assert isinstance(outcomes[0], PromptTooLong) and isinstance(outcomes[1], Completion)
    reply = chat(folder, long_prompt="cut").complete(long)
    assert reply.cut_tokens > 1000 and 900 < reply.usage.prompt_tokens <= 1014


def test_stop_texts_end_a_reply(folder, plain):
    whole = plain(ask("who?"))
    mark = whole.split()[1]
    reply = chat(folder).complete(ask("who?", stop=(mark,)))
    assert reply.text == whole.split(mark)[0] and reply.finish_reason == "stop"


def test_sampling_follows_the_seed_and_the_repeat(folder):
    llm = chat(folder)
    hot = [ask("who?", temperature=1.5, sample_index=i) for i in (0, 0, 1, 2)]
    texts = [llm.complete(request).text for request in hot]
    assert texts[0] == texts[1] and len(set(texts)) == 3


def test_a_schema_is_told_and_tools_are_refused(folder):
    llm = chat(folder)
    with pytest.raises(LLMError, match="tools"):
        llm.complete(ask("who?", tools=({"function": {"name": "f"}},)))
    plain_tokens = llm.complete(ask("who?")).usage.prompt_tokens
    assert llm.complete(ask("who?", json_schema={"type": "object"})).usage.prompt_tokens > plain_tokens + 50


def test_a_missing_model_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be loaded"):
        (tmp_path / "empty").mkdir()
        chat(tmp_path / "empty").complete(ask("who?"))


def test_the_store_keeps_to_its_budget(folder):
    from memos.llm.kv import PrefixStore

    llm = chat(folder)
    prefixes = [llm.engine.prefix([i + 5] * 50, 16)[0] for i in range(4)]
    store = PrefixStore(2 * prefixes[0].nbytes)
    for prefix in prefixes:
        store.add(prefix)
    assert store.nbytes <= store.max_bytes
    assert store.match([5] * 60, 16) is None and len(store.match([8] * 60, 16)) == 50
    assert len(store.match([8] * 30 + [9] * 9, 16)) == 30 and store.match([8] * 10, 16) is None


def test_values_of_the_chat_template(folder):
    """Whether the model thinks first is the template's to say, and part of the model's identity."""
    plain, quiet = chat(folder), chat(folder, enable_thinking=False, chat_template_kwargs={"lang": "en"})
    assert "chat_template_kwargs" not in plain.settings()
    assert quiet.settings()["chat_template_kwargs"] == {"enable_thinking": False, "lang": "en"}
    message = (Message("user", "hi"),)
    for llm in (plain, quiet):
        llm.tokenizer.chat_template = TEMPLATE + "{% if enable_thinking is false %}quiet {{ lang }}{% endif %}"
    assert len(quiet.encode(message)) == len(plain.encode(message)) + len("quiet en")
