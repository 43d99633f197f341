"""``repeats=3``: further runs of answers over the same contexts, their spread, and what they leave alone."""

from __future__ import annotations

import json
import re

import pytest

from eval.experiments.benchmark.experiment import finish, run
from eval.report.tables import repeats_table
from eval.runs.format.files import check_folder
from eval.runs.read import load_run
from eval.stages.bench import Bench
from memos.errors import ConfigError
from memos.llm.base import Request
from memos.llm.mock import MockLLM
from memos.llm.resampled import Resampled
from memos.types import Message

ONE_JUDGE = ("latency.questions=0", "~judge@also_judges.strict")


def wavering(request: Request) -> str:
    """A model whose answer, and whose verdict on it, depends on the sample."""
    text = request.messages[-1].content
    if "JSON object" in text or "JSON with" in text:
        good = re.search(r"answer (\d+)", text)
        said = int(good[1]) if good else 0
        return json.dumps({"label": "CORRECT" if (said + request.sample_index) % 3 else "WRONG"})
    return f"answer {len(text) % 5 + request.sample_index // 1000}"


WAVERING = ("llm=mock", f"llm.function={__name__}:wavering")


def test_further_runs_have_their_own_answers_and_leave_the_first_alone(made, tmp_path):
    once = made(*ONE_JUDGE, *WAVERING, out=tmp_path / "once")
    thrice = made(*ONE_JUDGE, *WAVERING, "repeats=3", out=tmp_path / "thrice")
    assert once.run()["code"] == thrice.run()["code"] == 0
    assert once.folder.name == thrice.folder.name, "repeats change no answer of the first run"
    assert [line["answer"] for line in once.lines("answers")] == [line["answer"] for line in thrice.lines("answers")]
    for number in (1, 2):
        again = {(r["sample_id"], r["qa_index"]): r["answer"] for r in thrice.lines(f"repeats/answers-{number}")}
        assert len(again) == once.summary["n"]
        assert all(again[line["sample_id"], line["qa_index"]] != line["answer"] for line in thrice.lines("answers"))
    assert check_folder(thrice.folder) == [] and "repeats" not in once.summary
    same = ("metrics", "judged", "failed", "by_category")
    assert {name: once.summary[name] for name in same} == {name: thrice.summary[name] for name in same}


def test_the_summary_tells_the_spreads_apart(made):
    thrice = made(*ONE_JUDGE, *WAVERING, "repeats=3")
    thrice.run()
    repeats, n = thrice.summary["repeats"], thrice.summary["n"]
    assert (repeats["runs"], repeats["failed"]) == (3, 0)
    judge = repeats["metrics"]["judge_llm_generous"]
    assert judge["scores"][0] == pytest.approx(thrice.summary["metrics"]["judge_llm_generous"]["mean"])
    for number in (1, 2):
        (path,) = thrice.folder.glob(f"repeats/judge_*-{number}.jsonl")
        runs = [json.loads(line)["runs"] for line in path.read_text().splitlines()]
        assert judge["scores"][number] == pytest.approx(sum(own.count("correct") / 3 for own in runs) / n)
    assert judge["sd_judge"] > 0 and judge["se_conversations"] is None, "two conversations only"
    assert {"f1_mem0", "judge_llm_generous"} <= repeats["metrics"].keys() and "memory_words" not in repeats["metrics"]
    once = Bench({**thrice.config, "repeats": 1})
    calls = thrice.summary["ledger"]["answer"]["calls"]
    assert calls == 3 * n and once.fingerprint == Bench(thrice.config).fingerprint


def test_it_resumes_and_then_is_up_to_date(made):
    twice = made(*ONE_JUDGE, *WAVERING, "repeats=2")
    twice.run()
    before = twice.summary
    assert "up to date" in run(twice.config)["message"]
    path = next(twice.folder.glob("repeats/answers-1.jsonl"))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:5]))
    outcome = run(twice.config)
    assert "finished" in outcome["message"] and outcome["code"] == 0
    assert twice.summary["repeats"] == before["repeats"]
    more = {**twice.config, "repeats": 3}
    assert "finished" in run(more)["message"] and twice.summary["repeats"]["runs"] == 3
    load_run(twice.folder)


def test_a_failed_repeat_is_no_success(made):
    failing = made(*ONE_JUDGE, "llm=mock", f"llm.function={__name__}:sometimes", "repeats=2")
    outcome = failing.run()
    failed = failing.summary["repeats"]["failed"]
    assert failing.summary["failed"] == 0 and failed >= 1
    assert outcome["code"] == 2 and f"repeats: {failed}" in outcome["message"]
    assert run(failing.config)["code"] == 0 and failing.summary["repeats"]["failed"] == 0, "the same command retries"


def sometimes(request: Request) -> str:
    """Fails on one question of the second run."""
    if request.sample_index >= 1000:
        sometimes.asked = getattr(sometimes, "asked", 0) + 1
        if sometimes.asked == 1:
            from memos.llm.retry import Rejected

            raise Rejected("no")
    return wavering(request)


def test_a_table_shows_the_parts(made, tmp_path):
    thrice = made(*ONE_JUDGE, *WAVERING, "repeats=3", out=tmp_path / "out")
    outcome = thrice.run()
    assert repeats_table([{**thrice.summary, "repeats": None}]) is None
    finish(tmp_path / "out", "tiny", [outcome], draw=False)
    text = (tmp_path / "out" / "tables" / "tiny_repeats.md").read_text()
    mean = 100 * thrice.summary["repeats"]["metrics"]["judge_llm_generous"]["mean"]
    assert f"{mean:.2f}" in text and "conversations" in text


@pytest.mark.parametrize(
    ("overrides", "says"), [(("repeats=0",), "from 1 on"), (("repeats=2", "answerer=reader"), "the same answer")]
)
def test_what_cannot_be_repeated_is_refused(made, overrides, says):
    with pytest.raises(ConfigError, match=says):
        made(*ONE_JUDGE, *overrides)


def test_a_repeat_is_another_sample_of_the_same_model():
    model = MockLLM(function=lambda request: str(request.sample_index))
    again = Resampled(model, 2)
    request = Request((Message("user", "hi"),), sample_index=3)
    assert again.complete(request).text == "2003" and again.identity() == dict(model.identity())
    assert [reply.text for _, reply in again.complete_many([request, request])] == ["2003", "2003"]
