"""``check=true``: what a command will use, held against what it then used on a scripted server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from baseline_runs import model
from hydra import compose, initialize_config_dir
from metered import MeteredServer

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages import components
from eval.stages.bench import Bench
from eval.stages.forecast.bench import Command, ForecastBench
from eval.stages.forecast.command import Forecast, _at_once, foresee
from eval.stages.forecast.hours import CallLimits, CallTime, Timed, fitted, side_by_side
from eval.stages.forecast.model import StandIn, form_of, tokenizer_of
from eval.stages.forecast.overlap import Overlap
from eval.stages.forecast.rehearsal import rehearse
from eval.stages.forecast.replies import reply_to
from eval.stages.forecast.samples import Samples
from eval.stages.forecast.shapes import MeasuredReplies, ReplyShape, shape_of, stretch
from eval.stages.forecast.tally import Purpose
from memos.errors import BudgetExceeded, ConfigError, LLMError
from memos.llm.base import Completion, Request
from memos.llm.openai import OpenAIChat
from memos.tokens import count_tokens
from memos.types import Message, Usage

SYSTEMS = ("mem0", "mem0_graph", "zep", "langmem", "openai_memory", "memos", "rag", "full_context")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """A server whose replies are those of the toy model: of other lengths than the stated ones, tokens being words."""
    monkeypatch.setattr(components, "_KEPT", {})
    with MeteredServer([("", model)], dim=64) as running:
        yield running


def config(out: Path, server: MeteredServer | None, system: str, *more: str) -> dict[str, Any]:
    url = server.base_url if server else "http://127.0.0.1:9/v1"
    overrides = [
        "experiment=tiny",
        "backbone=gpt-4o-mini",
        f"system={system}",
        f"out={out}",
        f"llm.base_url={url}",
        f"embedder.base_url={url}",
        "llm.api_key_env=null",
        "llm.backoff_s=0.001",
        "llm.max_attempts=2",
        "embedder.dim=64",
        "~judge@also_judges.strict",
        "metrics.which=[]",
        "latency.questions=4",
        *more,
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", overrides))


def asked(forecast: Forecast) -> Usage:
    return sum((job.asked for job in forecast.jobs), Usage())


def quiet(line: str) -> None:
    """Nobody listens."""


def near(foreseen: int, real: int, share: float) -> bool:
    return abs(foreseen - real) <= share * real


@pytest.mark.parametrize("system", SYSTEMS)
def test_calls_and_tokens_are_foretold_within_15_percent(server: MeteredServer, tmp_path: Path, system: str):
    """With a probe alone, and with a pilot of one conversation in four, whose replies the run need not ask for."""
    first = foresee([config(tmp_path, server, system)], quiet)
    probed = server.embedded  # these vectors are not kept, so the run asks for them again
    server.reset()
    second = foresee([config(tmp_path, server, system, "pilot=1")], quiet)
    pilot, embedded = server.spent - probed, server.embedded - probed
    server.reset()
    assert run(config(tmp_path, server, system))["code"] == 0
    if system == "rag":  # it embeds the data's own texts, in whose like the server's way of counting is learnt
        vectors = sum(phase.asked.prompt_tokens for phase in first.jobs[0].phases if phase.role == "embedder")
        assert near(vectors, (server.embedded + embedded).prompt_tokens, 0.05)
    for forecast, real in ((first, server.spent + pilot), (second, server.spent)):
        total = asked(forecast)
        tokens = total.prompt_tokens + total.completion_tokens
        assert near(total.calls, real.calls, 0.15), (total, real)
        assert near(tokens, real.prompt_tokens + real.completion_tokens, 0.15), (total, real)
    assert second.pilot_conversations == 1 and second.piloted.calls > 0
    server.reset()
    third = foresee([config(tmp_path, server, system, "probe=false")], quiet)
    assert asked(third) == Usage() and server.spent == Usage(), "a finished run has nothing left to ask"


def test_a_forecast_without_probe_asks_nothing_and_touches_no_run(tmp_path: Path):
    made = foresee([config(tmp_path, None, "mem0", "probe=false")], quiet)
    assert made.probed == Usage() and made.jobs[0].troubles == {}
    phases = {phase.phase for phase in made.jobs[0].phases}
    assert phases == {"ingest", "answer", "judge llm_generous", "latency pass", "embeddings"}
    assert not list(tmp_path.iterdir()), "nothing is written"
    prices = [phase.usd for phase in made.jobs[0].phases]
    assert all(prices) and made.usd == pytest.approx(sum(filter(None, prices)))
    assert made.seconds and made.seconds > 0


def test_a_later_job_finds_in_the_cache_what_an_earlier_one_asks(tmp_path: Path):
    made = foresee([config(tmp_path, None, s, "probe=false") for s in ("mem0", "mem0_graph")], quiet)
    ingest = [next(phase for phase in job.phases if phase.phase == "ingest") for job in made.jobs]
    assert ingest[1].kept.calls == ingest[0].asked.calls, "mem0's own calls are those of its graph memory too"
    judged = [next(p for p in job.phases if p.phase.startswith("judge")) for job in made.jobs]
    assert judged[1].asked.calls > 150, "other answers are judged anew"
    off = foresee([config(tmp_path, None, s, "probe=false", "cache=off") for s in ("mem0", "mem0_graph")], quiet)
    assert all(phase.kept == Usage() for job in off.jobs for phase in job.phases)


@pytest.mark.parametrize("system", [s for s in SYSTEMS if s not in ("rag", "full_context")])
def test_typical_replies_are_well_formed_and_take_each_method_its_way(tmp_path: Path, system: str):
    """Every reply satisfies its schema, every kind of call of the method is made, and memories are stored."""
    bench = ForecastBench(config(tmp_path, None, system), Command())
    conversation = bench.dataset.conversations[0]
    built = bench.new_system()
    bench.place.phase, bench.place.role = "ingest", "memory"
    built.start(conversation)
    for session in conversation.sessions:
        built.add(session)
    built.finish()
    stats = built.stats()
    assert stats.get("malformed", 0) == 0 and stats["items"] >= 4
    forms = {purpose.form for purpose in bench.tally.by_purpose() if purpose.role == "memory"}
    assert (
        forms
        >= {
            "mem0": {"facts", "memory"},
            "mem0_graph": {"facts", "memory", "extract_entities", "add_relations", "delete_relations"},
            "zep": {"entities", "edges", "duplicates+contradicted", "summaries"},
            "langmem": {"queries", "insert+patch+remove"},
            "openai_memory": {"entries"},
            "memos": {"memories"},
        }[system]
    )
    built.close()


def test_prompts_are_counted_by_the_models_own_tokenizer():
    text = "Nadia's café, naïveté;\n\n  здравствуйте 12345 こんにちは 🙂.\n" * 7
    import bpe_openai

    own = len(bpe_openai.get_encoding("o200k_base").encode_ordinary(text))
    assert tokenizer_of("gpt-4o-mini")(text) == own != count_tokens(text)
    assert tokenizer_of("Qwen/Qwen3-8B")(text) == count_tokens(text)


def test_replies_are_stretched_to_what_real_ones_are_like():
    stated, real = MeasuredReplies(), MeasuredReplies()
    stated.add('{"facts": ["a b c d", "e f g h"]}', ())
    real.add('{"facts": ["a b", "c d", "e f"]}', ())
    shape = shape_of(real, stated)
    assert shape == ReplyShape(1.5, 0.5)
    made = [stretch({"facts": ["a b c d", "e f g h"]}, shape, seed)["facts"] for seed in map(str, range(40))]
    assert {len(facts) for facts in made} == {3} and made[0] == ["a b", "e f", "a b 2"]
    edges = {"edges": [{"source": "A B", "target": "C", "fact": "x y", "valid_at": None}]}
    assert stretch(edges, ReplyShape(1.0, 2.0), "")["edges"] == [
        {"source": "A B", "target": "C", "fact": "x y x y", "valid_at": None}
    ]


def test_a_dead_server_and_a_wrong_key_are_told_before_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(components, "_KEPT", {})
    with MeteredServer() as gone:
        pass
    with pytest.raises(LLMError, match="no connection to http://127.0.0.1"):
        foresee([config(tmp_path, gone, "mem0", "llm.timeout_s=5")], quiet)
    with MeteredServer(faults=["401"] * 4) as refusing, pytest.raises(LLMError, match="401"):
        foresee([config(tmp_path, refusing, "mem0")], quiet)


def test_a_model_without_json_or_tools_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(components, "_KEPT", {})
    with MeteredServer([("", "I would rather talk.")], dim=64) as talking:
        with pytest.raises(LLMError, match="no structured output that is of any use"):
            foresee([config(tmp_path, talking, "mem0")], quiet)
        assert foresee([config(tmp_path, talking, "rag")], quiet).probed.calls > 0

    def no_tools(body: dict[str, Any]) -> Any:
        return "Let us talk." if body.get("tools") else model(body)

    with MeteredServer([("", no_tools)], dim=64) as wordy, pytest.raises(LLMError, match="no tool call"):
        foresee([config(tmp_path / "b", wordy, "mem0_graph")], quiet)


def test_the_probe_and_the_pilot_stay_below_the_cap(server: MeteredServer, tmp_path: Path):
    with pytest.raises(BudgetExceeded, match=r"budget\.tokens=3000"):
        foresee([config(tmp_path, server, "mem0", "pilot=2", "budget.tokens=3000")], quiet)
    assert 3000 <= server.spent.prompt_tokens + server.spent.completion_tokens < 4500


def test_a_half_finished_run_is_told_only_its_rest(server: MeteredServer, tmp_path: Path):
    whole = foresee([config(tmp_path, server, "langmem")], quiet)
    run(config(tmp_path, server, "langmem", "budget.tokens=12000"))
    server.reset()
    rest = foresee([config(tmp_path, server, "langmem")], quiet)
    server.reset()
    run(config(tmp_path, server, "langmem"))
    assert near(asked(rest).calls, server.spent.calls, 0.15)
    assert asked(rest).calls < asked(whole).calls


@pytest.mark.parametrize("pilot", [-1, "x", True])
def test_a_wrong_pilot_is_one_line(tmp_path: Path, pilot: Any):
    with pytest.raises(ConfigError, match="pilot: expected a number of conversations"):
        foresee([{**config(tmp_path, None, "rag"), "pilot": pilot}], quiet)


def test_a_scripted_model_of_this_process_foretells_itself(tmp_path: Path):
    overrides = ["experiment=tiny", "system=rag", "llm=mock", "answerer=llm", "judge=llm_generous", "metrics.which=[]"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = plain(compose("config", [*overrides, f"out={tmp_path}", "latency.questions=4"]))
    forecast = foresee([made], quiet)
    run(made)
    rows = json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))["ledger_rows"]
    assert asked(forecast).calls + sum(p.kept.calls for p in forecast.jobs[0].phases) == sum(r["calls"] for r in rows)


def test_a_prompt_that_does_not_fit_is_a_trouble_of_the_forecast(tmp_path: Path):
    made = foresee([config(tmp_path, None, "full_context", "probe=false", "llm.context_window=300")], quiet)
    assert any("llm.long_prompt=cut" in trouble for trouble in made.jobs[0].troubles)
    cut = config(tmp_path, None, "full_context", "probe=false", "llm.context_window=300", "llm.long_prompt=cut")
    answers = next(phase for phase in foresee([cut], quiet).jobs[0].phases if phase.phase == "answer")
    assert 0 < answers.asked.prompt_tokens <= 300 * answers.asked.calls


def test_times_of_calls_and_of_many_at_once():
    calls = [Timed(prompt, reply, 0.2 + 0.01 * reply) for prompt, reply in ((100, 5), (900, 50), (500, 10), (300, 1))]
    time = fitted(calls)
    assert time.measured and time.seconds(10, 5000, 100) == pytest.approx(3.0, rel=0.02)
    assert fitted([]) == CallTime() and not CallTime().measured
    assert side_by_side([3, 1, 1, 1], 2) == 3 and side_by_side([1, 1, 4], 1) == 6 and side_by_side([], 4) == 0
    limits = CallLimits.of({"concurrency": 8, "tokens_per_minute": 1000, "requests_per_minute": 60})
    assert limits.least_seconds(10, 5000) == 300 and limits.least_seconds(600, 100) == 600


def test_waits_at_once_are_those_of_all_over_those_of_any(monkeypatch: pytest.MonkeyPatch):
    """Two calls wait for two seconds together, then one for one; the work between them counts nowhere."""
    clock = iter([0.0, 0.5, 2.0, 2.5, 100.0, 101.0])
    monkeypatch.setattr("eval.stages.forecast.overlap.time.monotonic", lambda: next(clock))
    overlap = Overlap()
    with overlap.waiting(), overlap.waiting():
        pass
    with overlap.waiting():
        pass
    assert overlap.at_once == pytest.approx((2.5 + 1.5 + 1.0) / (2.5 + 1.0)) and Overlap().at_once == 1.0


def test_calls_begun_early_count_as_made_at_once(tmp_path: Path):
    """mem0 asks for the facts of all exchanges before it decides on any: more than one call waits at a time."""
    assert _at_once(ForecastBench(config(tmp_path, None, "mem0"), Command())) > 2


def test_a_probe_asks_short_and_long_requests():
    samples = Samples()
    for length in (1, 9, 3, 7, 5, 2, 8, 4, 6, 10):
        request = Request((Message("user", "word " * length),))
        samples(Purpose("ingest", "memory", "m"), request, Completion("", "m", Usage(1, length, 1)))
    (tried,) = samples.of("m").values()
    assert [len(request.messages[0].content.split()) for request in tried] == [2, 4, 6, 8, 10]


def test_models_that_answer_and_judge_are_asked_beside_one_another(tmp_path: Path):
    """One model's answers and verdicts share its calls under way; those of two models do not wait for one another."""
    one = foresee([config(tmp_path, None, "rag", "probe=false")], quiet)
    two = foresee([config(tmp_path, None, "rag", "probe=false", "judge/llm=openai", "judge.llm.model=gpt-4.1")], quiet)
    assert one.jobs[0].untimed_s and two.jobs[0].untimed_s and two.jobs[0].untimed_s < one.jobs[0].untimed_s


def test_the_rate_limit_bounds_the_hours(tmp_path: Path):
    free = foresee([config(tmp_path, None, "rag", "probe=false")], quiet)
    bound = foresee([config(tmp_path, None, "rag", "probe=false", "llm.tokens_per_minute=1000")], quiet)
    tokens = sum(
        phase.asked.prompt_tokens + phase.asked.completion_tokens
        for phase in bound.jobs[0].phases
        if phase.model == "gpt-4o-mini"
    )
    assert bound.seconds and free.seconds and bound.seconds >= 60 * tokens / 1000 > free.seconds


def test_repeated_answers_are_foretold(tmp_path: Path):
    def calls(*more: str) -> dict[str, int]:
        made = foresee([config(tmp_path, None, "rag", "probe=false", "latency.questions=0", *more)], quiet)
        return {phase.phase: phase.asked.calls for phase in made.jobs[0].phases}

    once, thrice = calls(), calls("repeats=3")
    assert thrice["embeddings"] == once["embeddings"]
    assert (
        thrice["answer"] == once["answer"] + 2 * 60 and thrice["judge llm_generous"] > 2.9 * once["judge llm_generous"]
    )


def test_rehearsals_are_deterministic(tmp_path: Path):
    def counted() -> dict[Any, Any]:
        bench = ForecastBench(config(tmp_path, None, "zep"), Command())
        rehearse(bench, bench.place, latency=False)  # prompts of the latency pass carry a salt
        return {purpose: counts.asked for purpose, counts in bench.tally.by_purpose().items()}

    assert counted() == counted()


def test_the_stand_in_bears_the_providers_name_and_limits(tmp_path: Path):
    provider = OpenAIChat(OpenAIChat.Config(api_key_env=None, base_url="http://127.0.0.1:9/v1"))
    stand_in = StandIn(provider, tokenizer_of(provider.name))
    assert stand_in.identity() == provider.identity() and stand_in.name == "gpt-4o-mini"
    seen: list[Any] = []
    bench = ForecastBench(
        config(tmp_path, None, "memos"),
        Command(),
        observe=lambda purpose, request, reply: seen.append((request, reply)),
    )
    rehearse(bench, bench.place, most_questions=1)
    for request, reply in seen:
        assert reply.usage.prompt_tokens > 0 and (reply.text, reply.tool_calls) == reply_to(request)
    assert {form_of(request) for request, _ in seen} == {"memories", "text"}
