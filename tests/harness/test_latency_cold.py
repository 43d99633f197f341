"""Times that owe nothing to a prefix cache: salted prompts, cached tokens on record, warm cells flagged."""

from __future__ import annotations

import json

from test_latency import config, rows, summary

from eval.experiments.benchmark.experiment import run
from eval.report.tables import markdown, table4
from eval.report.tables.tex import latex
from eval.runs.format import files
from eval.stages.bench import Bench
from memos.llm.base import Request
from memos.llm.mock import MockLLM
from memos.llm.salted import SaltedLLM, keeps_prefixes
from memos.types import Message


def served(server, key):
    return ("llm=openai", "llm.model=toy", f"llm.base_url={server.base_url}", f"llm.api_key_env={key}")


def beginnings(server) -> list[str]:
    return [logged.body["messages"][0]["content"][:16] for logged in server.requests]


def test_no_two_prompts_of_the_latency_pass_begin_alike_and_a_prefix_cache_has_nothing(
    scripted_server, server_key, tmp_path
):
    server = scripted_server(prefix_cache=True)
    run(config(tmp_path, "full_context", 0, *served(server, server_key)))
    answered = len(server.requests)
    assert len(set(beginnings(server))) < answered, "prompts of the answers begin alike"
    timed = config(tmp_path, "full_context", 6, *served(server, server_key))
    run(timed)
    salts = beginnings(server)[answered:]
    assert len(salts) > 6 and len(set(salts)) == len(salts)
    assert all(set(salt) <= set("0123456789abcdef") for salt in salts)
    assert [row["cached_tokens"] for row in rows(timed)] == [{"search": 0, "answer": 0}] * 6
    assert "cached" not in summary(timed)
    folder = Bench(timed).folder
    texts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.jsonl"))
    assert not any(salt in texts for salt in salts), "a salt is in no record"
    assert files.check_folder(folder) == []


def test_calls_of_a_search_are_salted_too(scripted_server, server_key, tmp_path):
    server = scripted_server(prefix_cache=True)
    more = ("system.extractor=llm", "dataset.conversations=[tiny-1]", *served(server, server_key))
    run(config(tmp_path, "mem0_graph", 0, *more))
    before = len(server.requests)
    run(config(tmp_path, "mem0_graph", 3, *more))
    salts = beginnings(server)[before:]
    assert len(salts) > 6 and len(set(salts)) == len(salts)


def test_a_time_of_a_warm_cache_is_flagged(scripted_server, server_key, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "memos.llm.salted.salted", lambda request: request
    )  # a server that finds the prefix all the same
    server = scripted_server(prefix_cache=True)
    timed = config(tmp_path, "full_context", 6, *served(server, server_key))
    run(timed)
    assert summary(timed)["cached"] == {"total": 6}
    whole = json.loads((Bench(timed).folder / "summary.json").read_text(encoding="utf-8"))
    table = table4([whole])
    text = markdown(table)
    assert text.count("† |") >= 1 and "full_context 6 of 6" in text.lower().replace("full-context", "full_context")
    flagged = {
        column.key: cell.flag
        for column, cell in zip(table.columns, table.sections[0].rows[0], strict=True)
        if cell.flag
    }
    assert flagged == {"total_p50_ms": "†", "total_p95_ms": "†"}
    assert r"$\dagger$" in latex(table)


def test_cold_times_have_no_flag_and_a_scripted_model_no_salt(tmp_path):
    timed = config(tmp_path, "rag", 4, "llm=mock", "dataset.conversations=[tiny-1]")
    run(timed)
    whole = json.loads((Bench(timed).folder / "summary.json").read_text(encoding="utf-8"))
    assert "†" not in markdown(table4([whole]))
    bench = Bench(timed)
    assert not isinstance(bench.llm("answerer", cached=False), SaltedLLM)


def test_a_salt_stands_before_everything_and_leaves_the_rest_alone():
    model = MockLLM()
    request = Request((Message("system", "Be brief."), Message("user", "Who sings?")), stop=("x",), max_tokens=5)
    SaltedLLM(model).complete(request)
    list(SaltedLLM(model).complete_many([request, request]))
    sent = model.requests
    assert len({one.messages[0].content for one in sent}) == 3
    for one in sent:
        assert one.messages[0].role == "system" and one.messages[0].content.endswith("\n\nBe brief.")
        assert one.messages[1:] == request.messages[1:] and one.stop == ("x",) and one.max_tokens == 5
    assert SaltedLLM(model).identity() == model.identity()


def test_models_that_keep_prefixes_say_so():
    from memos.llm.hf import HFChat
    from memos.llm.openai import OpenAIChat

    assert keeps_prefixes(OpenAIChat()) and not keeps_prefixes(MockLLM())
    kept, none = (HFChat(HFChat.Config(model="x", prefix_cache_mb=size)) for size in (10, 0))
    assert keeps_prefixes(kept) and not keeps_prefixes(none)
