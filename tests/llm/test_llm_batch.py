"""The batch interface on the scripted server: equal replies, resumption, partial failures, limits, servers without."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from scripted_batches import BatchServer

from memos.errors import BudgetExceeded, LLMError, PromptTooLong
from memos.llm.base import BatchedCompletion, Completion, Request
from memos.llm.batch import BatchedLLM, Batching
from memos.llm.batch_files import FileLimits, read_lines, uploads
from memos.llm.batch_state import BatchState
from memos.llm.budget import Budget, BudgetedLLM
from memos.llm.build import build_llm
from memos.llm.health import Unusable
from memos.llm.openai import OpenAIChat
from memos.llm.prices import Price, price_of
from memos.llm.retry import Rejected
from memos.types import Message, Usage


def ask(text: str, **options) -> Request:
    return Request((Message("user", text),), **options)


QUESTIONS = [ask(f"Line {i} says {i * i}.\nQuestion: what says line {i}?", max_tokens=9, seed=i) for i in range(12)]


@pytest.fixture
def batch_server():
    running = []

    def start(**options) -> BatchServer:
        running.append(BatchServer(**options).__enter__())
        return running[-1]

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def batched(tmp_path):
    """Make clients whose batches are remembered in one file."""
    made = []

    def make(server: BatchServer, limits: FileLimits | None = None, **fields) -> BatchedLLM:
        config = OpenAIChat.Config(model="scripted-1", base_url=server.base_url, backoff_s=0.01, batch=True, **fields)
        batching = Batching(tmp_path / "batches.sqlite", limits=limits or FileLimits(), poll_s=(0.01, 0.02))
        made.append(BatchedLLM(OpenAIChat(config), batching))
        return made[-1]

    yield make
    for llm in made:
        llm.close()


def texts(outcomes) -> dict[int, str]:
    return {index: reply.text for index, reply in outcomes}


def test_replies_equal_the_direct_ones(batch_server, batched):
    server = batch_server()
    llm = batched(server)
    direct = dict(llm.inner.complete_many(QUESTIONS))
    before = len(server.chats())
    replies = dict(llm.complete_many(QUESTIONS))
    assert texts(replies.items()) == texts(direct.items())
    assert {i: r.usage for i, r in replies.items()} == {i: r.usage for i, r in direct.items()}
    assert len(server.chats()) == before + 1, "the first one alone proves key, model and options"
    (rows,) = server.lines()
    sent = [row["body"] for row in rows]
    assert all(body in server.chats()[:before] for body in sent) and len(sent) == 11
    assert {row["url"] for row in rows} == {"/v1/chat/completions"}
    assert [i for i, reply in replies.items() if not isinstance(reply, BatchedCompletion)] == [0]


def test_one_call_is_direct(batch_server, batched):
    server = batch_server()
    assert not isinstance(batched(server).complete(ask("kite")), BatchedCompletion)
    assert not server.batches


def test_equal_requests_are_one_line(batch_server, batched):
    server = batch_server()
    replies = dict(batched(server).complete_many([ask("one"), ask("two"), ask("two"), ask("two", sample_index=1)]))
    assert len(server.lines()[0]) == 2 and sorted(replies) == [0, 1, 2, 3]


def test_an_interrupted_command_picks_up_its_batch(batch_server, batched):
    server = batch_server()
    server.held = True
    first, later = batched(server), batched(server)
    first.batching = replace(first.batching, poll_s=(3600, 3600))  # as good as dead once it has looked
    threading.Thread(target=lambda: list(first.complete_many(QUESTIONS)), daemon=True).start()
    while not any(batch["looks"] for batch in server.batches.values()):
        time.sleep(0.01)
    asked = len(server.chats())
    server.held = False
    replies = dict(later.complete_many(QUESTIONS[1:]))
    assert len(replies) == 11 and all(isinstance(reply, BatchedCompletion) for reply in replies.values())
    assert len(server.batches) == 1 and len(server.chats()) == asked, "nothing was asked or paid twice"


def test_what_was_not_taken_over_stays_open(batch_server, batched):
    """A command that ends in the middle of the replies, or asks for some of them only, loses none of the others."""
    server = batch_server()
    replies = batched(server).complete_many(QUESTIONS)
    first = [next(replies) for _ in range(5)]
    replies.close()
    taken = {index for index, _ in first}
    some = [QUESTIONS[i] for i in range(12) if i not in taken][:3]
    assert all(isinstance(reply, BatchedCompletion) for _, reply in batched(server).complete_many(some))
    rest = [QUESTIONS[i] for i in range(12) if i not in taken][3:]
    assert len(dict(batched(server).complete_many(rest))) == len(rest)
    assert len(server.batches) == 1 and len(server.chats()) == 1


def test_a_lost_answer_makes_no_second_batch(batch_server, batched):
    server = batch_server(lost_answers=2)
    assert len(dict(batched(server).complete_many(QUESTIONS))) == 12
    assert len(server.batches) == 1


@pytest.mark.parametrize("cut_after", ["begin", "uploaded", "created at the server"])
def test_a_process_that_died_while_it_made_a_batch(batch_server, batched, tmp_path, cut_after):
    server = batch_server()
    llm = batched(server)
    bodies = [(f"key-{i}", llm.inner.prepared(request)[0]) for i, request in enumerate(QUESTIONS)]
    from memos.llm.wire import request_key

    keys = [request_key(llm.identity(), request) for request in QUESTIONS]
    (upload,) = uploads(zip(keys, [body for _, body in bodies], strict=True), FileLimits())
    state = BatchState(tmp_path / "batches.sqlite")
    state.begin("ours", keys)
    if cut_after != "begin":
        file_id = llm._server.upload(upload.content)
        state.uploaded("ours", file_id)
        if cut_after != "uploaded":
            llm._server.create(file_id, "ours")
    state.close()
    assert len(dict(llm.complete_many(QUESTIONS))) == 12
    assert len(server.batches) == 1, "made once, by whichever process"
    assert not BatchState(tmp_path / "batches.sqlite").holding(keys)


def test_expired_and_failed_requests_are_asked_again(batch_server, batched):
    ends = [{"state": "expired", "expired": [0, 1, 2], "broken": {3: 500, 4: 429}}, {"expired": [1]}, {"expired": [0]}]
    server = batch_server(ending=lambda number, _: ends[number])
    replies = dict(batched(server).complete_many(QUESTIONS))
    assert texts(replies.items()) == texts(OpenAIChat(batched(server).inner.config).complete_many(QUESTIONS))
    assert [len(rows) for rows in server.lines()] == [11, 5, 1]
    assert sum(not isinstance(reply, BatchedCompletion) for reply in replies.values()) == 2, (
        "the first, and the one three batches left out"
    )


def test_a_refused_request_is_asked_directly(batch_server, batched):
    """So that it meets the client's own adaptations, and its messages where it stays refused."""
    from scripted_replies import Reply

    server = batch_server(
        ending=lambda *_: {"broken": {4: 400, 7: 400}},
        rules=[("line 5\\?", Reply(status=404, error={"message": "not this one"}))],
    )
    replies = dict(batched(server).complete_many(QUESTIONS))
    assert isinstance(replies[5], Rejected) and "not this one" in str(replies[5])
    assert isinstance(replies[8], Completion) and not isinstance(replies[8], BatchedCompletion)
    assert len(server.batches) == 1


def test_a_batch_refused_as_a_whole_is_an_error_of_each_request(batch_server, batched):
    server = batch_server(ending=lambda *_: {"state": "failed", "errors": [("model_not_found", "no such model")]})
    replies = dict(batched(server).complete_many(QUESTIONS))
    assert all(isinstance(reply, Rejected) and "no such model" in str(reply) for i, reply in replies.items() if i)
    assert len(server.batches) == 1


def test_a_full_queue_makes_batches_smaller(batch_server, batched):
    def ending(_, rows):
        return {"state": "failed", "errors": [("token_limit_exceeded", "enqueued")]} if len(rows) > 3 else {}

    server = batch_server(ending=ending)
    replies = dict(batched(server).complete_many(QUESTIONS))
    assert sorted(replies) == list(range(12)) and all(isinstance(reply, Completion) for reply in replies.values())
    assert [len(rows) for rows in server.lines()] == [11, 11, 5, 2, 2, 2, 2, 2, 1]


def test_files_keep_to_the_limits(batch_server, batched):
    server = batch_server()
    assert len(dict(batched(server, FileLimits(requests=4)).complete_many(QUESTIONS))) == 12
    assert [len(rows) for rows in server.lines()] == [4, 4, 3]
    rows = [(str(i), {"text": "x" * i}) for i in (5, 5, 200, 5)]
    size = len(uploads(rows[:1], FileLimits())[0].content)
    files = uploads(rows, FileLimits(size=2 * size))
    assert [file.keys for file in files] == [("5", "5"), ("200",), ("5",)]


def test_a_batch_the_server_forgot_is_asked_again(batch_server, batched):
    server = batch_server()
    server.held = True
    replies = batched(server).complete_many(QUESTIONS)
    assert next(replies)[0] == 0
    thread = threading.Thread(target=lambda: list(replies), daemon=True)
    thread.start()
    while not server.batches:
        thread.join(0.01)
    server.batches.clear()
    server.held = False
    thread.join(20)
    assert not thread.is_alive() and len(server.batches) == 1


@pytest.mark.parametrize("hidden", [("files", "batches"), ("batches",)])
def test_a_server_without_batches_is_asked_directly(batch_server, batched, capsys, hidden):
    server = batch_server(hidden=hidden)
    llm = batched(server)
    for _ in range(2):
        assert texts(llm.complete_many(QUESTIONS)) == texts(llm.inner.complete_many(QUESTIONS))
    assert not server.batches and capsys.readouterr().out.count("no batch interface") == 1


def test_a_wrong_key_ends_the_run_before_anything_is_uploaded(batch_server, batched):
    server = batch_server(faults=["401"] * 50)
    with pytest.raises(Unusable, match="wrong key"):
        list(batched(server).complete_many(QUESTIONS[:3]))
    assert not server.files


def test_a_prompt_beyond_the_window_is_refused_before_it_is_sent(batch_server, batched):
    server = batch_server()
    replies = dict(batched(server, context_window=1000).complete_many([*QUESTIONS, ask("word " * 3000)]))
    assert isinstance(replies[12], PromptTooLong)
    assert sum(isinstance(reply, LLMError) for reply in replies.values()) == 1
    replies = dict(
        batched(server, context_window=1000, long_prompt="cut").complete_many([*QUESTIONS, ask("word " * 3000)])
    )
    assert replies[12].cut_tokens > 1000 and isinstance(replies[12], BatchedCompletion)


def test_batched_replies_are_cached_as_such(batch_server, tmp_path):
    server = batch_server()
    config = OpenAIChat.Config(model="scripted-1", base_url=server.base_url, batch=True)
    batching = Batching(tmp_path / "batches.sqlite", poll_s=(0.01, 0.02))
    made = [
        build_llm(OpenAIChat(config), cache_path=tmp_path / "llm.sqlite", cache="write", batching=batching).llm
        for _ in range(2)
    ]
    first, again = (dict(llm.complete_many(QUESTIONS)) for llm in made)
    assert len(server.batches) == 1 and all(reply.from_cache for reply in again.values())
    assert {i: type(r) for i, r in again.items()} == {i: type(r) for i, r in first.items()}
    assert sum(isinstance(reply, BatchedCompletion) for reply in again.values()) == 11
    assert again[5].latency_ms == 60_000, "the time of the batch, which is no latency of the model"


def test_only_where_it_is_asked_for(batch_server, tmp_path):
    server = batch_server()
    for batch, batching in ((False, Batching(tmp_path / "b.sqlite")), (True, None)):
        config = OpenAIChat.Config(model="scripted-1", base_url=server.base_url, batch=batch)
        assert len(dict(build_llm(OpenAIChat(config), batching=batching).llm.complete_many(QUESTIONS))) == 12
    assert not server.batches and not (tmp_path / "b.sqlite").exists()


def test_lines_of_a_file_are_read_as_they_are():
    content = '{"custom_id": "a", "response": {"status_code": 200, "body": {}}}\nnot json\n[1]\n{"custom_id": "b"}\n'
    lines = list(read_lines(content, 5.0, 2))
    assert [(line.key, line.completion, line.passing) for line in lines] == [("a", None, True), ("b", None, False)]


def budgeted(server, tmp_path, **caps) -> tuple[BudgetedLLM, Budget]:
    config = OpenAIChat.Config(model="gpt-4o-mini", base_url=server.base_url, batch=True)
    batching = Batching(tmp_path / "batches.sqlite", poll_s=(0.01, 0.02))
    budget = Budget(**caps)
    return BudgetedLLM(BatchedLLM(OpenAIChat(config), batching), budget), budget


@pytest.mark.parametrize("caps", [{}, {"max_usd": 5.0}, {"max_tokens": 100_000}])
def test_a_batched_reply_costs_half(batch_server, tmp_path, caps):
    llm, budget = budgeted(batch_server(), tmp_path, **caps)
    replies = dict(llm.complete_many(QUESTIONS))
    price = price_of("gpt-4o-mini")
    full = sum(price.cost(reply.usage) for reply in replies.values())
    assert budget.spent().usd == pytest.approx((full + price.cost(replies[0].usage)) / 2), "the first one was direct"
    assert budget.spent().tokens == sum(r.usage.prompt_tokens + r.usage.completion_tokens for r in replies.values())
    assert Price(2, 4, batch=0.25).cost(Usage(1, 10**6, 10**6), batched=True) == 1.5


def test_a_cap_lets_no_more_into_a_batch_than_it_has_room_for(batch_server, tmp_path):
    server = batch_server()
    llm, budget = budgeted(server, tmp_path, max_tokens=130)
    replies = {}
    with pytest.raises(BudgetExceeded, match="budget.tokens=130"):
        for index, reply in llm.complete_many(QUESTIONS):
            replies[index] = reply
    assert len(server.batches) >= 1 and len(replies) < len(QUESTIONS)
    last = max(r.usage.prompt_tokens + r.usage.completion_tokens for r in replies.values())
    assert 130 <= budget.spent().tokens <= 130 + last, "passed by one request at most"


@pytest.mark.parametrize("body", ["[]", "null", '"hi"', '{"id": 3}', '{"id": "b", "status": ["x"]}', "<html>"])
def test_rubbish_from_the_batch_interface_is_asked_again(batch_server, batched, body):
    llm = batched(batch_server(rubbish=[body, body]))
    replies = dict(llm.complete_many(QUESTIONS[:4]))
    assert all(isinstance(reply, Completion) for reply in replies.values()) and len(replies) == 4
